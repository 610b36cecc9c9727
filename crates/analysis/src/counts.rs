//! Integer counters, stratified by gate: everything the tests need to know about the traffic.
//!
//! Owns the sufficient statistics and how they add up. Refuses rates and times: sums of counts do
//! not depend on order, so replicas may count apart and a crash recovers by recomputing.

mod histogram;

use std::ops::{Add, AddAssign};

use serde::{Deserialize, Serialize};

pub use histogram::ArmHistogram;

/// What is wrong with a stratum.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
pub enum Error {
    /// An assignment probability of 0 or 1 gives no control, and therefore no evidence.
    #[error("assignment probability {0} is not strictly between 0 and 1")]
    Pi(f64),
    /// Two histograms, or a histogram and its edges, do not have the same buckets.
    #[error("histogram has {found} buckets, expected {expected}")]
    Buckets {
        /// Buckets of the edges in force.
        expected: usize,
        /// Buckets of the histogram given.
        found: usize,
    },
}

/// The known probability with which a unit of one gate was assigned to the candidate, 0 < π < 1.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "f64", into = "f64")]
pub struct Pi(f64);

impl Pi {
    /// Checks the range. Errors: [`Error::Pi`].
    pub fn new(value: f64) -> Result<Self, Error> {
        if value > 0.0 && value < 1.0 { Ok(Self(value)) } else { Err(Error::Pi(value)) }
    }

    /// π as a fraction.
    pub fn get(self) -> f64 {
        self.0
    }

    /// π/(1 − π).
    pub(crate) fn odds(self) -> f64 {
        self.0 / (1.0 - self.0)
    }
}

impl TryFrom<f64> for Pi {
    type Error = Error;

    fn try_from(value: f64) -> Result<Self, Error> {
        Self::new(value)
    }
}

impl From<Pi> for f64 {
    fn from(pi: Pi) -> Self {
        pi.0
    }
}

/// The counts of one gate, with the one constant share its units were assigned by.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Stratum<T> {
    /// The candidate's assignment probability in this gate.
    pub pi: Pi,
    /// What was counted there.
    pub counts: T,
}

impl<T> Stratum<T> {
    /// A stratum at share `pi`. Errors: [`Error::Pi`].
    pub fn new(pi: f64, counts: T) -> Result<Self, Error> {
        Ok(Self { pi: Pi::new(pi)?, counts })
    }

    /// The same share with other counts made from these.
    pub(crate) fn map<U>(&self, make: impl FnOnce(&T) -> U) -> Stratum<U> {
        Stratum { pi: self.pi, counts: make(&self.counts) }
    }
}

/// Units by arm and outcome. "Bad" is an error, or a label that is not the wanted one.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cells {
    /// Candidate units with the bad outcome.
    pub candidate_bad: u64,
    /// Candidate units with the good outcome.
    pub candidate_good: u64,
    /// Incumbent units with the bad outcome.
    pub incumbent_bad: u64,
    /// Incumbent units with the good outcome.
    pub incumbent_good: u64,
}

impl Cells {
    /// Units assigned to the candidate.
    pub fn candidate(&self) -> u64 {
        self.candidate_bad.saturating_add(self.candidate_good)
    }

    /// Units assigned to the incumbent.
    pub fn incumbent(&self) -> u64 {
        self.incumbent_bad.saturating_add(self.incumbent_good)
    }

    /// The same units with the other outcome called bad.
    #[must_use]
    pub const fn flipped(self) -> Self {
        Self {
            candidate_bad: self.candidate_good,
            candidate_good: self.candidate_bad,
            incumbent_bad: self.incumbent_good,
            incumbent_good: self.incumbent_bad,
        }
    }

    /// Adds another replica's or window's counts to these.
    pub fn merge(&mut self, other: &Self) {
        *self += *other;
    }

    pub(crate) fn mass(&self) -> Mass {
        Mass(
            [self.candidate_bad, self.candidate_good, self.incumbent_bad, self.incumbent_good]
                .map(float),
        )
    }
}

impl Add for Cells {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            candidate_bad: self.candidate_bad.saturating_add(other.candidate_bad),
            candidate_good: self.candidate_good.saturating_add(other.candidate_good),
            incumbent_bad: self.incumbent_bad.saturating_add(other.incumbent_bad),
            incumbent_good: self.incumbent_good.saturating_add(other.incumbent_good),
        }
    }
}

impl AddAssign for Cells {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

/// Cells as real numbers, in the order candidate bad, candidate good, incumbent bad, incumbent
/// good. Planning evaluates the same e-functions on expected, fractional counts.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Mass(pub(crate) [f64; 4]);

/// A count as a float: exact up to 2^53, far beyond the units of any rollout.
pub(crate) fn float(count: u64) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_other_outcome_is_bad_on_each_arm() {
        let of = |[candidate_bad, candidate_good, incumbent_bad, incumbent_good]: [u64; 4]| Cells {
            candidate_bad,
            candidate_good,
            incumbent_bad,
            incumbent_good,
        };
        assert_eq!(of([1, 2, 3, 4]).flipped(), of([2, 1, 4, 3]));
    }
}
