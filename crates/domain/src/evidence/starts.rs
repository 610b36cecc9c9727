//! What had been counted when each window of the late-fault test began.
//!
//! Owns the windows of one rollout: the first begins at the first look at live traffic, the others at
//! the first look in their time ([`late::window_at`]). A look's time is settled before what it sees,
//! and a start never changes once it is stored: so each is a bet made beforehand. Sums are kept, not
//! what each window counted: replicas that report late are then counted since, and nothing twice.

use super::{Evidence, GateCounts, GateStratum};
use crate::Timestamp;
use seatrial_analysis::{Cells, late};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Windows by number; at most [`late::WINDOWS`].
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Starts(BTreeMap<u8, Start>);

/// The sums when one window began, and when that was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Start {
    pub at: Timestamp,
    pub gates: BTreeMap<GateStratum, Outcomes>,
}

/// Units of one stratum by their yes-or-no outcomes, as in [`GateCounts`].
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Outcomes {
    pub errors: Cells,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub feedback: BTreeMap<String, Cells>,
}

impl Starts {
    /// Whether no window began.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// A window's start as it was stored. One that is known already stays.
    pub fn insert(&mut self, window: u8, start: Start) {
        self.0.entry(window).or_insert(start);
    }

    /// Oldest first.
    pub fn iter(&self) -> impl Iterator<Item = &Start> {
        self.0.values()
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
    pub fn begin_window(&mut self, now: Timestamp) -> Option<(u8, Start)> {
        let window = self.starts.next(now)?;
        let outcomes = |counts: &GateCounts| Outcomes {
            errors: counts.errors,
            feedback: counts.feedback.clone(),
        };
        let gates = self.gates.iter().map(|(stratum, counts)| (*stratum, outcomes(counts)));
        let start = Start { at: now, gates: gates.collect() };
        self.starts.insert(window, start.clone());
        Some((window, start))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence::GateIndex;
    use std::time::Duration;

    #[test]
    fn windows_begin_in_their_time_and_keep_the_sums_they_began_with() {
        let mut evidence = Evidence::default();
        let at = |minutes: u64| Timestamp::default().plus(Duration::from_secs(60 * minutes));
        let began = |evidence: &mut Evidence, minutes| {
            evidence.begin_window(at(minutes)).map(|(window, _)| window)
        };
        assert_eq!(began(&mut evidence, 100), Some(0));
        evidence.gates.entry(GateIndex(0).unseen()).or_default().errors.candidate_bad = 3;
        assert_eq!([100, 159].map(|minutes| began(&mut evidence, minutes)), [None, None]);
        // Two hours nobody looked: the window between them never begins.
        assert_eq!(began(&mut evidence, 225), Some(2));
        assert_eq!([170, 50, 225].map(|minutes| began(&mut evidence, minutes)), [None; 3]);
        let sums: Vec<u64> = evidence
            .starts
            .iter()
            .map(|start| start.gates.values().map(|it| it.errors.candidate_bad).sum())
            .collect();
        assert_eq!(sums, [0, 3]);
        let stored = serde_json::to_string(&evidence.starts).unwrap();
        assert_eq!(serde_json::from_str::<Starts>(&stored).unwrap(), evidence.starts);
    }
}
