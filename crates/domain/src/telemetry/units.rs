//! The units counted so far in a rollout, with what each has shown of its arm; bounded by sampling
//! on their hash.

use super::sample;
use crate::Share;
use crate::exposure::Exposure;
use crate::split::Arm;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Hashes of the units seen so far. When there are too many, the sample is halved: from then on
/// only units whose hash starts with one more zero bit count. The hash is independent of the arm's
/// draw, so halving costs evidence, never validity.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct SeenUnits {
    /// A unit is in the sample iff the first `level` bits of its hash are zero.
    pub level: u32,
    /// All within the sample.
    pub units: BTreeMap<u64, Exposure>,
}

/// What a unit's arrival means for the evidence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Seen {
    /// Its arm is open at this share, this being known of it: count it in that stratum.
    Open(Exposure),
    /// Its arm was known before it came: counted at this share already, or on the candidate.
    Known,
    /// Its hash is outside the sample: never counted from here on.
    Outside,
}

impl SeenUnits {
    /// Notes that the unit with this hash (of `split::Domain::Units`) is assigned to `arm` at `share`,
    /// keeping at most `cap` hashes.
    pub fn see(&mut self, hash: u64, (share, arm): (Share, Arm), cap: usize) -> Seen {
        if !self.samples(hash) {
            return Seen::Outside;
        }
        let before = self.units.get(&hash).copied().unwrap_or_default();
        if !before.leaves_open(share) {
            return Seen::Known;
        }
        self.units.insert(hash, before.after(share, arm));
        while self.units.len() > cap.max(1) && self.level < u64::BITS {
            self.raise(self.level + 1);
        }
        Seen::Open(before)
    }

    /// Takes back that it was seen so, `before` being known of it then. What a larger share has shown
    /// meanwhile stays.
    pub fn forget(&mut self, hash: u64, (share, arm): (Share, Arm), before: Exposure) {
        if self.units.get(&hash) != Some(&before.after(share, arm)) {
            return;
        }
        if before == Exposure::NONE {
            self.units.remove(&hash);
        } else {
            self.units.insert(hash, before);
        }
    }

    /// Whether a unit with this hash is in the sample.
    #[must_use]
    pub const fn samples(&self, hash: u64) -> bool {
        sample::within(hash, self.level)
    }

    /// Narrows the sample to `level`, forgetting what falls outside; never widens it.
    pub fn raise(&mut self, level: u32) {
        self.level = self.level.max(level);
        self.units.retain(|hash, _| sample::within(*hash, level));
    }

    /// Adds another's units, at the narrower of both samples and with what either knows.
    pub fn merge(&mut self, other: &Self) {
        self.raise(other.level);
        let level = self.level;
        for (hash, seen) in other.units.iter().filter(|(hash, _)| sample::within(**hash, level)) {
            let known = self.units.entry(*hash).or_default();
            *known = (*known).max(*seen);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::split::{Domain, Salt};
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    fn share(basis_points: u16) -> Share {
        Share::new(basis_points).unwrap()
    }

    #[test]
    fn a_unit_counts_once_at_a_share_and_on_the_incumbent_again_at_a_larger_one() {
        let mut seen = SeenUnits::default();
        let at = |bp, arm| (share(bp), arm);
        assert_eq!(seen.see(7, at(500, Arm::Incumbent), 10), Seen::Open(Exposure::NONE));
        assert_eq!(seen.see(7, at(500, Arm::Incumbent), 10), Seen::Known);
        let known = Exposure::up_to(share(500));
        assert_eq!(seen.see(7, at(2_500, Arm::Candidate), 10), Seen::Open(known));
        assert_eq!(seen.see(7, at(5_000, Arm::Candidate), 10), Seen::Known);
    }

    #[test]
    fn an_arrival_taken_back_leaves_what_was_known_before() {
        let mut seen = SeenUnits::default();
        seen.see(7, (share(500), Arm::Incumbent), 10);
        let first = (share(500), Arm::Incumbent);
        let then = (share(2_500), Arm::Candidate);
        let Seen::Open(before) = seen.see(7, then, 10) else { panic!() };
        seen.forget(7, first, Exposure::NONE);
        assert_eq!(seen.units, [(7, Exposure::KNOWN)].into(), "a larger share has shown more");
        seen.forget(7, then, before);
        assert_eq!(seen.units, [(7, Exposure::up_to(share(500)))].into());
        seen.forget(7, first, Exposure::NONE);
        assert_eq!(seen, SeenUnits::default());
    }

    #[test]
    fn what_either_process_knows_of_a_unit_is_known() {
        let of = |seen| SeenUnits { level: 0, units: [(1, seen)].into() };
        let (low, known) = (Exposure::up_to(share(500)), Exposure::KNOWN);
        for (one, other) in [(low, known), (known, low)] {
            let mut sum = of(one);
            sum.merge(&of(other));
            assert_eq!(sum, of(known));
        }
    }

    /// Chi-square with one degree of freedom at each level: the arm is as frequent inside the sample
    /// as outside, so what sampling leaves out is left out of both arms alike.
    #[test]
    fn the_sample_is_independent_of_the_arm() {
        let (salt, at) = (Salt(5), share(2_500));
        for level in 1..=4_u32 {
            let (mut inside, mut candidates) = (0.0_f64, 0.0_f64);
            for n in 0..160_000_u32 {
                let key = n.to_le_bytes();
                if salt.hash(Domain::Units, &key).leading_zeros() >= level {
                    inside += 1.0;
                    candidates += f64::from(u8::from(salt.choose(at, &key) == Arm::Candidate));
                }
            }
            let expected_inside = 160_000.0 / f64::from(1_u32 << level);
            assert!((inside / expected_inside - 1.0).abs() < 0.05, "{level}: {inside}");
            let chi_square = (candidates - 0.25 * inside).powi(2) / (inside * 0.25 * 0.75);
            assert!(chi_square < 10.8, "level {level}: {candidates} of {inside}");
        }
    }

    proptest! {
        #[test]
        fn the_set_is_bounded_and_what_falls_outside_counts_nowhere_again(
            hashes in prop::collection::vec(any::<u64>(), 1..400), cap in 1usize..50,
        ) {
            let mut seen = SeenUnits::default();
            let (mut first, mut outside) = (BTreeSet::new(), BTreeSet::new());
            for bp in [500, 2_500, 5_000] {
                for hash in hashes.iter().chain(&hashes) {
                    match seen.see(*hash, (share(bp), Arm::Incumbent), cap) {
                        Seen::Open(_) => {
                            prop_assert!(first.insert((bp, *hash)));
                            prop_assert!(!outside.contains(hash));
                        }
                        Seen::Outside => { outside.insert(*hash); }
                        Seen::Known => {}
                    }
                    prop_assert!(seen.units.len() <= cap);
                    prop_assert!(seen.units.keys().all(|hash| seen.samples(*hash)));
                }
            }
        }
    }
}
