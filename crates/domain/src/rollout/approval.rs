//! What people decide in a gate's stead: approvals, accepted divergences, overrides.

use super::entry::{Answer, Cause, said, stay};
use super::event::{Event, Rejected};
use super::overlay::{Awaiting, Pause};
use super::pausing::refuse_void;
use super::state::Rollout;
use super::voyage::not_here;
use crate::Timestamp;

/// Why an approval that nobody gave pauses.
const EXPIRED: &str = "the approval expired";

/// Asks for an approval, once.
pub(super) fn ask(mut next: Rollout, event: &Event, cause: Cause, now: Timestamp) -> Answer {
    if next.awaiting.is_some() {
        return Err(Rejected::Already);
    }
    next.awaiting = Some(Awaiting { since: now });
    Ok(stay(next, event, cause))
}

/// Counts one person's approval; the last one needed grants it.
pub(super) fn approve(mut next: Rollout, event: &Event, by: &str, now: Timestamp) -> Answer {
    if next.awaiting.is_none() {
        return Err(not_here(&next, event));
    }
    count(&mut next, by, now)?;
    if next.step.approved.is_some() {
        next.awaiting = None;
    }
    let cause = said(format!("approved by {by}: {}", given_of(&next)));
    // What a pause or a hold waits for is still why it stands.
    if next.paused.is_none() && next.held.is_none() {
        next.reason = Some(cause.in_words());
    }
    Ok(stay(next, event, cause))
}

/// A person accepts what the shadow showed; the next look leaves the stage.
pub(super) fn accept_divergence(
    mut next: Rollout,
    event: &Event,
    by: &str,
    now: Timestamp,
) -> Answer {
    if next.paused != Some(Pause::Divergence) {
        return Err(not_here(&next, event));
    }
    count(&mut next, by, now)?;
    if next.step.approved.is_some() {
        next.paused = None;
    }
    let cause = said(format!("divergence accepted by {by}: {}", given_of(&next)));
    if next.paused.is_none() {
        next.reason = Some(cause.in_words());
    }
    Ok(stay(next, event, cause))
}

fn count(next: &mut Rollout, by: &str, now: Timestamp) -> Result<(), Rejected> {
    if next.step.approvals.iter().any(|name| name == by) {
        return Err(Rejected::SamePerson(by.to_owned()));
    }
    next.step.approvals.push(by.to_owned());
    if given(next) >= next.plan.approval.count {
        next.step.approved = Some(now);
    }
    Ok(())
}

fn given(next: &Rollout) -> u32 {
    u32::try_from(next.step.approvals.len()).unwrap_or(u32::MAX)
}

fn given_of(next: &Rollout) -> String {
    format!("{} of {}", given(next), next.plan.approval.count)
}

/// An approval that nobody gave in time: everybody is asked anew after `resume`.
pub(super) fn expire(mut next: Rollout, event: &Event, now: Timestamp) -> Answer {
    let expired = next
        .awaiting
        .is_some_and(|asked| now.since(asked.since) >= next.plan.approval.expires_after);
    if !expired {
        return Err(Rejected::Undecided);
    }
    next.awaiting = None;
    next.step.approvals.clear();
    if next.paused.is_none_or(|set| set.rank() <= Pause::ApprovalExpired.rank()) {
        next.paused = Some(Pause::ApprovalExpired);
        next.reason = Some(EXPIRED.to_owned());
    }
    let cause = said(EXPIRED);
    Ok(stay(next, event, cause))
}

/// Overrides this one gate. A fail still acts, and capacity still comes before weight.
pub(super) fn promote(mut next: Rollout, event: &Event, reason: &str) -> Answer {
    refuse_void(&next)?;
    match next.paused {
        Some(cause @ (Pause::SampleRatio | Pause::Fail)) => {
            return Err(Rejected::NotResumable(cause.as_str()));
        }
        Some(Pause::Incident) => {
            let overlay = "paused(incident): resume first".to_owned();
            return Err(Rejected::Blocked { event: event.name(), overlay });
        }
        Some(Pause::Operator | Pause::Divergence | Pause::Deadline | Pause::ApprovalExpired)
        | None => {}
    }
    if next.step.overridden.is_some() {
        return Err(Rejected::Already);
    }
    // A gate overridden at its deadline must not meet that deadline again before the next look.
    if next.paused.take().is_some() {
        next.step.clock.restart_maximum();
    }
    next.awaiting = None;
    next.step.overridden = Some(reason.to_owned());
    let cause = said(format!("gate overridden: {reason}"));
    next.reason = Some(cause.in_words());
    Ok(stay(next, event, cause))
}
