//! The plan's distinct checks: one for each name, with its rule in each gate it applies in.
//!
//! Owns what "the same check" is: the same name. Its weight counts once, as the smallest it is given
//! anywhere, so that the weights of all tests never sum to more than the plan's. Refuses a name that
//! is another test elsewhere: its counts could not be added up over the gates.

use super::Error;
use crate::evidence::GateIndex;
use crate::plan::{Check, Plan, Rule};

/// Rounding of decimal weights that sum to the whole.
const WEIGHT_SLACK: f64 = 1e-9;

#[derive(Debug)]
pub(super) struct Distinct {
    pub(super) name: String,
    pub(super) weight: f64,
    pub(super) rules: Rules,
}

/// A check's rules in the order of their gates: at least one, all of the same test.
#[derive(Debug)]
pub(super) struct Rules {
    first: (GateIndex, Rule),
    later: Vec<(GateIndex, Rule)>,
}

/// Every distinct check of the gates and of `stabilizing`, in the order of the gates.
pub(super) fn all(plan: &Plan) -> Result<Vec<Distinct>, Error> {
    let mut distinct: Vec<Distinct> = Vec::new();
    let lists = plan.gates.iter().map(|gate| &gate.checks).chain([&plan.stability.checks]);
    for (gate, checks) in (0..=u8::MAX).map(GateIndex).zip(lists) {
        for check in checks {
            match distinct.iter_mut().find(|known| known.name == check.name) {
                Some(known) => known.join(gate, check)?,
                None => distinct.push(Distinct::new(gate, check)),
            }
        }
    }
    let sum: f64 = distinct.iter().map(|check| check.weight).sum();
    if sum > 1.0 + WEIGHT_SLACK { Err(Error::Weights(sum)) } else { Ok(distinct) }
}

impl Distinct {
    fn new(gate: GateIndex, check: &Check) -> Self {
        let rules = Rules { first: (gate, check.rule.clone()), later: Vec::new() };
        Self { name: check.name.clone(), weight: check.weight, rules }
    }

    fn join(&mut self, gate: GateIndex, check: &Check) -> Result<(), Error> {
        if self.rules.apply_in(gate) || !self.rules.first().same_test(&check.rule) {
            return Err(Error::Twice { check: check.name.clone() });
        }
        self.weight = self.weight.min(check.weight);
        self.rules.later.push((gate, check.rule.clone()));
        Ok(())
    }
}

impl Rules {
    pub(super) const fn first(&self) -> &Rule {
        &self.first.1
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Rule> {
        self.gates().map(|(_, rule)| rule)
    }

    pub(super) fn apply_in(&self, gate: GateIndex) -> bool {
        self.gates().any(|(applies, _)| *applies == gate)
    }

    /// The gate's own rule or, where it has none, that of the last gate before it which has one.
    pub(super) fn latest(&self, gate: GateIndex) -> &Rule {
        let (_, rule) = self.gates().rfind(|(from, _)| *from <= gate).unwrap_or(&self.first);
        rule
    }

    fn gates(&self) -> impl DoubleEndedIterator<Item = &(GateIndex, Rule)> {
        [&self.first].into_iter().chain(&self.later)
    }
}
