//! From a plan and its evidence to verdicts: what the statistics say at one look.
//!
//! Owns which evidence each side of a check sees. *Fail* uses every gate so far, stratified by each
//! gate's own share and what its units had shown of their arm before, with the check's weight of alpha. *Pass* uses this gate alone, and every
//! enforced check must reject its margin null now (intersection–union: no correction). Occurrences
//! of one name are one test over the gates they apply in, each gate with its own margin for the
//! pass. A check that a stage replaces keeps its evidence, and is then reported only if it fails.
//!
//! Owns also what is not known yet. For the pass, a unit without an answer is the worst for its arm:
//! bad on the candidate, good on the incumbent. That bounds the e-value of the complete outcomes from
//! below, so a slow candidate never passes on its fast answers; it costs evidence while many are in
//! flight. (Of a ratio of quantiles one bet in twenty, that too few of the incumbent's answers are above an
//! edge, wins by fast ones and is not bounded so.) Labels pass only over units whose label is no longer
//! waited for. The fail takes what has come, and the largest value of any look before.
//!
//! Refuses to remember and to wait: a verdict is recomputed from the evidence it is given, and minimum
//! units and durations are `rollout`'s. No data is never a pass.

mod account;
mod coverage;
mod decide;
mod distinct;
mod drift;
mod fingerprint;
mod histories;
mod kpi;
mod late;
mod latency;
mod look;
mod prepared;
mod reading;
mod seen;
mod shadow;
mod slices;
mod subject;
mod tells;
mod trust;
mod two_outcome;
mod words;

#[cfg(test)]
pub(crate) mod tests;

use crate::Share;
use crate::evidence::{ArmCount, Evidence, GateIndex, ShadowCounts};
use crate::plan::{self, Plan};
use crate::verdict::{AssignmentReport, SampleRatio, Verdict};
use decide::Passes;
pub use fingerprint::fingerprint;
use histories::Histories;
use look::Look;
use prepared::{Prepared, Scope};
use reading::Reading;
use seatrial_analysis::{Alpha, Pi, level, sample_ratio};
pub use shadow::{Compared, Of};
use slices::budget::Budget;
use std::sync::Arc;
use std::time::Duration;
pub use tells::Tells;

/// A plan that makes no tests.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Alpha or a weight is out of range.
    #[error(transparent)]
    Level(#[from] level::Error),
    /// Neither a ratio nor an absolute difference; of latency, neither a ratio nor a limit.
    #[error("check {check} has an empty margin")]
    Margin { check: String },
    /// A margin out of range.
    #[error("check {check} makes no test of two outcomes")]
    TwoOutcome {
        check: String,
        #[source]
        source: seatrial_analysis::two_outcome::Error,
    },
    /// A quantile, limit or ratio out of range.
    #[error("check {check} makes no test of latency")]
    Latency {
        check: String,
        #[source]
        source: seatrial_analysis::latency::Error,
    },
    /// One name is one test: once in a gate, and in all gates on the same counts.
    #[error("check {check} is given twice in a gate, or is another test in another gate")]
    Twice { check: String },
    /// More than the whole of alpha was given away.
    #[error("the weights of all distinct checks sum to {0}, more than 1")]
    Weights(f64),
    /// Slices that leave nothing for the whole, or enforce values they do not name.
    #[error("the slices leave no error budget for the whole, or enforce what they do not name")]
    Slices,
}

/// One rollout's tests, with their grids made once, so that looks are cheap. Tables that depend on the
/// frozen reference are kept from the first look on, and what the windows' starts change from the first
/// look at them: make one judge for each rollout.
#[derive(Debug)]
pub struct Judge {
    /// The share of each gate, `stabilizing` last.
    shares: Vec<Share>,
    histories: Histories,
    checks: Vec<Prepared>,
    coverage: coverage::Test,
    levels: Levels,
    slices: slices::Slices,
    shadow: shadow::Rules,
    /// From the acknowledgement of a routing table until the first of its units can count.
    settling: Duration,
    begun: late::Kept,
    tells: Tells,
}

/// The comparisons on which the shadow's verdict rests, as [`Judge::shadow`] makes them; for those
/// who show them. Makes no tests, so it is cheap.
#[must_use]
pub fn compared(plan: &Plan, counts: &ShadowCounts) -> Vec<Compared> {
    shadow::Rules::new(plan).compared(counts)
}

/// By gate, `stabilizing` last, the probabilities that its strata can have, those of units whose arm is
/// certain left out.
pub(crate) fn chances(plan: &Plan) -> Vec<Vec<Pi>> {
    let shares = shares(plan);
    Histories::new(plan, &shares).chances(&shares).gates
}

/// The probabilities of false decisions that the plan accepts.
#[derive(Debug, Clone, Copy)]
struct Levels {
    fail: Alpha,
    pass: Alpha,
    sample_ratio: Alpha,
}

impl Levels {
    fn new(analysis: &plan::Analysis) -> Result<Self, level::Error> {
        Ok(Self {
            fail: Alpha::new(analysis.alpha)?,
            pass: Alpha::new(analysis.healthy_alpha)?,
            sample_ratio: Alpha::new(analysis.sample_ratio_alpha)?,
        })
    }
}

