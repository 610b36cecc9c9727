//! The integer counters on which verdicts are computed. Owns no judgement: `judge` does that.

#[cfg(test)]
mod merging;
mod met;
mod outcome;
mod paired;
mod predictions;
mod shadow;
mod slices;
mod starts;
mod stratum;
pub mod values;

pub use met::{Buckets, Met};
pub use outcome::Outcome;
pub use paired::{LabelledPairs, LatencyPairs, PairedCounts};
pub use predictions::Predictions;
pub use shadow::{CompareCount, Example, MirrorCounts, PairCount, ShadowCounts};
pub use slices::{Labels, SliceCounts, Slices};
pub use starts::{Frozen, Outcomes, Start, Starts, Sums};
pub use stratum::GateStratum;
pub use values::{MaturedValues, Unmade};

use crate::exposure::Exposure;
use crate::split::Arm;
use seatrial_analysis::counts::{self, ArmHistogram, Cells};
use seatrial_analysis::kpi;
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

    /// Whether nothing was counted.
    pub const fn is_none(&self) -> bool {
        self.total() == 0
    }

    /// Both arms.
    pub const fn total(self) -> u64 {
        self.candidate + self.incumbent
    }
}

/// What was counted in one stratum of a gate: every unit once, on the arm it was assigned to. A unit
/// is in one of three states: its window is open, or over without its answers, or it is counted.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct GateCounts {
    /// Units whose window is over and that were answered: every counter below is of these.
    pub units: ArmCount,
    /// Of these, those whose process was killed with a request of theirs: bad, on either arm
    /// (docs/adr/0019).
    #[serde(default, skip_serializing_if = "ArmCount::is_none")]
    pub lost: ArmCount,
    /// Units whose window is over and that had no answer when they were told last.
    #[serde(default)]
    pub unanswered: ArmCount,
    /// Units whose window is not over: their outcome is not due, on either arm.
    #[serde(default)]
    pub open: ArmCount,
    /// Of the open ones, those with a request under way.
    #[serde(default)]
    pub waiting: ArmCount,
    /// Bad: an error, a late answer, or a candidate's fallback.
    pub errors: Cells,
    /// Over the standard edges; errors and late answers are in the worst bucket.
    pub latency: ArmHistogram,
    /// Labelled units by metric; bad is as the check's `better` says: here bad = value false (0).
    pub feedback: BTreeMap<String, Cells>,
    /// By metric, the units whose label is no longer waited for.
    #[serde(default)]
    pub matured: BTreeMap<String, Matured>,
    /// By metric, labels that came after their unit had been counted: they changed nothing.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub late: BTreeMap<String, ArmCount>,
    /// The same units by the plan's live slices.
    #[serde(default, skip_serializing_if = "Slices::is_empty")]
    pub slices: Slices,
    /// By metric of kind KPI, units and their values, counted by the metric's reference.
    #[serde(default)]
    pub values: BTreeMap<String, kpi::Counts>,
    /// By metric of kind KPI, the units whose value is no longer waited for.
    #[serde(default)]
    pub matured_values: BTreeMap<String, MaturedValues>,
    /// By check of kind drift, answered units by the outcome of their answer.
    #[serde(default)]
    pub predictions: BTreeMap<String, Predictions>,
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
    /// Every unit that was told of as routed, whatever became of it. Of a killed process those are the
    /// units up to its last flush: which ones are found lost besides depends on what killed it.
    pub const fn assigned(&self) -> ArmCount {
        let Self { units, lost, unanswered, open, .. } = self;
        let candidate = units.candidate.saturating_sub(lost.candidate);
        let incumbent = units.incumbent.saturating_sub(lost.incumbent);
        ArmCount {
            candidate: candidate + unanswered.candidate + open.candidate,
            incumbent: incumbent + unanswered.incumbent + open.incumbent,
        }
    }

    /// What is left of counts whose process has ended: an open window is cut and is no evidence, but
    /// a request that was under way is an answer that never came.
    pub fn cut(&mut self) {
        self.unanswered.merge(self.waiting);
        self.open.candidate = self.open.candidate.saturating_sub(self.waiting.candidate);
        self.open.incumbent = self.open.incumbent.saturating_sub(self.waiting.incumbent);
        self.waiting = ArmCount::default();
        self.slices.0.values_mut().flat_map(BTreeMap::values_mut).for_each(SliceCounts::cut);
    }

    /// Counts what a unit's answer says, in all and in its slices, for each check that watches it: the
    /// check's name and the outcome.
    pub fn predicted(&mut self, arm: Arm, labels: &Labels, told: &[(&str, String)]) {
        for (check, outcome) in told {
            self.predictions.entry((*check).to_owned()).or_default().count(outcome, arm);
            for (column, value) in labels {
                let predictions = &mut self.slices.of(column, value).predictions;
                predictions.entry((*check).to_owned()).or_default().count(outcome, arm);
            }
        }
    }

    /// Adds another gateway's, or an earlier process's, counts of the same gate. A histogram that
    /// was never counted in has no buckets, and fits any other.
    ///
    /// Errors: [`counts::Error::Buckets`] when histograms have other edges; nothing is added.
    pub fn merge(&mut self, other: &Self) -> Result<(), counts::Error> {
        let mut sum = self.clone();
        sum.add_histograms(other)?;
        sum.units.merge(other.units);
        sum.lost.merge(other.lost);
        sum.unanswered.merge(other.unanswered);
        sum.open.merge(other.open);
        sum.waiting.merge(other.waiting);
        sum.errors.merge(&other.errors);
        for (metric, cells) in &other.feedback {
            sum.feedback.entry(metric.clone()).or_default().merge(cells);
        }
        for (metric, matured) in &other.matured {
            sum.matured.entry(metric.clone()).or_default().merge(matured);
        }
        for (metric, late) in &other.late {
            sum.late.entry(metric.clone()).or_default().merge(*late);
        }
        for (check, predictions) in &other.predictions {
            sum.predictions.entry(check.clone()).or_default().merge(predictions);
        }
        sum.slices.merge(&other.slices)?;
        *self = sum;
        Ok(())
    }

    fn add_histograms(&mut self, other: &Self) -> Result<(), counts::Error> {
        let uncounted = ArmHistogram::default();
        if self.latency == uncounted {
            self.latency.clone_from(&other.latency);
        } else if other.latency != uncounted {
            self.latency.merge(&other.latency)?;
        }
        for (metric, values) in &other.values {
            self.values.entry(metric.clone()).or_default().merge(values)?;
        }
        for (metric, matured) in &other.matured_values {
            self.matured_values.entry(metric.clone()).or_default().merge(matured)?;
        }
        Ok(())
    }
}

