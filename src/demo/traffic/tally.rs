//! What the simulated clients saw.

use super::client::Told;
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

/// How many failures are remembered in words.
const FAULTS_KEPT: usize = 3;

/// Answers and labels so far.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(in crate::demo) struct Counts {
    /// Requests answered with 200.
    pub(in crate::demo) served: u64,
    /// Requests answered with anything else, or not at all.
    pub(in crate::demo) failed: u64,
    /// Answers by the version that gave them.
    pub(in crate::demo) by_version: BTreeMap<u64, u64>,
    /// Labels that were joined to their request.
    pub(in crate::demo) labels: u64,
    /// Labels that came while no rollout waited for any.
    pub(in crate::demo) labels_unwanted: u64,
    /// Labels that were refused, or given up.
    pub(in crate::demo) labels_lost: u64,
    /// The first failures, in words.
    pub(in crate::demo) faults: Vec<String>,
}

impl Counts {
    /// Answers by one version.
    pub(in crate::demo) fn of(&self, version: u64) -> u64 {
        self.by_version.get(&version).copied().unwrap_or(0)
    }

    /// What came after `earlier`, without its faults.
    pub(in crate::demo) fn since(&self, earlier: &Self) -> Self {
        let by_version = self.by_version.keys();
        let by_version =
            by_version.map(|version| (*version, self.of(*version) - earlier.of(*version)));
        Self {
            served: self.served - earlier.served,
            failed: self.failed - earlier.failed,
            by_version: by_version.filter(|(_, count)| *count > 0).collect(),
            labels: self.labels - earlier.labels,
            labels_unwanted: self.labels_unwanted - earlier.labels_unwanted,
            labels_lost: self.labels_lost - earlier.labels_lost,
            faults: Vec::new(),
        }
    }

    /// The version that gave every answer; none where there were several, or no answer.
    pub(in crate::demo) fn only_version(&self) -> Option<u64> {
        let mut versions = self.by_version.keys();
        versions.next().copied().filter(|_| versions.next().is_none())
    }

    fn fault(&mut self, fault: String) {
        if self.faults.len() < FAULTS_KEPT {
            self.faults.push(fault);
        }
    }
}

/// Counts, shared by all requests in flight.
#[derive(Debug, Default)]
pub(super) struct Tally(Mutex<Counts>);

impl Tally {
    pub(super) fn counts(&self) -> Counts {
        self.change(|counts| counts.clone())
    }

    pub(super) fn served(&self, version: u64) {
        self.change(|counts| {
            counts.served += 1;
            *counts.by_version.entry(version).or_default() += 1;
        });
    }

    pub(super) fn failed(&self, fault: &str) {
        self.change(|counts| {
            counts.failed += 1;
            counts.fault(format!("request: {fault}"));
        });
    }

    pub(super) fn told(&self, told: Told) {
        self.change(|counts| match told {
            Told::Joined => counts.labels += 1,
            Told::Unwanted => counts.labels_unwanted += 1,
        });
    }

    pub(super) fn label_lost(&self, fault: &str) {
        self.change(|counts| {
            counts.labels_lost += 1;
            counts.fault(format!("label: {fault}"));
        });
    }

    fn change<T>(&self, with: impl FnOnce(&mut Counts) -> T) -> T {
        with(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_difference_tells_who_answered_meanwhile() {
        let tally = Tally::default();
        tally.served(4);
        let before = tally.counts();
        assert_eq!(before.only_version(), Some(4));
        tally.served(1);
        tally.failed("gone");
        let meanwhile = tally.counts().since(&before);
        assert_eq!((meanwhile.served, meanwhile.failed), (1, 1));
        assert_eq!(meanwhile.only_version(), Some(1));
        assert_eq!(tally.counts().only_version(), None);
    }

    #[test]
    fn only_the_first_faults_are_kept_and_all_are_counted() {
        let tally = Tally::default();
        (0..10).for_each(|number| tally.label_lost(&number.to_string()));
        let counts = tally.counts();
        assert_eq!((counts.labels_lost, counts.faults.len()), (10, FAULTS_KEPT));
    }
}
