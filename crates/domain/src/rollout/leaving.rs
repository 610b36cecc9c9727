//! The one way to more exposure: out of a gate, justified, with capacity, and nothing in the way.

use super::entry::{Answer, Cause, Effect, record, said};
use super::event::{Event, Rejected};
use super::overlay::Hold;
use super::pausing::{FROZEN, held, let_go};
use super::stage::Stage;
use super::state::Rollout;
use crate::Timestamp;
use crate::plan::{Blocks, Gate};
use crate::verdict::{Coverage, Verdict};
use std::time::Duration;

/// A look: the verdict, and the candidate's sessions that are ready.
#[derive(Clone, Copy)]
pub(super) struct Look<'a> {
    pub(super) verdict: &'a Verdict,
    pub(super) capacity: u32,
}

pub(super) fn current(next: &Rollout) -> Option<&Gate> {
    next.gate_index().and_then(|index| next.gate(index))
}

/// The step's minimum duration, counted from the acknowledgement, is over.
pub(super) fn minimum_over(next: &Rollout) -> bool {
    let minimum = if next.stage == Stage::Shadow {
        next.plan.shadow.min_duration
    } else {
        current(next).map_or(Duration::MAX, |gate| gate.min_duration)
    };
    next.step.acknowledged_at.is_some() && next.step.clock.minimum() >= minimum
}

/// The minimum duration is over and this gate's units are enough. None at all never are.
pub(super) fn enough(next: &Rollout, verdict: &Verdict) -> bool {
    let minimum = if next.stage == Stage::Shadow {
        next.plan.shadow.min_requests
    } else {
        next.plan.analysis.min_units
    };
    minimum_over(next) && verdict.units.candidate >= minimum.max(1)
}

/// Leaves the gate only if a person has overridden it.
pub(super) fn overridden_leave(
    next: Rollout,
    event: &Event,
    look: &Look<'_>,
    now: Timestamp,
) -> Answer {
    if next.step.overridden.is_some() {
        leave(next, event, look, now)
    } else {
        Err(Rejected::Undecided)
    }
}

/// Raises the exposure, unless something stands in the way: then it is held, and looked at again.
pub(super) fn leave(mut next: Rollout, event: &Event, look: &Look<'_>, now: Timestamp) -> Answer {
    let justified = next.step.overridden.is_some() && next.step.acknowledged_at.is_some()
        || next.step.approved.is_some() && minimum_over(&next)
        || enough(&next, look.verdict);
    if !justified || next.paused.is_some() || next.awaiting.is_some() {
        return Err(Rejected::Undecided);
    }
    match lacking(&next, look, now) {
        None if gives_way(&next) => {}
        Some(hold) if gives_way(&next) && next.held != Some(hold) => {
            let_go(&mut next);
            let why = missing(&next, look, hold);
            return held(next, event, hold, &why);
        }
        None | Some(_) => return Err(Rejected::Undecided),
    }
    let (stage, _) = next.after_gate();
    let from = next.stage;
    let cause = match &next.step.overridden {
        Some(reason) => said(format!("overridden: {reason}")),
        None => Cause::Verdict { verdict: Box::new(look.verdict.clone()) },
    };
    let effects = if stage == Stage::Cutover { serving(&next) } else { Vec::new() };
    next.enter(stage, now);
    Ok(record(from, next, event, cause, effects))
}

/// Whether no hold stands but one of a raise, which this look finds anew, or one whose evidence an
/// override does without.
fn gives_way(next: &Rollout) -> bool {
    next.held.is_none_or(|hold| match hold {
        Hold::Freeze | Hold::Capacity => true,
        Hold::Coverage | Hold::Provider => next.step.overridden.is_some(),
        Hold::Telemetry
        | Hold::Standby
        | Hold::Ack
        | Hold::Storage
        | Hold::Referenced
        | Hold::RollbackFailed => false,
    })
}

/// What a raise waits for, in words.
fn missing(next: &Rollout, look: &Look<'_>, hold: Hold) -> String {
    match hold {
        Hold::Capacity => {
            let (ready, needed) = (look.capacity, next.sessions_after_gate());
            format!("{ready} of the candidate's {needed} sessions are ready")
        }
        Hold::Coverage => look.verdict.coverage.in_words(),
        Hold::Freeze => FROZEN.to_owned(),
        Hold::Telemetry
        | Hold::Provider
        | Hold::Standby
        | Hold::Ack
        | Hold::Storage
        | Hold::Referenced
        | Hold::RollbackFailed => format!("{hold} is missing"),
    }
}

/// The first thing that forbids a raise now.
fn lacking(next: &Rollout, look: &Look<'_>, now: Timestamp) -> Option<Hold> {
    let labels_matter = next.step.overridden.is_none();
    match look.verdict.coverage {
        Coverage::Short { .. } if labels_matter => Some(Hold::Coverage),
        Coverage::Short { .. } | Coverage::Enough => {
            if next.plan.blocked(Blocks::Advance, now).is_some() {
                Some(Hold::Freeze)
            } else {
                (look.capacity < next.sessions_after_gate()).then_some(Hold::Capacity)
            }
        }
    }
}

/// From this commit on the endpoint answers with the candidate.
pub(super) fn serving(next: &Rollout) -> Vec<Effect> {
    let alias = next.plan.cutover.alias.clone();
    let serving = Effect::Serving { version: Some(next.candidate.clone()), alias };
    let known_good = next.incumbent.clone().map(|version| Effect::KnownGood { version });
    std::iter::once(serving).chain(known_good).collect()
}