/// All that is known of one rollout's live traffic.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Evidence {
    pub gates: BTreeMap<GateStratum, GateCounts>,
    pub shadow: ShadowCounts,
    /// The largest log e-value against the candidate that any look has found, by check.
    #[serde(default)]
    pub maxima: BTreeMap<String, f64>,
    /// What had been counted when each window began; empty where nobody looked at live traffic yet.
    #[serde(default, skip_serializing_if = "Starts::is_empty")]
    pub starts: Starts,
    /// By metric of kind KPI, what its values are counted by, once that is frozen.
    #[serde(default)]
    pub references: BTreeMap<String, kpi::Reference>,
    /// By metric of kind KPI without one, the values that are to make it.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub unmade: BTreeMap<String, Unmade>,
}

impl Evidence {
    /// The strata of one gate.
    pub fn of_gate(&self, gate: GateIndex) -> impl Iterator<Item = (&GateStratum, &GateCounts)> {
        self.gates.range(gate.unseen()..=gate.after(Exposure::KNOWN))
    }

    /// Leaves no more values of a slice than are told apart ([`Slices::bounded`], with its errors).
    pub fn bound_slices(&mut self) -> Result<(), counts::Error> {
        for counts in self.gates.values_mut() {
            counts.slices = std::mem::take(&mut counts.slices).bounded()?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cut_window_is_no_evidence_and_a_request_that_was_under_way_never_answered() {
        let open = ArmCount { candidate: 5, incumbent: 9 };
        let waiting = ArmCount { candidate: 2, incumbent: 1 };
        let mut gate = GateCounts { open, waiting, ..GateCounts::default() };
        let assigned = gate.assigned();
        gate.slices.of("client", "mobile").waiting = waiting;
        gate.cut();
        assert_eq!(gate.slices.of("client", "mobile").unanswered, waiting);
        assert_eq!((gate.unanswered, gate.waiting), (waiting, ArmCount::default()));
        assert_eq!((gate.open.candidate, gate.open.incumbent), (3, 8));
        assert_eq!(gate.assigned(), assigned);
    }

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
