//! How much of the largest admissible bet is staked, and with what weight.
//!
//! Owns the fractions f and their weights; refuses to choose by looking at the data.

use serde::{Deserialize, Serialize};

/// Fractions of the largest bet that keeps every factor non-negative.
pub(crate) const FRACTIONS: [f64; 8] = [1.0, 0.7, 0.45, 0.28, 0.17, 0.1, 0.05, 0.02];

/// Prior weights over the betting fractions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mixture {
    /// The same weight on each fraction.
    Uniform,
    /// ½ on the whole bet, the rest shared equally: made for candidates without a single error.
    HalfOnWhole,
}

impl Mixture {
    /// Logarithms of the weights, which sum to one, in the order of [`FRACTIONS`].
    pub(crate) fn log_weights(self) -> [f64; 8] {
        self.weights().map(f64::ln)
    }

    /// The weights in the order of [`FRACTIONS`].
    pub(crate) fn weights(self) -> [f64; 8] {
        FRACTIONS.map(|fraction| self.weight(fraction))
    }

    fn weight(self, fraction: f64) -> f64 {
        match self {
            Self::Uniform => 1.0 / 8.0,
            Self::HalfOnWhole if fraction >= 1.0 => 0.5,
            Self::HalfOnWhole => 0.5 / 7.0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_sum_to_one() {
        for mixture in [Mixture::Uniform, Mixture::HalfOnWhole] {
            let sum: f64 = mixture.log_weights().iter().map(|w| w.exp()).sum();
            assert!((sum - 1.0).abs() < 1e-15);
        }
    }
}
