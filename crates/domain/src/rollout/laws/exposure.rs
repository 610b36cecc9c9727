//! Laws 2 and 7: when the share may rise, and to what.

use super::history::{Offer, always};
use crate::Share;
use crate::plan::{Blocks, Kind};
use crate::rollout::{Event, Hold, Pause, Rollout, Stage};
use proptest::prelude::*;

/// The share before and after, if the offer raised it.
fn raised(offer: &Offer) -> Option<(&Rollout, &Rollout)> {
    let next = &offer.taken()?.next;
    (next.share() > offer.before.share()).then_some((&offer.before, next))
}

/// The share an incident took away, given back.
fn restored(before: &Rollout, next: &Rollout) -> bool {
    before.paused == Some(Pause::Incident) && before.stage == next.stage
}

#[test]
fn the_share_rises_only_by_a_look_with_capacity_or_by_what_needs_none() {
    always(|offer| {
        let Some((before, next)) = raised(offer) else { return Ok(()) };
        let event = &offer.event;
        let roomy = matches!(event, Event::Judged { capacity, .. }
            if *capacity >= next.sessions_for(next.share()));
        // In these plans what is staged is staged at full capacity.
        let staged = *event == Event::Staged && before.plan.kind == Kind::Restore;
        let full = before.plan.kind == Kind::First || next.stage == Stage::Decommissioning;
        // Nobody looks at the sessions here: what lacks them is held, and waits.
        let roomy_enough = before.held != Some(Hold::Capacity);
        let ticked = *event == Event::Tick && full && roomy_enough;
        let resumed = *event == Event::Resume && restored(before, next) && roomy_enough;
        prop_assert!(roomy || staged || ticked || resumed, "{} raised the share", event.name());
        Ok(())
    });
}

#[test]
fn full_capacity_is_there_before_cutover() {
    always(|offer| {
        if let (Event::Judged { capacity, .. }, Some((_, next))) = (&offer.event, raised(offer))
            && next.stage == Stage::Cutover
        {
            prop_assert!(*capacity >= next.settings.sessions);
        }
        Ok(())
    });
}

#[test]
fn the_share_never_rises_under_an_overlay() {
    always(|offer| {
        let Some((before, next)) = raised(offer) else { return Ok(()) };
        if restored(before, next) {
            return Ok(());
        }
        prop_assert_eq!(before.paused, None);
        prop_assert_eq!(before.awaiting, None);
        // The first two end by the very look that finds what was missing; an override does without
        // the evidence that the others wait for.
        let overridden = before.step.overridden.is_some();
        let ended = match before.held {
            None | Some(Hold::Freeze | Hold::Capacity) => true,
            Some(Hold::Coverage | Hold::Provider) => overridden,
            Some(_) => false,
        };
        prop_assert!(ended, "raised under {:?}", before.held);
        Ok(())
    });
}

#[test]
fn the_share_never_rises_in_a_freeze_but_by_a_restore() {
    always(|offer| {
        let Some((before, next)) = raised(offer) else { return Ok(()) };
        let free = before.plan.kind == Kind::Restore || restored(before, next);
        prop_assert!(free || before.plan.blocked(Blocks::Advance, offer.now).is_none());
        Ok(())
    });
}

#[test]
fn the_share_takes_the_plans_values_one_gate_at_a_time() {
    always(|offer| {
        let Some(transition) = offer.taken() else { return Ok(()) };
        let (before, next) = (&offer.before, &transition.next);
        let mut ladder = vec![Share::ZERO];
        ladder.extend(next.plan.gates.iter().map(|gate| gate.share));
        ladder.push(next.full_share());
        ladder.push(Share::FULL);
        ladder.dedup();
        let rung = |share| ladder.iter().position(|rung| *rung == share);
        let (Some(from), Some(to)) = (rung(before.share()), rung(next.share())) else {
            return Err(TestCaseError::fail(format!("{} is not in the plan", next.share())));
        };
        prop_assert!(to <= from + 1 || restored(before, next), "{} to {}", from, to);
        Ok(())
    });
}

#[test]
fn a_share_lost_to_an_incident_is_the_share_restored() {
    always(|offer| {
        let Some(transition) = offer.taken() else { return Ok(()) };
        let (before, next) = (&offer.before, &transition.next);
        if before.paused != Some(Pause::Incident) || next.stage != before.stage {
            return Ok(());
        }
        let resumed = offer.event == Event::Resume;
        prop_assert_eq!(next.share() > Share::ZERO, resumed);
        prop_assert_eq!(next.paused.is_none(), resumed);
        Ok(())
    });
}
