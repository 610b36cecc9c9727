//! Samples by hash: what is kept where not everything fits.
//!
//! Owns the rule that the ledger of units and the lists of assignments share: at level n those stay whose
//! hash begins with n zero bits. What is left out is left out of both arms alike, and whatever its outcome.

use super::Assignment;
use siphasher::sip::SipHasher24;
use std::hash::Hasher;

/// Whether this hash is in the sample at `level`: one in 2^level is.
#[must_use]
pub const fn within(hash: u64, level: u32) -> bool {
    hash.leading_zeros() >= level
}

/// The level at which a list goes on that has room for so many more of `limit`: all, until three quarters
/// are taken, and from then on half as many whenever half of what was left is taken. So a rush fills
/// it late, and of those that come at one time the hash decides who stays. In a rush that outlasts the room
/// later ones are rarer, on both arms alike.
#[must_use]
pub const fn level(left: u64, limit: u64) -> u32 {
    let rest = if left == 0 { 1 } else { left };
    match (limit / rest).checked_ilog2() {
        Some(halved) => halved.saturating_sub(1),
        None => 0,
    }
}

impl Assignment {
    /// Whether it is in the sample at `level`. Those whose labels are one unit's outcome are in it, or out
    /// of it, together. Its hash is of its own: neither the arm's draw nor the ledger's sample tells of it.
    #[must_use]
    pub fn is_within(&self, level: u32) -> bool {
        let mut hasher = SipHasher24::new_with_keys(0x6173_7369_676e_0000, 0x7365_6174_7269_616c);
        hasher.write_u64(self.unit.unwrap_or(self.request));
        within(hasher.finish(), level)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sample_is_halved_whenever_half_of_the_room_is_taken() {
        let levels: Vec<u32> = [1_000, 501, 251, 250, 126, 125, 63, 62, 1, 0]
            .into_iter()
            .map(|left| level(left, 1_000))
            .collect();
        assert_eq!(levels, [0, 0, 0, 1, 1, 2, 2, 3, 8, 8]);
        assert_eq!((level(0, 0), level(5, 0)), (0, 0));
    }

    #[test]
    fn a_list_that_is_offered_twice_its_room_is_not_full() {
        let limit = 1_000_u64;
        let mut kept = 0;
        for offered in 0..2_000_u64 {
            let hash = offered.wrapping_mul(0x9e37_79b9_7f4a_7c15);
            kept += u64::from(within(hash, level(limit - kept, limit)));
        }
        assert!((950..1_000).contains(&kept), "{kept}");
    }
}
