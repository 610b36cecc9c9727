//! What had been counted when each window of the late-fault test began.
//!
//! Owns the windows of one rollout: the first begins at the first look at live traffic, the others at
//! the first look in their time ([`late::window_at`]). A look's time is settled before what it sees,
//! and a start never changes once it is stored: so each is a bet made beforehand. Sums are kept, not
//! what each window counted: replicas that report late are then counted since, and nothing twice.
//!
//! Owns also the bound on what is stored: at most [`late::WINDOWS`] starts, each with the strata whose
//! counts are others than at the start before, latencies by the buckets that were met, and of slices
//! the values that the plan enforces.

mod frozen;

use super::{Evidence, GateIndex, GateStratum};
use crate::Timestamp;
use crate::plan::Analysis;
pub use frozen::{Frozen, Outcomes};
use seatrial_analysis::late;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Windows by number; at most [`late::WINDOWS`]. Stored as what each start tells anew.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Starts(BTreeMap<u8, Sums>);

/// The sums when one window began, and when that was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sums {
    pub at: Timestamp,
    /// One that did not change between two starts is shared by them.
    pub gates: BTreeMap<GateStratum, Arc<Outcomes>>,
}

/// One window's start as it is stored: strata that are not told are as at the start before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Start {
    pub at: Timestamp,
    pub gates: BTreeMap<GateStratum, Outcomes>,
}

impl Starts {
    /// Whether no window began.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// A window's start as it was stored, after those of all windows before it. One that is known
    /// already stays.
    pub fn insert(&mut self, window: u8, start: Start) {
        let before = self.0.range(..window).next_back();
        let mut gates = before.map(|(_, sums)| sums.gates.clone()).unwrap_or_default();
        gates.extend(start.gates.into_iter().map(|(of, outcomes)| (of, Arc::new(outcomes))));
        self.0.entry(window).or_insert(Sums { at: start.at, gates });
    }

    /// The windows that began, in their order.
    pub fn numbers(&self) -> impl DoubleEndedIterator<Item = u8> {
        self.0.keys().copied()
    }

    /// Oldest first.
    pub fn iter(&self) -> impl Iterator<Item = &Sums> {
        self.0.values()
    }

    /// The starts of one slice's units, as if there had been no others. A start of an earlier version,
    /// which kept no slices, is none.
    #[must_use]
    pub fn of_slice(&self, column: &str, value: &str) -> Self {
        let of_slice = |(of, outcomes): (&GateStratum, &Arc<Outcomes>)| {
            Some((*of, Arc::new(outcomes.of_slice(column, value)?)))
        };
        let sums = |(window, sums): (&u8, &Sums)| {
            let gates = sums.gates.iter().map(of_slice).collect::<Option<_>>()?;
            Some((*window, Sums { at: sums.at, gates }))
        };
        Self(self.0.iter().filter_map(sums).collect())
    }

    /// The starts after `known`; none if these are not the first ones.
    #[must_use]
    pub fn after(&self, known: &Self) -> Option<Self> {
        let first = self.0.iter().zip(&known.0).all(|(one, other)| one == other);
        let later = self.0.iter().skip(known.0.len());
        (first && known.0.len() <= self.0.len())
            .then(|| Self(later.map(|(window, sums)| (*window, sums.clone())).collect()))
    }

    /// Without the strata of later gates than `gate`.
    #[must_use]
    pub fn up_to(&self, gate: GateIndex) -> Cow<'_, Self> {
        let within =
            |sums: &Sums| sums.gates.last_key_value().is_none_or(|(last, _)| last.gate <= gate);
        if self.iter().all(within) {
            return Cow::Borrowed(self);
        }
        let mut starts = self.clone();
        starts.0.values_mut().for_each(|sums| sums.gates.retain(|of, _| of.gate <= gate));
        Cow::Owned(starts)
    }

    /// The window that `now` is in, if it has not begun and no later one has.
    fn next(&self, now: Timestamp) -> Option<u8> {
        let Some(first) = self.0.values().next() else { return Some(0) };
        let window = u8::try_from(late::window_at(now.since(first.at))).ok()?;
        let (last, _) = self.0.last_key_value()?;
        (window > *last).then_some(window)
    }
}

impl Evidence {
    /// Begins the window that `now` is in, if it is a new one: its number and start, to be stored.
    /// `analysis` says which slices are judged.
    pub fn begin_window(&mut self, now: Timestamp, analysis: &Analysis) -> Option<(u8, Start)> {
        let window = self.starts.next(now)?;
        let last = self.starts.0.last_key_value();
        let known = |of: &GateStratum| last.and_then(|(_, sums)| sums.gates.get(of));
        let mut gates = BTreeMap::new();
        for (of, counts) in &self.gates {
            let outcomes = Outcomes::of(counts, analysis);
            if known(of).is_none_or(|known| **known != outcomes) {
                gates.insert(*of, outcomes);
            }
        }
        let start = Start { at: now, gates };
        self.starts.insert(window, start.clone());
        Some((window, start))
    }
}

/// A start that tells what changed, without copying it.
#[derive(Serialize)]
struct Told<'a> {
    at: Timestamp,
    gates: BTreeMap<GateStratum, &'a Outcomes>,
}

impl Serialize for Starts {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut before: Option<&Sums> = None;
        let told = self.0.iter().map(|(window, sums)| {
            let known = before.replace(sums);
            let is_new = |(of, outcomes): &(&GateStratum, &Arc<Outcomes>)| {
                known.and_then(|known| known.gates.get(of)) != Some(*outcomes)
            };
            let gates = sums.gates.iter().filter(is_new);
            let gates = gates.map(|(of, outcomes)| (*of, &**outcomes)).collect();
            (window, Told { at: sums.at, gates })
        });
        serializer.collect_map(told)
    }
}

impl<'de> Deserialize<'de> for Starts {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut starts = Self::default();
        for (window, start) in BTreeMap::<u8, Start>::deserialize(deserializer)? {
            starts.insert(window, start);
        }
        Ok(starts)
    }
}

#[cfg(test)]
mod tests;
