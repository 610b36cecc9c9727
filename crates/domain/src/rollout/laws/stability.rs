//! Where no gate decides: a first version's way to cutover, and the way out of stabilizing.

use super::history::{always, over_histories};
use super::times::Counted;
use crate::plan::{Kind, NeedsApproval};
use crate::rollout::{Bootstrap, Stage};
use proptest::prelude::*;
use std::collections::BTreeSet;

#[test]
fn a_first_version_goes_live_only_by_approval_or_bootstrap() {
    always(|offer| {
        let live = offer.taken().is_some_and(|transition| transition.next.stage == Stage::Cutover);
        let before = &offer.before;
        if !live || before.stage == Stage::Cutover || before.plan.kind != Kind::First {
            return Ok(());
        }
        prop_assert!(before.step.approved.is_some());
        let people: BTreeSet<_> = before.step.approvals.iter().collect();
        let enough = people.len() >= before.plan.approval.count as usize;
        prop_assert!(enough || before.bootstrap == Bootstrap::Approved);
        Ok(())
    });
}

#[test]
fn stabilizing_is_left_only_after_both_durations_with_nothing_in_the_way() {
    over_histories(|offers| {
        let mut counted = Counted::default();
        for offer in offers {
            let minimum = counted.before(offer);
            counted.after(offer);
            let before = &offer.before;
            let left = before.stage == Stage::Stabilizing
                && offer.taken().is_some_and(|it| it.next.stage == Stage::Decommissioning);
            if !left {
                continue;
            }
            let plan = &before.plan;
            prop_assert!(minimum >= plan.stability.duration);
            prop_assert!(minimum >= plan.standby.keep || before.incumbent.is_none());
            prop_assert!(before.step.acknowledged_at.is_some());
            let overlays = (before.paused, before.awaiting, before.held);
            prop_assert_eq!(overlays, (None, None, None));
            prop_assert_eq!(&before.void, &None);
            let asked = plan.decommission.approval == NeedsApproval::Yes;
            prop_assert!(!asked || before.incumbent.is_none() || before.step.approved.is_some());
        }
        Ok(())
    });
}
