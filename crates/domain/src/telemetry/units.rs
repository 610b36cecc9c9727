//! The units already counted in a rollout, bounded by sampling on their hash.

use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Hashes of the units seen so far. When there are too many, the sample is halved: from then on
/// only units whose hash starts with one more zero bit count. The hash is independent of the arm's
/// draw, so halving costs evidence, never validity.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct SeenUnits {
    /// A unit is in the sample iff the first `level` bits of its hash are zero.
    pub level: u32,
    /// All within the sample.
    pub set: BTreeSet<u64>,
}

/// What a unit's arrival means for the evidence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Seen {
    /// Never seen: count it.
    First,
    /// Counted before.
    Again,
    /// Its hash is outside the sample: never counted from here on.
    Outside,
}

impl SeenUnits {
    /// Notes the unit with this hash (of `split::Domain::Units`), keeping at most `cap` hashes.
    pub fn see(&mut self, hash: u64, cap: usize) -> Seen {
        if !self.samples(hash) {
            return Seen::Outside;
        }
        if !self.set.insert(hash) {
            return Seen::Again;
        }
        while self.set.len() > cap.max(1) && self.level < u64::BITS {
            self.raise(self.level + 1);
        }
        Seen::First
    }

    /// Whether a unit with this hash is in the sample.
    #[must_use]
    pub const fn samples(&self, hash: u64) -> bool {
        hash.leading_zeros() >= self.level
    }

    /// Narrows the sample to `level`, forgetting what falls outside; never widens it.
    pub fn raise(&mut self, level: u32) {
        self.level = self.level.max(level);
        self.set.retain(|hash| hash.leading_zeros() >= level);
    }

    /// Adds another's units, at the narrower of both samples.
    pub fn merge(&mut self, other: &Self) {
        self.raise(other.level);
        let level = self.level;
        self.set.extend(other.set.iter().filter(|hash| hash.leading_zeros() >= level));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_unit_is_first_once() {
        let mut seen = SeenUnits::default();
        assert_eq!(seen.see(7, 10), Seen::First);
        assert_eq!(seen.see(7, 10), Seen::Again);
    }

    proptest! {
        #[test]
        fn the_set_is_bounded_and_no_unit_is_first_twice(
            hashes in prop::collection::vec(any::<u64>(), 1..400), cap in 1usize..50,
        ) {
            let mut seen = SeenUnits::default();
            let mut first = BTreeSet::new();
            for hash in hashes.iter().chain(&hashes) {
                if seen.see(*hash, cap) == Seen::First {
                    prop_assert!(first.insert(*hash));
                }
                prop_assert!(seen.set.len() <= cap);
                prop_assert!(seen.set.iter().all(|hash| seen.samples(*hash)));
            }
        }
    }
}
