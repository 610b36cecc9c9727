//! A step's requests counted at once: who was assigned where, how they were answered, how labelled.
//!
//! Owns the counts' law: the arms' counts are binomial, each arm's outcomes multinomial, labels
//! binomial. That is the law of the sums of as many single requests.

use super::labels::{Metric, Waiting};
use super::outcomes::{Counted, Outcomes};
use crate::distribution::binomial;
use crate::rng::Rng;
use seatrial_analysis::{ArmHistogram, Cells};
use seatrial_domain::evidence::{ArmCount, Evidence, GateCounts, GateStratum, Matured};
use seatrial_domain::plan::Better;
use seatrial_domain::split::Arm;

/// Units of one step in one stratum of a gate, and what their answers are counted by.
#[derive(Debug, Clone, Copy)]
pub(super) struct Step<'a> {
    pub(super) of: GateStratum,
    /// The second in which the step ends.
    pub(super) now: u64,
    pub(super) incident: Option<f64>,
    pub(super) arms: &'a Arms,
    pub(super) metrics: &'a [Metric],
}

/// Both versions, prepared for drawing.
#[derive(Debug, Clone)]
pub(super) struct Arms {
    pub(super) incumbent: Outcomes,
    pub(super) candidate: Outcomes,
    /// Probability of a wanted label, by arm.
    pub(super) wanted: [f64; 2],
    /// Part of units with a label.
    pub(super) labelled: f64,
    pub(super) buckets: usize,
}

/// The stratum's counters, with a histogram to count in.
pub(super) fn counters(
    evidence: &mut Evidence,
    of: GateStratum,
    buckets: usize,
) -> &mut GateCounts {
    let counts = evidence.gates.entry(of).or_default();
    if counts.latency == ArmHistogram::default() {
        counts.latency = ArmHistogram::empty(buckets);
    }
    counts
}

impl Step<'_> {
    /// Draws the answers of these units into the evidence; the candidate's.
    pub(super) fn draw(
        &self,
        rng: &mut Rng,
        units: ArmCount,
        (evidence, waiting): (&mut Evidence, &mut Waiting),
    ) -> Counted {
        let counts = counters(evidence, self.of, self.arms.buckets);
        let Arms { incumbent, candidate, .. } = self.arms;
        let latency = &mut counts.latency;
        let new = candidate.draw(rng, (units.candidate, self.incident), &mut latency.candidate);
        let old = incumbent.draw(rng, (units.incumbent, self.incident), &mut latency.incumbent);
        counts.units.merge(units);
        counts.errors.merge(&Cells {
            candidate_bad: new.bad(),
            candidate_good: new.in_time,
            incumbent_bad: old.bad(),
            incumbent_good: old.in_time,
        });
        for (index, metric) in self.metrics.iter().enumerate() {
            let labels = self.labels(rng, units, metric.better);
            counts.feedback.entry(metric.name.clone()).or_default().merge(&labels);
            if let Some(late_by) = metric.late_by(self.of.gate) {
                let matured = Matured { units, labels };
                waiting.push((index, self.of), (self.now, late_by), matured);
            }
        }
        new
    }

    /// The labels of these units, with "false" as bad.
    fn labels(&self, rng: &mut Rng, units: ArmCount, better: Better) -> Cells {
        let Arms { wanted: [old, new], labelled, .. } = self.arms;
        let mut of_arm = |units: u64, wanted: f64| {
            let labelled = binomial(rng, units, *labelled);
            let wanted = binomial(rng, labelled, wanted);
            match better {
                Better::Higher => (labelled - wanted, wanted),
                Better::Lower => (wanted, labelled - wanted),
            }
        };
        let (candidate_bad, candidate_good) = of_arm(units.candidate, *new);
        let (incumbent_bad, incumbent_good) = of_arm(units.incumbent, *old);
        Cells { candidate_bad, candidate_good, incumbent_bad, incumbent_good }
    }
}

impl Arms {
    /// Probability of a wanted label.
    pub(super) const fn wanted(&self, arm: Arm) -> f64 {
        let [incumbent, candidate] = self.wanted;
        match arm {
            Arm::Incumbent => incumbent,
            Arm::Candidate => candidate,
        }
    }

    /// Of `bad` candidate answers that harm, those that the incumbent would have answered well: each
    /// with the part of the candidate's probability that is in excess of the incumbent's.
    pub(super) fn harmed(&self, rng: &mut Rng, harming: u64, incident: Option<f64>) -> u64 {
        let (new, old) = (self.candidate.harm(incident), self.incumbent.harm(incident));
        if new > old { binomial(rng, harming, 1.0 - old / new) } else { 0 }
    }
}
