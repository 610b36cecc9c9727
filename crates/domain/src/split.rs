//! Which arm a unit is assigned to. One keyed hash against a threshold: sticky, and monotone in
//! the share by construction (DESIGN.md §3, attribution).

use crate::Share;
use serde::{Deserialize, Serialize};
use siphasher::sip::SipHasher24;
use std::hash::Hasher;

/// The side of a rollout a unit is assigned to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Arm {
    Incumbent,
    Candidate,
}

/// What a hash is for. Separate tags make the draws independent under one salt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Domain {
    Routing,
    Mirror,
    Log,
    /// Bounding the set of seen units.
    Units,
    /// Who of a shadow's pair is asked first.
    Order,
}

impl Domain {
    const fn tag(self) -> u64 {
        match self {
            Self::Routing => 0x726f_7574_6500_0001,
            Self::Mirror => 0x6d69_7272_6f72_0002,
            Self::Log => 0x6c6f_6700_0000_0003,
            Self::Units => 0x756e_6974_7300_0004,
            Self::Order => 0x6f72_6465_7200_0005,
        }
    }
}

/// A rollout's random 64 bits, stored with it; a new one per rollout, so nobody is unlucky twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Salt(pub u64);

impl Salt {
    /// SipHash-2-4 of `key` under this salt and the domain's tag.
    pub fn hash(self, domain: Domain, key: &[u8]) -> u64 {
        let mut hasher = SipHasher24::new_with_keys(self.0, domain.tag());
        hasher.write(key);
        hasher.finish()
    }

    /// The arm `key` is assigned to at `share`: candidate iff its hash, scaled to basis points,
    /// is below the share.
    pub fn choose(self, share: Share, key: &[u8]) -> Arm {
        if self.within(Domain::Routing, share, key) { Arm::Candidate } else { Arm::Incumbent }
    }

    /// Who of the shadow's pair of this `key` is asked first: either as often, so that being asked second is
    /// neither's advantage. The key is to be none that a client chooses.
    pub fn asked_first(self, key: &[u8]) -> Arm {
        if self.hash(Domain::Order, key) >> 63 == 0 { Arm::Candidate } else { Arm::Incumbent }
    }

    /// Whether `key` falls into the first `share` of the domain's draw.
    pub fn within(self, domain: Domain, share: Share, key: &[u8]) -> bool {
        let scaled = (u128::from(self.hash(domain, key)) * 10_000) >> 64;
        scaled < u128::from(share.basis_points())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn golden_vectors() {
        let salt = Salt(0x0123_4567_89ab_cdef);
        let hashes: Vec<u64> =
            ["", "user-1", "user-2"].map(|k| salt.hash(Domain::Routing, k.as_bytes())).into();
        assert_eq!(hashes, GOLDEN);
    }

    /// From an implementation of the SipHash paper of its own, checked against the paper's vector.
    const GOLDEN: [u64; 3] = [0xdee8_7395_fd44_0731, 0x1b5a_2f78_27f2_1989, 0x0c52_01c6_1420_2c6e];

    const KEYS: [&str; 4] = ["user-1", "user-2", "user-3", "a much longer key than one block"];

    /// By the same implementation, for each of the keys: the last share in basis points that it is
    /// not within.
    const THRESHOLDS: [(Domain, [u16; 4]); 5] = [
        (Domain::Routing, [1068, 481, 7128, 7269]),
        (Domain::Mirror, [9754, 5978, 4509, 1994]),
        (Domain::Log, [7503, 3980, 2812, 1823]),
        (Domain::Units, [8017, 9990, 814, 6326]),
        (Domain::Order, [7558, 8021, 9677, 2628]),
    ];

    #[test]
    fn golden_thresholds_of_every_domain() {
        let salt = Salt(0x0123_4567_89ab_cdef);
        for (domain, thresholds) in THRESHOLDS {
            for (key, threshold) in KEYS.iter().zip(thresholds) {
                let at = |share| salt.within(domain, Share::new(share).unwrap(), key.as_bytes());
                assert_eq!((at(threshold), at(threshold + 1)), (false, true), "{domain:?} {key}");
            }
        }
        for (key, threshold) in KEYS.iter().zip(THRESHOLDS[0].1) {
            let at = |share| salt.choose(Share::new(share).unwrap(), key.as_bytes());
            assert_eq!((at(threshold), at(threshold + 1)), (Arm::Incumbent, Arm::Candidate));
        }
        let first = KEYS.map(|key| salt.asked_first(key.as_bytes()));
        let half =
            THRESHOLDS[4].1.map(|it| if it < 5_000 { Arm::Candidate } else { Arm::Incumbent });
        assert_eq!(first, half);
    }

    #[test]
    fn the_share_is_met_within_chance() {
        let salt = Salt(7);
        let share = Share::new(500).unwrap();
        let chosen = (0..200_000_u32)
            .filter(|i| salt.choose(share, &i.to_le_bytes()) == Arm::Candidate)
            .count();
        // 10,000 expected, standard deviation 97.
        assert!((9_600..=10_400).contains(&chosen), "{chosen}");
    }

    proptest! {
        #[test]
        fn raising_the_share_moves_nobody_back(
            salt: u64, key: Vec<u8>, low in 0u16..=10_000, high in 0u16..=10_000,
        ) {
            let (low, high) = (low.min(high), low.max(high));
            let at = |bp| Salt(salt).choose(Share::new(bp).unwrap(), &key);
            prop_assert!(at(low) == Arm::Incumbent || at(high) == Arm::Candidate);
        }

        #[test]
        fn the_ends_are_exact(salt: u64, key: Vec<u8>) {
            prop_assert_eq!(Salt(salt).choose(Share::ZERO, &key), Arm::Incumbent);
            prop_assert_eq!(Salt(salt).choose(Share::FULL, &key), Arm::Candidate);
        }
    }
}
