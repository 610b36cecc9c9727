//! The integer counters on which verdicts are computed. Owns no judgement: `judge` does that.

mod shadow;

pub use shadow::{CompareCount, Example, MirrorCounts, PairCount, ShadowCounts};

use crate::split::Arm;
use seatrial_analysis::counts::{self, ArmHistogram, Cells};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Which constant share a unit was assigned under: 0 is the canary, 1… the ramp's steps, and the
/// one after the last is `stabilizing` (with a holdback).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct GateIndex(pub u8);

/// Units counted on each arm.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ArmCount {
    pub candidate: u64,
    pub incumbent: u64,
}

impl ArmCount {
    /// Counts one more on `arm`.
    pub fn add(&mut self, arm: Arm) {
        match arm {
            Arm::Candidate => self.candidate += 1,
            Arm::Incumbent => self.incumbent += 1,
        }
    }

    /// Takes one back that was counted on `arm`.
    pub fn take_back(&mut self, arm: Arm) {
        match arm {
            Arm::Candidate => self.candidate = self.candidate.saturating_sub(1),
            Arm::Incumbent => self.incumbent = self.incumbent.saturating_sub(1),
        }
    }

    /// Adds another's counts.
    pub fn merge(&mut self, other: Self) {
        self.candidate += other.candidate;
        self.incumbent += other.incumbent;
    }

    /// Both arms.
    pub const fn total(self) -> u64 {
        self.candidate + self.incumbent
    }
}

/// What was counted under one gate: every unit once, on the arm it was assigned to.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct GateCounts {
    /// Units that were answered.
    pub units: ArmCount,
    /// Units that were assigned and have no answer yet, or lost it with their process.
    #[serde(default)]
    pub unanswered: ArmCount,
    /// Bad: an error, a late answer, or a candidate's fallback.
    pub errors: Cells,
    /// Over the standard edges; errors and late answers are in the worst bucket.
    pub latency: ArmHistogram,
    /// Labelled units by metric; bad is as the check's `better` says: here bad = value false (0).
    pub feedback: BTreeMap<String, Cells>,
    /// By metric, the units whose label is no longer waited for.
    #[serde(default)]
    pub matured: BTreeMap<String, Matured>,
}

/// Units old enough for their label of one metric to have come, and those it came for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Matured {
    pub units: ArmCount,
    /// Bad = value false (0).
    pub labels: Cells,
}

impl Matured {
    /// Adds another's counts.
    pub fn merge(&mut self, other: &Self) {
        self.units.merge(other.units);
        self.labels.merge(&other.labels);
    }
}

impl GateCounts {
    /// Every unit that was routed, whatever became of it.
    pub const fn assigned(&self) -> ArmCount {
        ArmCount {
            candidate: self.units.candidate.saturating_add(self.unanswered.candidate),
            incumbent: self.units.incumbent.saturating_add(self.unanswered.incumbent),
        }
    }

    /// Adds another gateway's, or an earlier process's, counts of the same gate. A histogram that
    /// was never counted in has no buckets, and fits any other.
    ///
    /// Errors: [`counts::Error::Buckets`] when the histograms have other edges; nothing is added.
    pub fn merge(&mut self, other: &Self) -> Result<(), counts::Error> {
        let uncounted = ArmHistogram::default();
        if self.latency == uncounted {
            self.latency.clone_from(&other.latency);
        } else if other.latency != uncounted {
            self.latency.merge(&other.latency)?;
        }
        self.units.merge(other.units);
        self.unanswered.merge(other.unanswered);
        self.errors.merge(&other.errors);
        for (metric, cells) in &other.feedback {
            self.feedback.entry(metric.clone()).or_default().merge(cells);
        }
        for (metric, matured) in &other.matured {
            self.matured.entry(metric.clone()).or_default().merge(matured);
        }
        Ok(())
    }
}

/// All that is known of one rollout's live traffic.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Evidence {
    pub gates: BTreeMap<GateIndex, GateCounts>,
    pub shadow: ShadowCounts,
    /// The largest log e-value against the candidate that any look has found, by check.
    #[serde(default)]
    pub maxima: BTreeMap<String, f64>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counted(buckets: usize) -> GateCounts {
        let units = ArmCount { candidate: 1, incumbent: 2 };
        GateCounts { units, latency: ArmHistogram::empty(buckets), ..GateCounts::default() }
    }

    #[test]
    fn counts_merge_into_nothing_and_from_nothing() {
        let mut gate = GateCounts::default();
        gate.merge(&counted(3)).unwrap();
        gate.merge(&GateCounts::default()).unwrap();
        gate.merge(&counted(3)).unwrap();
        assert_eq!(gate.units.total(), 6);
        assert_eq!(gate.latency.check(3), Ok(()));
    }

    #[test]
    fn counts_on_other_edges_are_refused_whole() {
        let mut gate = counted(3);
        assert!(gate.merge(&counted(4)).is_err());
        assert_eq!(gate, counted(3));
    }
}
