//! What was answered: units by the outcome of their answer.

use super::ArmCount;
use crate::split::Arm;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Answered units by class or score bucket, of one check.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Predictions(pub BTreeMap<String, ArmCount>);

impl Predictions {
    /// How many outcomes one gateway tells apart; the rest are [`Predictions::OTHER`]. Which ones
    /// depends on what comes first, never on who answers it.
    pub const OUTCOMES: usize = 50;
    /// What stands for the outcomes beyond those told apart.
    pub const OTHER: &'static str = "(other)";

    /// Counts one answer of `arm`.
    pub fn count(&mut self, outcome: &str, arm: Arm) {
        if let Some(known) = self.0.get_mut(outcome) {
            return known.add(arm);
        }
        let told = if self.0.len() < Self::OUTCOMES { outcome } else { Self::OTHER };
        self.0.entry(told.to_owned()).or_default().add(arm);
    }

    /// Adds another's counts.
    pub fn merge(&mut self, other: &Self) {
        for (outcome, count) in &other.0 {
            self.0.entry(outcome.clone()).or_default().merge(*count);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outcomes_beyond_the_bound_are_counted_together() {
        let mut predictions = Predictions::default();
        for n in 0..60 {
            predictions.count(&n.to_string(), Arm::Candidate);
            predictions.count("0", Arm::Incumbent);
        }
        assert_eq!(predictions.0.len(), Predictions::OUTCOMES + 1);
        assert_eq!(predictions.0[Predictions::OTHER], ArmCount { candidate: 10, incumbent: 0 });
        assert_eq!(predictions.0["0"], ArmCount { candidate: 1, incumbent: 60 });
        let total: u64 = predictions.0.values().map(|count| count.total()).sum();
        assert_eq!(total, 120);
    }
}
