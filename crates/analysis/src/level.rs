//! Levels, weights, and when a log e-value is enough.
//!
//! Owns Ville's threshold 1/α and the weighted Bonferroni rule; refuses to know what happens then.

use serde::{Deserialize, Serialize};

/// A level or weight out of range.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
pub enum Error {
    /// α must leave room for both verdicts.
    #[error("alpha {0} is not strictly between 0 and 1")]
    Alpha(f64),
    /// A weight is a part of α.
    #[error("weight {0} is not above 0 and at most 1")]
    Weight(f64),
}

/// The probability of a false decision that is accepted, 0 < α < 1.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "f64", into = "f64")]
pub struct Alpha(f64);

impl Alpha {
    /// One in twenty: what mixtures are tuned for, whatever level they are used at.
    pub const USUAL: Self = Self(0.05);

    /// Checks the range. Errors: [`Error::Alpha`].
    pub fn new(value: f64) -> Result<Self, Error> {
        if value > 0.0 && value < 1.0 { Ok(Self(value)) } else { Err(Error::Alpha(value)) }
    }

    /// α as a fraction.
    pub fn get(self) -> f64 {
        self.0
    }

    /// Half of it, for each of two sides.
    #[must_use]
    pub fn halved(self) -> Self {
        Self(0.5 * self.0)
    }

    /// log(1/α), what a log e-value has to reach (Ville's inequality).
    pub fn log_threshold(self) -> f64 {
        -self.0.ln()
    }

    /// The margin null is rejected *now*: E ≥ 1/α. A pass must hold at the moment of passing, so
    /// callers give this gate's evidence alone and remember nothing.
    pub fn rejects(self, log_e: f64) -> bool {
        log_e >= self.log_threshold()
    }

    /// Weighted Bonferroni: wⱼ·Eⱼ ≥ 1/α. With weights that sum to at most one, the probability that
    /// any metric ever fires on a harmless candidate is at most α, whatever their dependence and
    /// delays. Rollback evidence is sticky: `log_e` is the largest seen, which callers keep.
    pub fn fires(self, weight: Weight, log_e: f64) -> bool {
        weight.0.ln() + log_e >= self.log_threshold()
    }
}

/// The part of α one metric may spend on rollbacks, 0 < w ≤ 1.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "f64", into = "f64")]
pub struct Weight(f64);

impl Weight {
    /// All of α: the only metric there is.
    pub const ALL: Self = Self(1.0);

    /// Checks the range. Errors: [`Error::Weight`].
    pub fn new(value: f64) -> Result<Self, Error> {
        if value > 0.0 && value <= 1.0 { Ok(Self(value)) } else { Err(Error::Weight(value)) }
    }

    /// The weight as a fraction.
    pub fn get(self) -> f64 {
        self.0
    }
}

impl TryFrom<f64> for Alpha {
    type Error = Error;

    fn try_from(value: f64) -> Result<Self, Error> {
        Self::new(value)
    }
}

impl From<Alpha> for f64 {
    fn from(alpha: Alpha) -> Self {
        alpha.0
    }
}

impl TryFrom<f64> for Weight {
    type Error = Error;

    fn try_from(value: f64) -> Result<Self, Error> {
        Self::new(value)
    }
}

impl From<Weight> for f64 {
    fn from(weight: Weight) -> Self {
        weight.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lighter_metric_needs_more_evidence() {
        let alpha = Alpha::new(0.05).unwrap();
        let weight = Weight::new(0.4).unwrap();
        assert!(alpha.fires(Weight::ALL, 20.1_f64.ln()));
        assert!(!alpha.fires(weight, 49.9_f64.ln()));
        assert!(alpha.fires(weight, 50.1_f64.ln()));
        assert!(alpha.rejects(20.1_f64.ln()) && !alpha.rejects(19.9_f64.ln()));
    }

    #[test]
    fn impossible_levels_are_refused() {
        for value in [0.0, 1.0, -0.1, f64::NAN] {
            assert!(Alpha::new(value).is_err());
        }
        assert!(Weight::new(0.0).is_err() && Weight::new(1.1).is_err());
    }
}