impl Judge {
    /// Makes the plan's tests, whose verdicts tell everything. Errors: [`Error`], for plans that no policy
    /// makes.
    pub fn new(plan: &Plan) -> Result<Self, Error> {
        Self::that(Tells::Everything, plan)
    }

    /// Makes the plan's tests, whose verdicts tell so much. Errors: as of [`Judge::new`].
    pub fn that(tells: Tells, plan: &Plan) -> Result<Self, Error> {
        let shares = shares(plan);
        let histories = Histories::new(plan, &shares);
        let chances = histories.chances(&shares);
        let budget = Budget::of(&plan.analysis.slices).ok_or(Error::Slices)?;
        let checks = prepared::all(plan, &chances, &budget)?;
        let coverage = coverage::Test::new(&chances.each)?;
        let levels = Levels::new(&plan.analysis)?;
        let slices = slices::Slices::new(&plan.analysis);
        let shadow = shadow::Rules::new(plan);
        let settling = plan.analysis.discard.saturating_add(plan.analysis.unit_window);
        let begun = late::Kept::default();
        Ok(Self {
            shares,
            histories,
            checks,
            coverage,
            levels,
            slices,
            shadow,
            settling,
            begun,
            tells,
        })
    }

    /// All units of a gate, and those before it, as the tests see them.
    fn all_units<'a>(
        &'a self,
        evidence: &'a Evidence,
        gate: GateIndex,
        begun: &'a late::Begun,
    ) -> Look<'a> {
        let (shares, histories) = (self.shares.as_slice(), &self.histories);
        Look { evidence, gate, shares, histories, begun, slice: None, tells: self.tells }
    }

    /// What the evidence says about `gate`: one of the plan's, or the one after the last, which is
    /// `stabilizing`. That one is never passed: it fails, or stays inconclusive. The units are this
    /// gate's; a failing report's counts are those of all gates, any other's those of this gate.
    pub fn gate(&self, evidence: &Evidence, gate: GateIndex) -> Verdict {
        let begun = self.begun(evidence, gate);
        let look = self.all_units(evidence, gate, &begun);
        let read = |check: &Prepared| check.read(&look, self.levels, Scope::All);
        let mut readings: Vec<Reading> = self.checks.iter().filter_map(read).collect();
        let by_slice = self.slices.judge(&self.checks, (&look, self.levels), &readings);
        readings.extend(by_slice.readings);
        let (sample_ratio, assignment) = self.sample_ratio(&look);
        let (coverage, labelled) = self.coverage.judge(&self.checks, &look);
        let passes = if usize::from(gate.0) + 1 < self.shares.len() {
            Passes::unless_voided(sample_ratio, &coverage)
        } else {
            Passes::Voided
        };
        Verdict {
            decision: decide::decision(&readings, passes),
            units: look.units(),
            sample_ratio,
            coverage,
            checks: readings.into_iter().map(|reading| *reading.report).collect(),
            assignment: Some(assignment),
            labelled,
            ranking: by_slice.ranking,
            told_apart: by_slice.told_apart,
        }
    }

    /// What its tests keep of the starts of the evidence's windows.
    fn begun(&self, evidence: &Evidence, gate: GateIndex) -> Arc<late::Begun> {
        let none = late::Begun::default();
        self.begun.of(&self.checks, &self.slices, &self.all_units(evidence, gate, &none))
    }

    /// The latencies, in microseconds and rising, on whose either side answers are told apart: moving
    /// an answer between two of them changes no decision. None: every edge matters.
    pub fn latency_edges(&self) -> Option<Vec<u64>> {
        let each = self.checks.iter().map(Prepared::latency_edges);
        let mut edges: Vec<u64> = each.collect::<Option<Vec<_>>>()?.concat();
        edges.sort_unstable();
        edges.dedup();
        Some(edges)
    }

    /// What the shadow says: one report for each comparison and, where it is told apart, slice. The
    /// units are the pairs of the comparison that has the fewest.
    pub fn shadow(&self, counts: &ShadowCounts) -> Verdict {
        self.shadow.judge(counts)
    }

    /// Of the units assigned, not of those answered: a slow arm is no wrong split.
    fn sample_ratio(&self, look: &Look<'_>) -> (SampleRatio, AssignmentReport) {
        let strata = look.strata(
            |_| true,
            |seen| {
                let ArmCount { candidate, incumbent } = seen.assigned();
                sample_ratio::Assigned { candidate, incumbent }
            },
        );
        let mut units = ArmCount::default();
        for sample_ratio::Assigned { candidate, incumbent } in strata.iter().map(|s| s.counts) {
            units.merge(ArmCount { candidate, incumbent });
        }
        let log_e = sample_ratio::log_e(&strata);
        let alpha = self.levels.sample_ratio;
        let found =
            if alpha.rejects(log_e) { SampleRatio::Mismatch } else { SampleRatio::Plausible };
        (found, AssignmentReport { units, log_e, limit: alpha.log_threshold() })
    }
}

fn shares(plan: &Plan) -> Vec<Share> {
    let stabilizing = plan.stability.holdback.complement();
    plan.gates.iter().map(|gate| gate.share).chain([stabilizing]).collect()
}
