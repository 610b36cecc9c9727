//! A step's requests counted at once: how they were answered, what they said, how labelled.
//!
//! Owns the counts' law: each arm's outcomes are multinomial, labels binomial, and so on. That is the
//! law of the sums of as many single requests.

use super::groups::Group;
use super::labels::{Counted, Joined, Metric};
use super::outcomes::Answered;
use crate::distribution::multinomial;
use crate::rng::Rng;
use seatrial_domain::evidence::{ArmCount, GateStratum};
use seatrial_domain::split::Arm;

/// What the answers say, for one check of drift.
#[derive(Debug, Clone)]
pub(super) struct Drift {
    pub(super) check: String,
    /// Class, the incumbent's part and the candidate's.
    pub(super) parts: Vec<(String, f64, f64)>,
}

/// Units of one stratum and one part of the traffic that came in one step, with what became of them.
#[derive(Debug, Clone)]
pub(super) struct Batch {
    pub(super) of: GateStratum,
    /// Of the simulation's groups.
    pub(super) group: usize,
    pub(super) candidate: Answered,
    pub(super) incumbent: Answered,
    /// By metric.
    pub(super) joined: Vec<Joined>,
    /// By check of drift, good answers of each class.
    pub(super) said: Vec<Vec<ArmCount>>,
}

/// What the units of a step are drawn by.
#[derive(Debug, Clone, Copy)]
pub(super) struct Draw<'a> {
    pub(super) group: &'a Group,
    pub(super) metrics: &'a [Metric],
    pub(super) drifts: &'a [Drift],
    pub(super) incident: Option<f64>,
}

impl Batch {
    /// Its units.
    pub(super) const fn units(&self) -> ArmCount {
        ArmCount { candidate: self.candidate.units(), incumbent: self.incumbent.units() }
    }
}

impl Draw<'_> {
    /// So many units at once.
    pub(super) fn batch(
        &self,
        rng: &mut Rng,
        (of, group): (GateStratum, usize),
        (units, counted): (ArmCount, &[Counted]),
    ) -> Batch {
        let candidate = self.group.candidate.draw(rng, units.candidate, self.incident);
        let incumbent = self.group.incumbent.draw(rng, units.incumbent, self.incident);
        let metrics = self.metrics.iter().zip(counted);
        let joined = metrics
            .map(|(metric, counted)| metric.draw(rng, units, (self.group, *counted)))
            .collect();
        let good = ArmCount { candidate: candidate.in_time, incumbent: incumbent.in_time };
        let said = self.drifts.iter().map(|drift| drift.draw(rng, good)).collect();
        Batch { of, group, candidate, incumbent, joined, said }
    }
}

impl Drift {
    /// What so many good answers say.
    fn draw(&self, rng: &mut Rng, answers: ArmCount) -> Vec<ArmCount> {
        let mut by_arm = |answers: u64, part: fn(&(String, f64, f64)) -> f64| {
            let parts: Vec<f64> = self.parts.iter().map(part).collect();
            let mut drawn = vec![0; parts.len()];
            multinomial(rng, answers, &parts, &mut drawn);
            drawn
        };
        let incumbent = by_arm(answers.incumbent, |(_, old, _)| *old);
        let candidate = by_arm(answers.candidate, |(_, _, new)| *new);
        let pairs = candidate.into_iter().zip(incumbent);
        pairs.map(|(candidate, incumbent)| ArmCount { candidate, incumbent }).collect()
    }

    /// Nothing yet.
    pub(super) fn none(&self) -> Vec<ArmCount> {
        vec![ArmCount::default(); self.parts.len()]
    }

    /// What one good answer says.
    pub(super) fn one(&self, rng: &mut Rng, arm: Arm, into: &mut [ArmCount]) {
        let mut at = rng.unit();
        let hit = |(_, old, new): &(String, f64, f64)| {
            at -= match arm {
                Arm::Incumbent => old,
                Arm::Candidate => new,
            };
            at < 0.0
        };
        let class = self.parts.iter().position(hit).unwrap_or(self.parts.len().saturating_sub(1));
        into.iter_mut().skip(class).take(1).for_each(|count| count.add(arm));
    }
}
