//! Law 5: while the share only rises, a unit on the candidate stays there.

use super::history::over_histories;
use crate::Share;
use crate::rollout::Rollout;
use crate::split::Arm;
use proptest::prelude::*;
use std::collections::BTreeSet;

/// Units whose arm is followed through every routing table.
const FOLLOWED: u64 = 128;

fn on_the_candidate(rollout: &Rollout, now: crate::Timestamp) -> BTreeSet<u64> {
    let share = rollout.desired(now).route.share;
    (0..FOLLOWED)
        .filter(|unit| rollout.salt.choose(share, &unit.to_le_bytes()) == Arm::Candidate)
        .collect()
}

#[test]
fn while_the_share_only_rises_a_unit_on_the_candidate_stays_there() {
    over_histories(|offers| {
        let (mut share, mut candidates) = (Share::ZERO, BTreeSet::new());
        for offer in offers {
            let Some(transition) = offer.taken() else { continue };
            let now = on_the_candidate(&transition.next, offer.now);
            let before = std::mem::replace(&mut share, transition.next.share());
            if share >= before {
                prop_assert!(now.is_superset(&candidates), "{} to {}", before, share);
            } else {
                // What leaves the candidate goes to the incumbent; nobody goes the other way.
                prop_assert!(now.is_subset(&candidates), "{} to {}", before, share);
            }
            candidates = now;
        }
        Ok(())
    });
}
