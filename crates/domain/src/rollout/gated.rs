//! Stages that are left by a verdict on live traffic: shadow, canary, ramp.

use super::approval::{accept_divergence, approve, ask, expire, promote};
use super::ending::{end, end_with, fall_back, quarantine};
use super::entry::{Answer, Cause, said, stay};
use super::event::{Event, Rejected};
use super::here::Here;
use super::leaving::{Look, current, enough, leave, minimum_over, overridden_leave};
use super::overlay::{Hold, Pause};
use super::pausing::{acknowledged, held, let_go, pause_for, thaw, unacknowledged};
use super::stage::Outcome;
use super::state::Rollout;
use super::voyage::not_here;
use crate::Timestamp;
use crate::plan::{AtDeadline, GateMode, OnDivergence, OnFail, OnProviderError, OnSampleRatio};
use crate::verdict::{Decision, SampleRatio, Verdict};
use std::time::Duration;

pub(super) fn shadow(next: Rollout, here: Here<'_>, event: &Event, now: Timestamp) -> Answer {
    match here {
        Here::Judged(look) => compared(next, event, &look, now),
        Here::Approve(by) => accept_divergence(next, event, by, now),
        Here::Promote(reason) => promote(next, event, reason),
        Here::Acknowledged => acknowledged(next, event, now),
        Here::Tick => {
            let maximum = next.plan.shadow.max_duration;
            tick(next, event, maximum, now)
        }
        Here::Turn(_)
        | Here::Staged
        | Here::StagingFailed(_)
        | Here::Validated(_)
        | Here::ValidationFailed(_)
        | Here::Drained => Err(not_here(&next, event)),
    }
}

pub(super) fn gate(next: Rollout, here: Here<'_>, event: &Event, now: Timestamp) -> Answer {
    match here {
        Here::Judged(look) => judged(next, event, &look, now),
        Here::Approve(by) => approve(next, event, by, now),
        Here::Promote(reason) => promote(next, event, reason),
        Here::Acknowledged => acknowledged(next, event, now),
        Here::Tick => {
            let maximum = current(&next).map_or(Duration::MAX, |gate| gate.max_duration);
            tick(next, event, maximum, now)
        }
        Here::Turn(_)
        | Here::Staged
        | Here::StagingFailed(_)
        | Here::Validated(_)
        | Here::ValidationFailed(_)
        | Here::Drained => Err(not_here(&next, event)),
    }
}

/// The shadow's look. Divergence may be the intended improvement: a person can accept it.
fn compared(next: Rollout, event: &Event, look: &Look<'_>, now: Timestamp) -> Answer {
    let accepted = next.step.approved.is_some() || next.step.overridden.is_some();
    // The shadow splits nothing; a verdict that says otherwise is none of its own, and void.
    let valid =
        look.verdict.sample_ratio == SampleRatio::Plausible && next.held != Some(Hold::Provider);
    match &look.verdict.decision {
        Decision::Fail { .. } if accepted => leave(next, event, look, now),
        Decision::Fail { .. } => diverged(next, event, look.verdict, now),
        Decision::Pass if valid => leave(next, event, look, now),
        Decision::Pass | Decision::Inconclusive | Decision::Error { .. } => {
            undecided(next, event, look, now)
        }
    }
}

fn diverged(next: Rollout, event: &Event, verdict: &Verdict, now: Timestamp) -> Answer {
    if !enough(&next, verdict) {
        return Err(Rejected::Undecided);
    }
    let cause = Cause::Verdict { verdict: Box::new(verdict.clone()) };
    match next.plan.shadow.on_fail {
        OnDivergence::Pause if next.paused.is_some() => Err(Rejected::Already),
        OnDivergence::Pause => pause_for(next, Pause::Divergence, event, cause),
        OnDivergence::Reject => {
            let effects = quarantine(&next, &cause.in_words());
            end_with(next, Outcome::Rejected, (event, cause), effects, now)
        }
    }
}

/// A fail acts at once, under every overlay; a pass only when nothing stands in its way.
fn judged(next: Rollout, event: &Event, look: &Look<'_>, now: Timestamp) -> Answer {
    if let Some(answer) = alarming(&next, event, look.verdict, now) {
        return answer;
    }
    let mode = current(&next).map_or(GateMode::Auto, |gate| gate.mode);
    let approved = next.step.approved.is_some();
    let passes = look.verdict.decision == Decision::Pass
        && next.held != Some(Hold::Provider)
        && enough(&next, look.verdict);
    match mode {
        GateMode::Auto if passes => leave(next, event, look, now),
        GateMode::AutoAndApproval if passes && approved => leave(next, event, look, now),
        GateMode::AutoAndApproval if passes => ask_here(next, event, look, now),
        GateMode::Approval if approved => leave(next, event, look, now),
        GateMode::Approval if minimum_over(&next) => ask_here(next, event, look, now),
        GateMode::Auto | GateMode::AutoAndApproval | GateMode::Approval => {
            undecided(next, event, look, now)
        }
    }
}

