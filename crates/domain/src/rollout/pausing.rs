//! Setting and clearing the overlays `paused` and `held`.

use super::entry::{Answer, Cause, said, stay};
use super::event::{Event, Rejected};
use super::objective::way_back;
use super::overlay::{Hold, Pause, Void};
use super::stage::Stage;
use super::state::Rollout;
use super::voyage::not_here;
use crate::Timestamp;
use crate::plan::Blocks;

/// Why a freeze holds.
pub(super) const FROZEN: &str = "a freeze window of the policy is open";

pub(super) fn pause(next: Rollout, event: &Event, reason: &str) -> Answer {
    if next.paused.is_some() {
        return Err(Rejected::Already);
    }
    if matches!(next.stage, Stage::RollingBack { .. }) {
        return Err(not_here(&next, event));
    }
    pause_for(next, Pause::Operator, event, said(reason))
}

/// Sets the pause, unless a graver one stands; a void verdict is kept all the same. An approval that
/// was asked for stays asked for.
pub(super) fn pause_for(mut next: Rollout, pause: Pause, event: &Event, cause: Cause) -> Answer {
    let why = cause.in_words();
    let void = Void::of(pause, why.clone()).filter(|void| is_news(&next, void));
    let stands = next.paused.is_some_and(|set| set == pause || set.rank() > pause.rank());
    if stands && void.is_none() {
        return Err(Rejected::Already);
    }
    next.void = void.or(next.void);
    if !stands {
        next.paused = Some(pause);
    }
    next.reason = Some(why);
    Ok(stay(next, event, cause))
}

fn is_news(next: &Rollout, void: &Void) -> bool {
    next.void.as_ref().is_none_or(|known| known.pause().rank() < void.pause().rank())
}

/// What was seen of the candidate forbids to go on, whatever a person says.
pub(super) fn refuse_void(next: &Rollout) -> Result<(), Rejected> {
    match &next.void {
        Some(void) => Err(Rejected::NotResumable(void.pause().as_str())),
        None => Ok(()),
    }
}

pub(super) fn resume(mut next: Rollout, event: &Event, now: Timestamp) -> Answer {
    refuse_void(&next)?;
    match next.paused {
        None => return Err(Rejected::Already),
        Some(cause @ (Pause::SampleRatio | Pause::Fail)) => {
            return Err(Rejected::NotResumable(cause.as_str()));
        }
        // A share that comes back needs its capacity like any other.
        Some(Pause::Incident) if next.held == Some(Hold::Capacity) => {
            let overlay = format!("held({})", Hold::Capacity);
            return Err(Rejected::Blocked { event: event.name(), overlay });
        }
        // The share comes back, and with it a new routing table.
        Some(Pause::Incident) => next.reroute(now),
        Some(Pause::Operator | Pause::Divergence | Pause::Deadline | Pause::ApprovalExpired) => {
            // A guardrail reports once under a table; under the next one it works again.
            if !next.step.trips.is_empty() {
                next.reroute(now);
            }
        }
    }
    next.paused = None;
    next.reason = None;
    next.step.clock.restart_maximum();
    Ok(stay(next, event, said("resumed")))
}

/// Something is missing; one hold is shown at a time, and those of a raise give way to others.
pub(super) fn held(mut next: Rollout, event: &Event, hold: Hold, why: &str) -> Answer {
    if next.held.is_some_and(|set| !set.is_of_a_raise() || hold.is_of_a_raise()) {
        return Err(Rejected::Already);
    }
    next.held = Some(hold);
    if next.paused.is_none() {
        next.reason = Some(beside(&next, why));
    }
    Ok(stay(next, event, said(format!("held({hold}): {why}"))))
}

/// Why a hold stands; on the way back, beside why it goes back, which is also why it ends.
fn beside(next: &Rollout, why: &str) -> String {
    match (next.stage, &next.reason) {
        (Stage::RollingBack { .. }, Some(reason)) if !reason.ends_with(why) => {
            format!("{reason}; {why}")
        }
        (Stage::RollingBack { .. }, Some(reason)) => reason.clone(),
        (_, _) => why.to_owned(),
    }
}

/// Lifts a hold, and forgets why it stood.
pub(super) fn let_go(next: &mut Rollout) {
    next.held = None;
    if next.paused.is_none() && !matches!(next.stage, Stage::RollingBack { .. }) {
        next.reason = None;
    }
}

pub(super) fn released(mut next: Rollout, event: &Event, hold: Hold) -> Answer {
    if next.held != Some(hold) {
        return Err(Rejected::Already);
    }
    // Whether a check can be computed again only a look can tell.
    if hold == Hold::Provider && judged_here(next.stage) {
        return Err(Rejected::Undecided);
    }
    let_go(&mut next);
    Ok(stay(next, event, said(format!("{hold} is back"))))
}

const fn judged_here(stage: Stage) -> bool {
    matches!(stage, Stage::Shadow | Stage::Canary | Stage::Ramp { .. } | Stage::Stabilizing)
}

/// Lifts a freeze that is over; none while it lasts, or without one.
pub(super) fn thaw(next: &Rollout, event: &Event, now: Timestamp) -> Option<Answer> {
    let over = next.held == Some(Hold::Freeze) && next.plan.blocked(Blocks::Advance, now).is_none();
    over.then(|| {
        let mut next = next.clone();
        let_go(&mut next);
        Ok(stay(next, event, said("the freeze is over")))
    })
}

/// What stands in the way of a raise that no look accompanies: a freeze is held for, then lifted.
pub(super) fn hindered(next: &Rollout, event: &Event, now: Timestamp) -> Option<Answer> {
    let frozen = next.plan.blocked(Blocks::Advance, now).is_some();
    match next.held {
        None if frozen => Some(held(next.clone(), event, Hold::Freeze, FROZEN)),
        None => None,
        Some(_) => Some(thaw(next, event, now).unwrap_or(Err(Rejected::Undecided))),
    }
}

/// Holds a step whose routing table is not in force everywhere in time.
pub(super) fn unacknowledged(next: Rollout, event: &Event, now: Timestamp) -> Answer {
    let waited = now.since(next.step.routed_at) >= next.plan.routing.ack_timeout;
    if next.step.acknowledged_at.is_some() || next.held.is_some() || !waited {
        return Err(Rejected::Undecided);
    }
    let why = format!("epoch {} is not acknowledged by every gateway", next.epoch);
    held(next, event, Hold::Ack, &why)
}

/// Starts the step's clock at the first acknowledgement of its epoch.
pub(super) fn acknowledged(mut next: Rollout, event: &Event, now: Timestamp) -> Answer {
    if next.step.acknowledged_at.is_some() {
        return Err(Rejected::Already);
    }
    next.step.acknowledged_at = Some(now);
    next.step.clock.start(now);
    if next.held == Some(Hold::Ack) {
        let_go(&mut next);
    }
    let cause = match next.paused {
        // The share was taken away: that is a way back, and measured as one.
        Some(Pause::Incident) => way_back(&next, "share zero", next.step.routed_at, now),
        Some(_) | None => format!("epoch {} acknowledged", next.epoch),
    };
    Ok(stay(next, event, said(cause)))
}
