//! Laws 7 and 9: what is written down is what is true, and can be read again.

use super::history::always;
use crate::rollout::{Effect, Pause, Rollout, Route, Stage};
use crate::{Epoch, VersionRef};
use proptest::prelude::*;

#[test]
fn the_journal_says_what_the_state_is() {
    always(|offer| {
        let Some(transition) = offer.taken() else { return Ok(()) };
        let (entry, next) = (&transition.journal, &transition.next);
        prop_assert_eq!(entry.from, offer.before.stage.name());
        prop_assert_eq!(entry.to, next.stage.name());
        prop_assert_eq!(entry.share, next.share());
        prop_assert_eq!(entry.epoch, next.epoch);
        prop_assert_eq!(&entry.event, offer.event.name());
        let overlays = [
            next.paused.map(|pause| format!("paused({pause})")),
            next.awaiting.map(|_| "awaiting_approval".to_owned()),
            next.held.map(|hold| format!("held({hold})")),
        ];
        prop_assert_eq!(&entry.overlays, &overlays.into_iter().flatten().collect::<Vec<_>>());
        Ok(())
    });
}

#[test]
fn a_stored_rollout_is_the_rollout() {
    always(|offer| {
        let Some(transition) = offer.taken() else { return Ok(()) };
        let stored = serde_json::to_string(&transition.next).unwrap();
        let read: Rollout = serde_json::from_str(&stored).unwrap();
        prop_assert_eq!(&read, &transition.next);
        prop_assert_eq!(read.plan.hash(), read.plan_hash);
        Ok(())
    });
}

#[test]
fn the_same_event_leads_to_the_same_state() {
    always(|offer| {
        prop_assert_eq!(&offer.before.on(&offer.event, offer.now), &offer.answer);
        Ok(())
    });
}

#[test]
fn a_transition_changes_something() {
    always(|offer| {
        if let Some(transition) = offer.taken() {
            prop_assert_ne!(&transition.next, &offer.before);
        }
        Ok(())
    });
}

#[test]
fn an_epoch_is_issued_for_every_change_of_the_route_and_for_little_else() {
    always(|offer| {
        let Some(transition) = offer.taken() else { return Ok(()) };
        let (before, next) = (&offer.before, &transition.next);
        let route =
            |rollout: &Rollout| Route { epoch: Epoch(0), ..rollout.desired(offer.now).route };
        // Leaving the queue, a rollout takes over the endpoint's route with an epoch it is given.
        if before.stage != Stage::Queued && route(before) != route(next) {
            prop_assert!(next.epoch > before.epoch);
        }
        prop_assert!(next.epoch >= before.epoch);
        if next.epoch != before.epoch {
            let incident = |rollout: &Rollout| rollout.paused == Some(Pause::Incident);
            // After a trip that left the share, the guardrails need a table to work under again.
            let tripped = !before.step.trips.is_empty() && next.paused.is_none();
            let within = incident(before) != incident(next) || tripped;
            prop_assert!(before.stage != next.stage || within);
        }
        Ok(())
    });
}

/// Where the endpoint's serving version moves to.
fn serving(effects: &[Effect]) -> Option<&Option<VersionRef>> {
    effects.iter().find_map(|effect| {
        let Effect::Serving { version, .. } = effect else { return None };
        Some(version)
    })
}

#[test]
fn serving_moves_exactly_at_cutover_and_at_the_rollback_after_it() {
    always(|offer| {
        let Some(transition) = offer.taken() else { return Ok(()) };
        let (before, next) = (&offer.before, &transition.next);
        let moved = |rollout: &Rollout| {
            matches!(
                rollout.stage,
                Stage::Cutover | Stage::Stabilizing | Stage::Decommissioning | Stage::Completed
            )
        };
        let expected = match (moved(before), moved(next)) {
            (false, true) => Some(Some(next.candidate.clone())),
            (true, false) => Some(next.incumbent.clone()),
            (false, false) | (true, true) => None,
        };
        prop_assert_eq!(serving(&transition.journal.effects), expected.as_ref());
        Ok(())
    });
}
