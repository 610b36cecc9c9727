//! Three checks of one policy on the same units: errors, latency and feedback.
//!
//! An error is also the slowest answer and a bad label, so the checks are dependent, as in the
//! product. Each may spend its weight of α.

use super::cell::{Cell, Error, Metric, Question, Shape};
use super::latency::Latency;
use super::outcomes::{Block, Outcomes};
use super::two_outcome::TwoOutcome;
use crate::rng::Rng;
use seatrial_analysis::{ArmHistogram, Cells, Stratum};
use seatrial_domain::split::Arm;

const WEIGHTS: [f64; 3] = [0.4, 0.3, 0.3];
/// The incumbent's median latency, milliseconds, and its rate of bad labels among answers.
const LATENCY_MS: f64 = 20.0;
const BAD_LABELS: f64 = 0.09;

#[derive(Debug)]
pub(super) struct Joint {
    errors: TwoOutcome,
    latency: Latency,
    feedback: TwoOutcome,
}

#[derive(Debug, Clone)]
pub(super) struct Counts {
    errors: Cells,
    latency: ArmHistogram,
    feedback: Cells,
}

impl Joint {
    /// The effect is on errors.
    pub(super) fn new(cell: &Cell, levels: &[f64]) -> Result<Self, Error> {
        if cell.question != Question::Rollback {
            return Err(Error::Unanswered("the joint cell is about rollback"));
        }
        let alike = |metric: Metric, base: f64| {
            let effect = metric.no_effect();
            Cell { metric, base, effect, shape: Shape::LogNormal, ..cell.clone() }
        };
        Ok(Self {
            errors: TwoOutcome::new(cell, Metric::Errors, levels)?,
            latency: Latency::new(&alike(Metric::Latency, LATENCY_MS), levels)?,
            feedback: TwoOutcome::new(
                &alike(Metric::Feedback, BAD_LABELS),
                Metric::Feedback,
                levels,
            )?,
        })
    }

    fn strata<'a, T>(
        strata: &'a [Stratum<Counts>],
        of: impl Fn(&'a Counts) -> T,
    ) -> Vec<Stratum<T>> {
        strata.iter().map(|it| Stratum { pi: it.pi, counts: of(&it.counts) }).collect()
    }
}

impl Outcomes for Joint {
    type Counts = Counts;

    fn none(&self) -> Counts {
        Counts {
            errors: self.errors.none(),
            latency: self.latency.none(),
            feedback: self.feedback.none(),
        }
    }

    fn draw(&self, rng: &mut Rng, arm: Arm, block: Block, into: &mut Counts) {
        let mut fresh = self.errors.none();
        self.errors.draw(rng, arm, block, &mut fresh);
        let worst = self.latency.worst();
        let (failed, labels, buckets) = match arm {
            Arm::Candidate => {
                (fresh.candidate_bad, &mut into.feedback.candidate_bad, &mut into.latency.candidate)
            }
            Arm::Incumbent => {
                (fresh.incumbent_bad, &mut into.feedback.incumbent_bad, &mut into.latency.incumbent)
            }
        };
        *labels += failed;
        buckets.iter_mut().skip(worst).for_each(|count| *count += failed);
        into.errors.merge(&fresh);
        let answered = Block { units: block.units - failed, ..block };
        self.latency.draw(rng, arm, answered, &mut into.latency);
        self.feedback.draw(rng, arm, answered, &mut into.feedback);
    }

    fn merge(&self, from: &Counts, into: &mut Counts) {
        self.errors.merge(&from.errors, &mut into.errors);
        self.latency.merge(&from.latency, &mut into.latency);
        self.feedback.merge(&from.feedback, &mut into.feedback);
    }

    /// The largest of the weighted e-values: one rule for the whole rollout.
    fn log_e(&self, strata: &[Stratum<Counts>]) -> f64 {
        let log_es = [
            self.errors.log_e(&Self::strata(strata, |counts| counts.errors)),
            self.latency.log_e_of(&Self::strata(strata, |counts| &counts.latency)),
            self.feedback.log_e(&Self::strata(strata, |counts| counts.feedback)),
        ];
        let weighted = log_es.iter().zip(WEIGHTS).map(|(log_e, weight)| log_e + weight.ln());
        weighted.fold(f64::NEG_INFINITY, f64::max)
    }

    /// The largest of three, each at the whole level.
    fn z(&self, strata: &[Stratum<Counts>]) -> f64 {
        let errors = self.errors.z(&Self::strata(strata, |counts| counts.errors));
        let latency = self.latency.z(&Self::strata(strata, |counts| counts.latency.clone()));
        let feedback = self.feedback.z(&Self::strata(strata, |counts| counts.feedback));
        errors.max(latency).max(feedback)
    }

    fn values(&self, window: &Counts) -> Option<(f64, f64)> {
        self.errors.values(&window.errors)
    }

    fn threshold(&self) -> f64 {
        self.errors.threshold()
    }

    fn information(&self, pi: f64, level: usize) -> f64 {
        self.errors.information(pi, level)
    }

    fn fixed_horizon(&self, _pi: f64, _alpha: f64) -> Option<f64> {
        None
    }
}
