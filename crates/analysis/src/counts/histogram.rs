//! Latency counts by arm and bucket.
//!
//! Owns the merging of histograms with equal buckets; refuses to add unlike ones, because a
//! truncated histogram would silently drop the slowest answers.

use serde::{Deserialize, Serialize};

use super::Error;

/// Units by arm and latency bucket, fastest first. Buckets are those of one frozen
/// [`Edges`](crate::latency::Edges).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ArmHistogram {
    /// Candidate units by bucket.
    pub candidate: Vec<u64>,
    /// Incumbent units by bucket.
    pub incumbent: Vec<u64>,
}

impl ArmHistogram {
    /// An empty histogram of `buckets` buckets an arm.
    pub fn empty(buckets: usize) -> Self {
        Self { candidate: vec![0; buckets], incumbent: vec![0; buckets] }
    }

    /// Adds another replica's or window's counts. Errors: [`Error::Buckets`]; nothing is added then.
    pub fn merge(&mut self, other: &Self) -> Result<(), Error> {
        other.check(self.candidate.len())?;
        self.check(other.candidate.len())?;
        add(&mut self.candidate, &other.candidate);
        add(&mut self.incumbent, &other.incumbent);
        Ok(())
    }

    /// Both arms have exactly `expected` buckets. Errors: [`Error::Buckets`].
    pub fn check(&self, expected: usize) -> Result<(), Error> {
        [&self.candidate, &self.incumbent].into_iter().map(Vec::len).try_for_each(|found| {
            if found == expected { Ok(()) } else { Err(Error::Buckets { expected, found }) }
        })
    }

    /// Units assigned to the candidate.
    pub fn candidate_units(&self) -> u64 {
        self.candidate.iter().sum()
    }
}

fn add(into: &mut [u64], from: &[u64]) {
    for (into, from) in into.iter_mut().zip(from) {
        *into = into.saturating_add(*from);
    }
}