/// What a look acts on in every stage with a live control, whatever overlay is set.
pub(super) fn alarming(
    next: &Rollout,
    event: &Event,
    verdict: &Verdict,
    now: Timestamp,
) -> Option<Answer> {
    match (&verdict.decision, verdict.sample_ratio) {
        (Decision::Fail { .. }, _) => Some(failed(next.clone(), event, verdict, now)),
        (_, SampleRatio::Mismatch) => Some(mismatch(next.clone(), event, verdict, now)),
        (Decision::Pass | Decision::Inconclusive | Decision::Error { .. }, _) => None,
    }
}

/// The verdict's fail: roll back with quarantine, or pause, as the policy says.
fn failed(next: Rollout, event: &Event, verdict: &Verdict, now: Timestamp) -> Answer {
    let cause = Cause::Verdict { verdict: Box::new(verdict.clone()) };
    match next.plan.analysis.on_fail {
        OnFail::Rollback => {
            let effects = quarantine(&next, &cause.in_words());
            fall_back(next, event, cause, effects, now)
        }
        OnFail::Pause => pause_for(next, Pause::Fail, event, cause),
    }
}

/// A split that is not what was asked for voids every pass.
fn mismatch(next: Rollout, event: &Event, verdict: &Verdict, now: Timestamp) -> Answer {
    let cause = Cause::Verdict { verdict: Box::new(verdict.clone()) };
    match next.plan.analysis.on_sample_ratio {
        OnSampleRatio::Pause => pause_for(next, Pause::SampleRatio, event, cause),
        OnSampleRatio::Rollback => fall_back(next, event, cause, Vec::new(), now),
    }
}

/// No verdict to act on: an override leaves, a check that cannot be computed is dealt with as the
/// policy says, and one that can be again lifts its hold.
pub(super) fn undecided(
    mut next: Rollout,
    event: &Event,
    look: &Look<'_>,
    now: Timestamp,
) -> Answer {
    // Only a fail acts before the table it is looked at under is in force.
    if next.step.acknowledged_at.is_none() {
        return Err(Rejected::Undecided);
    }
    if let Decision::Error { .. } = look.verdict.decision {
        return blind(next, event, look, now);
    }
    if next.held == Some(Hold::Provider) {
        let_go(&mut next);
        return Ok(stay(next, event, said("every check can be computed again")));
    }
    overridden_leave(next, event, look, now)
}

fn blind(next: Rollout, event: &Event, look: &Look<'_>, now: Timestamp) -> Answer {
    if next.step.overridden.is_some() {
        return leave(next, event, look, now);
    }
    let cause = Cause::Verdict { verdict: Box::new(look.verdict.clone()) };
    match next.plan.analysis.on_provider_error {
        OnProviderError::Hold => held(next, event, Hold::Provider, &cause.in_words()),
        OnProviderError::Pause if next.paused.is_some() => Err(Rejected::Already),
        OnProviderError::Pause => pause_for(next, Pause::Operator, event, cause),
        OnProviderError::Rollback => fall_back(next, event, cause, Vec::new(), now),
    }
}

/// Asks for the approval of this gate, unless it is overridden already.
fn ask_here(next: Rollout, event: &Event, look: &Look<'_>, now: Timestamp) -> Answer {
    if next.step.overridden.is_some() {
        return leave(next, event, look, now);
    }
    if next.paused.is_some() {
        return Err(Rejected::Undecided);
    }
    let cause = Cause::Verdict { verdict: Box::new(look.verdict.clone()) };
    ask(next, event, cause, now)
}

/// Deadlines and expiries. An undecided gate never promotes.
fn tick(next: Rollout, event: &Event, maximum: Duration, now: Timestamp) -> Answer {
    if next.awaiting.is_some() {
        return expire(next, event, now);
    }
    if next.step.acknowledged_at.is_none() && next.held.is_none() {
        return unacknowledged(next, event, now);
    }
    if let Some(answer) = thaw(&next, event, now) {
        return answer;
    }
    if next.paused.is_some() || next.step.clock.maximum() < maximum {
        return Err(Rejected::Undecided);
    }
    let cause = said("undecided at the deadline");
    match next.plan.analysis.at_deadline {
        AtDeadline::Pause => pause_for(next, Pause::Deadline, event, cause),
        AtDeadline::Rollback => end(next, Outcome::RolledBack, event, cause, now),
    }
}
