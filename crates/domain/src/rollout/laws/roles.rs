//! What the aliases of roles promise in every state.

use super::history::always;
use crate::Share;
use crate::rollout::{CANARY, Role, STANDBY};
use proptest::prelude::*;

#[test]
fn the_canary_is_a_candidate_on_trial_and_the_standby_is_who_answered_before() {
    always(|offer| {
        let rollout = &offer.before;
        let share = rollout.share_of_stage();
        for role in rollout.roles() {
            match role {
                Role::Given { alias: CANARY, version } => {
                    prop_assert_eq!(version, &rollout.candidate);
                    prop_assert!(share > Share::ZERO && share < Share::FULL);
                    prop_assert!(rollout.gate_index().is_some());
                }
                Role::Given { alias, version } => {
                    prop_assert_eq!(alias, STANDBY);
                    prop_assert_eq!(Some(version), rollout.incumbent.as_ref());
                    prop_assert_eq!(share, rollout.full_share());
                }
                Role::Over { .. } => {}
            }
        }
        Ok(())
    });
}

#[test]
fn what_is_over_or_waits_gives_no_role() {
    always(|offer| {
        let Some(transition) = offer.taken() else { return Ok(()) };
        let next = &transition.next;
        if next.share_of_stage() == Share::ZERO || next.stage.is_terminal() {
            let given = next.roles().into_iter().any(|role| matches!(role, Role::Given { .. }));
            prop_assert!(!given, "{:?}", next.stage);
        }
        Ok(())
    });
}
