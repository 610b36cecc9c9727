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
    /// Most on .7 to .17, where the bet is that finds two equal rates of rare outcomes within 1.2 to 3
    /// times of each other soonest (docs/adr/0017).
    WithinRatio,
    /// Most on .28 to .05, where differences of some points between common outcomes are found soonest
    /// (docs/adr/0017).
    Common,
}

impl Mixture {
    /// Logarithms of the weights, which sum to one, in the order of [`FRACTIONS`].
    pub(crate) fn log_weights(self) -> [f64; 8] {
        self.weights().map(f64::ln)
    }

    /// The weights in the order of [`FRACTIONS`].
    pub(crate) fn weights(self) -> [f64; 8] {
        match self {
            Self::Uniform => [1.0 / 8.0; 8],
            Self::HalfOnWhole => {
                let rest = 0.5 / 7.0;
                [0.5, rest, rest, rest, rest, rest, rest, rest]
            }
            Self::WithinRatio => [0.12, 0.19, 0.24, 0.20, 0.12, 0.07, 0.04, 0.02],
            Self::Common => [0.08, 0.08, 0.10, 0.13, 0.16, 0.18, 0.16, 0.11],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_sum_to_one() {
        for mixture in
            [Mixture::Uniform, Mixture::HalfOnWhole, Mixture::WithinRatio, Mixture::Common]
        {
            let sum: f64 = mixture.log_weights().iter().map(|w| w.exp()).sum();
            assert!((sum - 1.0).abs() < 1e-15);
        }
    }
}
