//! Events that mean the same in every stage: people's words, guardrails, what the world lacks,
//! a restart of the server. Abort and rollback win from every state (law 4).

use super::ending::{end, end_with, quarantine, stranded};
use super::entry::{Answer, said};
use super::event::{Event, Rejected};
use super::guardrail::tripped;
use super::here::{Failed, Here, Turn};
use super::leaving::Look;
use super::pausing::{held, pause, released, resume};
use super::restarting::restarted;
use super::stage::{Outcome, Stage};
use super::state::Rollout;
use super::voyage::not_here;
use crate::Timestamp;

/// An event that is answered, or one for the stage's own function.
pub(super) enum Sorted<'a> {
    Answered(Box<Answer>),
    Here(Here<'a>),
}

/// Answers the events that mean the same everywhere, and hands on the others.
pub(super) fn everywhere<'a>(next: &Rollout, event: &'a Event, now: Timestamp) -> Sorted<'a> {
    let answer = match event {
        Event::Abort { reason } => end(next.clone(), Outcome::Aborted, event, said(reason), now),
        Event::Supersede { by } => {
            let cause = format!("superseded by rollout {by}");
            back(next.clone(), Outcome::Superseded, event, &cause, now)
        }
        Event::RollBack { reason } => back(next.clone(), Outcome::RolledBack, event, reason, now),
        Event::Reject { reason } => reject(next.clone(), event, reason, now),
        Event::TurnedAway { outcome, why } => {
            turned_away(next.clone(), event, (*outcome, why), now)
        }
        Event::GuardrailTripped(trip) => tripped(next.clone(), event, trip, now),
        Event::Pause { reason } => pause(next.clone(), event, reason),
        Event::Resume => resume(next.clone(), event, now),
        Event::Held { hold, why } => held(next.clone(), event, *hold, why),
        Event::Released(hold) => released(next.clone(), event, *hold),
        Event::Restarted { .. } => restarted(next.clone(), event, now),
        Event::Acknowledged { epoch } if *epoch != next.epoch => {
            Err(Rejected::Stale { found: *epoch, expected: next.epoch })
        }
        Event::Acknowledged { .. } => return Sorted::Here(Here::Acknowledged),
        Event::Turn { epoch, incumbent, plan } => {
            let turn = Turn { epoch: *epoch, incumbent: incumbent.as_ref(), plan };
            return Sorted::Here(Here::Turn(turn));
        }
        Event::Approve { by } => return Sorted::Here(Here::Approve(by)),
        Event::Promote { reason } => return Sorted::Here(Here::Promote(reason)),
        Event::Staged => return Sorted::Here(Here::Staged),
        Event::StagingFailed { why } => return Sorted::Here(Here::StagingFailed(why)),
        Event::Validated { summary } => return Sorted::Here(Here::Validated(summary)),
        Event::ValidationFailed { why, fault } => {
            return Sorted::Here(Here::ValidationFailed(Failed { why, fault: *fault }));
        }
        Event::Judged { verdict, capacity } => {
            return Sorted::Here(Here::Judged(Look { verdict, capacity: *capacity }));
        }
        Event::Drained => return Sorted::Here(Here::Drained),
        Event::Tick => return Sorted::Here(Here::Tick),
    };
    Sorted::Answered(Box::new(answer))
}

/// Back to the incumbent. Only an abort may leave an endpoint without an answer.
fn back(next: Rollout, outcome: Outcome, event: &Event, reason: &str, now: Timestamp) -> Answer {
    if stranded(&next) {
        return Err(Rejected::NoIncumbent);
    }
    end(next, outcome, event, said(reason), now)
}

/// Only what still waits can be turned away.
fn turned_away(
    next: Rollout,
    event: &Event,
    (outcome, why): (Outcome, &str),
    now: Timestamp,
) -> Answer {
    match next.stage {
        Stage::Queued => end(next, outcome, event, said(why), now),
        Stage::Staging
        | Stage::Validating { .. }
        | Stage::Shadow
        | Stage::Canary
        | Stage::Ramp { .. }
        | Stage::Cutover
        | Stage::Stabilizing
        | Stage::Decommissioning
        | Stage::RollingBack { .. }
        | Stage::Completed
        | Stage::Rejected
        | Stage::RolledBack
        | Stage::Aborted
        | Stage::Superseded => Err(not_here(&next, event)),
    }
}

/// A person's no, where a person was asked or somebody paused.
fn reject(next: Rollout, event: &Event, reason: &str, now: Timestamp) -> Answer {
    if next.awaiting.is_none() && next.paused.is_none() {
        return Err(not_here(&next, event));
    }
    if stranded(&next) {
        return Err(Rejected::NoIncumbent);
    }
    let effects = quarantine(&next, reason);
    end_with(next, Outcome::Rejected, (event, said(reason)), effects, now)
}
