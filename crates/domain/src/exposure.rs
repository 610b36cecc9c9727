//! What earlier gates have shown of a unit's place in the draw, and the chance that is left.
//!
//! A unit's arm is not redrawn at the next gate: it is on the candidate iff its hash, scaled to the
//! whole, lies below the share. Once it was seen on the incumbent its hash is known not to lie below
//! that share; once it was seen on the candidate nothing is left to chance while the share rises.
//! Evidence must use the probability given that (STATISTICS.md §4); the plain share breaks `E[e] = 1`.

use crate::Share;
use crate::split::Arm;
use seatrial_analysis::Pi;
use serde::{Deserialize, Serialize};

/// The largest share at which a unit's arm is known already: zero for one never counted, the share
/// for one counted on the incumbent, the whole for one whose arm is known at every share.
///
/// Serialised as basis points (stored with the unit).
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Exposure(Share);

impl Exposure {
    /// Never counted: all is left to chance.
    pub const NONE: Self = Self(Share::ZERO);
    /// Counted on the candidate, or its history is lost: it carries no evidence any more.
    pub const KNOWN: Self = Self(Share::FULL);

    /// Known not to be on the candidate at `share` and below.
    pub const fn up_to(share: Share) -> Self {
        Self(share)
    }

    /// The share up to which the arm is known.
    pub const fn share(self) -> Share {
        self.0
    }

    /// Whether its arm is still open at `share`. A share of the whole leaves no control.
    pub fn leaves_open(self, share: Share) -> bool {
        self.0 < share && share < Share::FULL
    }

    /// With what its assignment to `arm` at `share` shows.
    #[must_use]
    pub fn after(self, share: Share, arm: Arm) -> Self {
        match arm {
            Arm::Candidate => Self::KNOWN,
            Arm::Incumbent => Self(self.0.max(share)),
        }
    }

    /// The probability that the unit is on the candidate at `share`: (w − s)/(1 − s), s being the share
    /// up to which it is known. None where that is certain, which carries no evidence.
    pub fn pi(self, share: Share) -> Option<Pi> {
        let (seen, share) = (self.0.basis_points(), share.basis_points());
        let left = u16::checked_sub(10_000, seen).filter(|left| *left > 0)?;
        let open = share.checked_sub(seen)?;
        Pi::new(f64::from(open) / f64::from(left)).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::split::Salt;
    use proptest::prelude::*;

    fn share(basis_points: u16) -> Share {
        Share::new(basis_points).unwrap()
    }

    fn pi(seen: u16, at: u16) -> Option<f64> {
        Exposure::up_to(share(seen)).pi(share(at)).map(Pi::get)
    }

    #[test]
    fn a_new_unit_has_the_share_and_a_known_one_carries_no_evidence() {
        assert_eq!(pi(0, 500), Some(0.05));
        assert_eq!(pi(500, 2_500), Some(2_000.0 / 9_500.0));
        for (seen, at) in [(0, 0), (0, 10_000), (500, 500), (500, 100), (10_000, 9_900)] {
            assert_eq!(pi(seen, at), None, "{seen} {at}");
            assert!(!Exposure::up_to(share(seen)).leaves_open(share(at)), "{seen} {at}");
        }
    }

    #[test]
    fn the_candidate_is_known_for_good_and_a_lower_share_teaches_nothing() {
        let seen = Exposure::NONE.after(share(500), Arm::Incumbent);
        assert_eq!(seen, Exposure::up_to(share(500)));
        assert_eq!(seen.after(share(100), Arm::Incumbent), seen);
        assert_eq!(seen.after(share(2_500), Arm::Candidate), Exposure::KNOWN);
        assert_eq!(Exposure::KNOWN.after(share(5_000), Arm::Incumbent), Exposure::KNOWN);
    }

    /// The draw itself says so: over many units, by the very hash the gateway uses.
    #[test]
    fn the_probability_is_that_of_the_draw_given_the_history() {
        let (salt, low, high) = (Salt(11), share(500), share(2_500));
        let seen = |n: &u32| salt.choose(low, &n.to_le_bytes()) == Arm::Incumbent;
        let units: Vec<u32> = (0..200_000_u32).filter(seen).collect();
        let moved = units.iter().filter(|n| salt.choose(high, &n.to_le_bytes()) == Arm::Candidate);
        let expected = pi(500, 2_500).unwrap() * units.len() as f64;
        // Standard deviation 178.
        assert!((moved.count() as f64 - expected).abs() < 900.0);
    }

    proptest! {
        #[test]
        fn open_is_where_there_is_a_probability(seen in 0u16..=10_000, at in 0u16..=10_000) {
            let exposure = Exposure::up_to(share(seen));
            prop_assert_eq!(exposure.leaves_open(share(at)), exposure.pi(share(at)).is_some());
        }

        #[test]
        fn a_unit_counts_once_at_a_share(
            salt: u64, key: Vec<u8>, shares in prop::collection::vec(0u16..10_000, 1..12),
        ) {
            let (salt, mut exposure, mut counted) = (Salt(salt), Exposure::NONE, Vec::new());
            for at in shares.into_iter().map(share) {
                if exposure.leaves_open(at) {
                    prop_assert!(!counted.contains(&at));
                    counted.push(at);
                    exposure = exposure.after(at, salt.choose(at, &key));
                }
            }
        }
    }
}
