//! What is counted of one KPI: integers, by arm.
//!
//! Owns how a value becomes counts and how these add up. Sums are of winsorised values in steps of
//! the frozen range, so that they are exact and do not depend on order.

use serde::{Deserialize, Serialize};

use super::reference::Reference;
use super::{Error, reference::Scored};
use crate::counts;

/// One arm's units by bucket, and the sums its mean and variance are made of.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Values {
    /// Units by bucket, smallest values first.
    pub buckets: Vec<u64>,
    /// Σ q, where q is 0 for values up to the range's lower end and `STEPS` for
    /// those from its upper end.
    pub sum: u64,
    /// Σ q².
    pub squares: u64,
}

/// One gate's units of both arms. Never counted in, it has no buckets, and fits any other.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// The candidate's.
    pub candidate: Values,
    /// The incumbent's.
    pub incumbent: Values,
}

impl Values {
    /// Counts one unit's value. Errors: [`Error::NotFinite`]; [`Error::Damaged`] where the counts
    /// are of another reference. Nothing is counted then.
    pub fn record(&mut self, reference: &Reference, value: f64) -> Result<(), Error> {
        let Scored { bucket, steps } = reference.score(value)?;
        if self.buckets.is_empty() {
            self.buckets.resize(reference.buckets(), 0);
        }
        let count = self.buckets.get_mut(bucket).ok_or(Error::Damaged)?;
        *count = count.saturating_add(1);
        self.sum = self.sum.saturating_add(steps);
        self.squares = self.squares.saturating_add(steps * steps);
        Ok(())
    }

    /// Units counted.
    pub fn units(&self) -> u64 {
        self.buckets.iter().sum()
    }

    /// Adds another's counts. Errors: [`counts::Error::Buckets`]; nothing is added then.
    pub fn merge(&mut self, other: &Self) -> Result<(), counts::Error> {
        if other.buckets.is_empty() {
            return Ok(());
        }
        if self.buckets.is_empty() {
            self.buckets.resize(other.buckets.len(), 0);
        }
        other.check(self.buckets.len())?;
        for (mine, theirs) in self.buckets.iter_mut().zip(&other.buckets) {
            *mine = mine.saturating_add(*theirs);
        }
        self.sum = self.sum.saturating_add(other.sum);
        self.squares = self.squares.saturating_add(other.squares);
        Ok(())
    }

    fn check(&self, expected: usize) -> Result<(), counts::Error> {
        let found = self.buckets.len();
        let fits = found == 0 || found == expected;
        if fits { Ok(()) } else { Err(counts::Error::Buckets { expected, found }) }
    }
}

impl Counts {
    /// Adds another replica's or window's counts. Errors: [`counts::Error::Buckets`]; nothing is
    /// added then.
    pub fn merge(&mut self, other: &Self) -> Result<(), counts::Error> {
        let mut candidate = self.candidate.clone();
        candidate.merge(&other.candidate)?;
        self.incumbent.merge(&other.incumbent)?;
        self.candidate = candidate;
        Ok(())
    }

    /// Each arm has exactly `expected` buckets, or none. Errors: [`counts::Error::Buckets`].
    pub fn check(&self, expected: usize) -> Result<(), counts::Error> {
        self.candidate.check(expected)?;
        self.incumbent.check(expected)
    }

    /// Candidate and incumbent units of each bucket.
    pub(crate) fn by_bucket(&self) -> impl Iterator<Item = (u64, u64)> {
        let of = |arm: &[u64], bucket: usize| arm.get(bucket).copied().unwrap_or(0);
        let buckets = self.candidate.buckets.len().max(self.incumbent.buckets.len());
        (0..buckets).map(move |b| (of(&self.candidate.buckets, b), of(&self.incumbent.buckets, b)))
    }
}
