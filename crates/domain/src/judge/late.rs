//! Faults that begin late: what each test keeps of the starts of the windows.
//!
//! Owns that it is worked out once for each start. A start never changes, so what all of them change in
//! a test is a few numbers, and a look costs what it did without them. They are a function of the
//! evidence, so keeping them changes no verdict: they are made anew wherever its references or first
//! starts are others.

use super::look::Look;
use super::prepared::{Prepared, Scope};
use super::slices::Slices;
use crate::evidence::{Evidence, ShadowCounts, Starts};
use seatrial_analysis::{counts, kpi, late, latency};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

/// What one test keeps of the starts.
#[derive(Debug, Clone)]
pub(super) enum Since {
    /// Of errors, labels and numbers.
    Rows(late::Since),
    Latency(latency::Since),
    /// Of answers, which are no rows: the counts themselves.
    Drift(Vec<super::drift::Before>),
}

/// What every test keeps, by the name it reports under. Tests that are not here know no windows.
#[derive(Debug, Default)]
pub(super) struct Begun(BTreeMap<String, Result<Since, counts::Error>>);

/// What was kept last.
#[derive(Debug, Default)]
pub(super) struct Kept(Mutex<Option<(Key, Arc<Begun>)>>);

/// What it was made from, beside the plan.
#[derive(Debug, Clone)]
struct Key {
    starts: Starts,
    latency: Vec<u64>,
    references: BTreeMap<String, kpi::Reference>,
}

impl Since {
    /// With those of later starts.
    fn and(&self, later: &Self) -> Self {
        match (self, later) {
            (Self::Rows(since), Self::Rows(later)) => Self::Rows(since.and(later)),
            (Self::Latency(since), Self::Latency(later)) => Self::Latency(since.and(later)),
            (Self::Drift(before), Self::Drift(later)) => {
                Self::Drift(before.iter().chain(later).cloned().collect())
            }
            (Self::Rows(_) | Self::Latency(_) | Self::Drift(_), _) => self.clone(),
        }
    }

    pub(super) const fn rows(&self) -> Option<&late::Since> {
        match self {
            Self::Rows(since) => Some(since),
            Self::Latency(_) | Self::Drift(_) => None,
        }
    }

    pub(super) const fn latency(&self) -> Option<&latency::Since> {
        match self {
            Self::Latency(since) => Some(since),
            Self::Rows(_) | Self::Drift(_) => None,
        }
    }

    pub(super) fn drift(&self) -> &[super::drift::Before] {
        match self {
            Self::Drift(before) => before,
            Self::Rows(_) | Self::Latency(_) => &[],
        }
    }
}

impl Begun {
    /// Errors: as of the counts at the starts.
    pub(super) fn of(&self, name: &str) -> Result<Option<&Since>, counts::Error> {
        self.0.get(name).map(|since| since.as_ref().map_err(|error| *error)).transpose()
    }

    /// Of this evidence's starts alone, whatever was counted.
    fn new(checks: &[Prepared], slices: &Slices, look: &Look<'_>) -> Self {
        let mut begun = BTreeMap::new();
        let mut of = |scope: Scope<'_>, look: &Look<'_>| {
            for check in checks.iter().filter(|check| check.weight(scope).is_some()) {
                if let Some(since) = check.since(look).transpose() {
                    begun.insert(scope.named(&check.name), since);
                }
            }
        };
        of(Scope::All, look);
        for (number, label) in slices.enforced() {
            let starts = look.evidence.starts.of_slice(&label.column, &label.value);
            let evidence = Evidence { starts, ..look.evidence.clone() };
            of(Scope::Slice { number, label: &label }, &look.on(&evidence));
        }
        Self(begun)
    }

    /// With those of later starts.
    fn and(&self, later: Self) -> Self {
        let both = |(name, later): (String, Result<Since, counts::Error>)| {
            let since = match self.0.get(&name) {
                Some(Ok(before)) => later.map(|later| before.and(&later)),
                Some(Err(error)) => Err(*error),
                None => later,
            };
            (name, since)
        };
        Self(later.0.into_iter().map(both).collect())
    }
}

impl Kept {
    /// What the tests keep of this evidence's starts.
    pub(super) fn of(&self, checks: &[Prepared], slices: &Slices, look: &Look<'_>) -> Arc<Begun> {
        let Evidence { starts, shadow, references, .. } = look.evidence;
        if starts.is_empty() {
            return Arc::default();
        }
        let starts = starts.up_to(look.gate);
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let known = kept.as_ref().filter(|(key, _)| {
            key.latency == shadow.incumbent_latency && key.references == *references
        });
        let later = known.and_then(|(key, begun)| Some((starts.after(&key.starts)?, begun)));
        let of = |starts: Starts| {
            // Of the evidence, what is asked for beside the starts: references.
            let shadow = ShadowCounts {
                incumbent_latency: shadow.incumbent_latency.clone(),
                ..ShadowCounts::default()
            };
            let (references, none) = (references.clone(), Evidence::default());
            let evidence = Evidence { starts, shadow, references, ..none };
            Begun::new(checks, slices, &look.on(&evidence))
        };
        let begun = match later {
            Some((later, begun)) if later.is_empty() => return Arc::clone(begun),
            Some((later, begun)) => begun.and(of(later)),
            None => of(starts.clone().into_owned()),
        };
        let begun = Arc::new(begun);
        let key = Key {
            starts: starts.into_owned(),
            latency: shadow.incumbent_latency.clone(),
            references: references.clone(),
        };
        *kept = Some((key, Arc::clone(&begun)));
        begun
    }
}
