//! What a transition's journal row rests on beyond its cause, so that the journal alone tells why.

use super::cell::State;
use seatrial_domain::grounds::Grounds;
use seatrial_domain::rollout::{Event, Rollout, Transition};
use serde_json::Value;

/// The plan where a rollout starts, what was seen where it was judged, and what a validation found.
pub(super) fn of(
    state: &mut State,
    rollout: &Rollout,
    event: &Event,
    transition: &Transition,
) -> Option<Value> {
    let waited = |waited: &&super::cell::Pending| {
        waited.rollout == rollout.id && waited.event == *event && waited.grounds.is_some()
    };
    if let Some(pending) = state.pending.as_ref().filter(waited) {
        return pending.grounds.clone();
    }
    if let Event::Turn { plan, .. } = event {
        return kept(rollout, &Grounds::of_plan(plan));
    }
    if let Event::Judged { verdict, .. } = event {
        let saw = state.look.saw(rollout, verdict)?;
        return kept(rollout, &Grounds::of_look(saw, verdict, &transition.journal.cause));
    }
    state.validation.evidence(event)
}

fn kept(rollout: &Rollout, grounds: &Grounds) -> Option<Value> {
    let stored = grounds.stored();
    if stored.is_none() {
        let most = Grounds::BYTES_MAX;
        tracing::warn!(rollout.id = %rollout.id, most, "more evidence than a journal row keeps");
    }
    stored
}
