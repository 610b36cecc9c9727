//! Stages before any live traffic: queued, staging, validating; and the first version's way past
//! the gates.

use super::approval::{approve, ask, expire};
use super::ending::{end, end_with, quarantine};
use super::entry::{Answer, Effect, Transition, record, said};
use super::event::{Event, Fault, Rejected};
use super::here::{Failed, Here, Turn};
use super::leaving::serving;
use super::pausing::hindered;
use super::stage::{Outcome, Stage, StageName, Validation};
use super::state::{Bootstrap, Rollout};
use crate::Timestamp;
use crate::plan::{Blocks, Kind};
use std::sync::Arc;
use std::time::Duration;

/// Validation ends itself at its timeout and says what it found. Only where not even that has come
/// this much later is the rollout ended without a report.
const REPORT_GRACE: Duration = Duration::from_secs(30);

pub(super) const fn not_here(next: &Rollout, event: &Event) -> Rejected {
    Rejected::NotHere { event: event.name(), stage: next.stage.name() }
}

pub(super) fn queued(next: Rollout, here: Here<'_>, event: &Event, now: Timestamp) -> Answer {
    match here {
        Here::Turn(turn) => take_turn(next, event, &turn, now),
        Here::Acknowledged
        | Here::Staged
        | Here::StagingFailed(_)
        | Here::Validated(_)
        | Here::ValidationFailed(_)
        | Here::Judged(_)
        | Here::Approve(_)
        | Here::Promote(_)
        | Here::Drained
        | Here::Tick => Err(not_here(&next, event)),
    }
}

fn take_turn(mut next: Rollout, event: &Event, turn: &Turn<'_>, now: Timestamp) -> Answer {
    // Going back to what is known to be good is never frozen.
    if turn.plan.kind != Kind::Restore
        && let Some(freeze) = turn.plan.blocked(Blocks::Start, now)
    {
        return Err(Rejected::Frozen { until: freeze.until });
    }
    if let Some(pause) = next.paused {
        let overlay = format!("paused({pause})");
        return Err(Rejected::Blocked { event: event.name(), overlay });
    }
    next.plan = Arc::new(turn.plan.clone());
    next.plan_hash = turn.plan.hash();
    next.incumbent = turn.incumbent.cloned();
    next.epoch = turn.epoch;
    next.enter(Stage::Staging, now);
    let cause = said(format!("attempt {} starts", next.attempt));
    Ok(record(Stage::Queued, next, event, cause, Vec::new()))
}

pub(super) fn staging(next: Rollout, here: Here<'_>, event: &Event, now: Timestamp) -> Answer {
    match here {
        Here::Staged => staged(next, event, now),
        Here::StagingFailed(why) => end(next, Outcome::Rejected, event, said(why), now),
        Here::Tick => {
            let limit = next.plan.staging.timeout;
            if next.step.clock.maximum() < limit {
                return Err(Rejected::Undecided);
            }
            let cause = said(format!("staging: not ready within {limit:?} (staging.timeout)"));
            end(next, Outcome::Rejected, event, cause, now)
        }
        Here::Turn(_)
        | Here::Acknowledged
        | Here::Validated(_)
        | Here::ValidationFailed(_)
        | Here::Judged(_)
        | Here::Approve(_)
        | Here::Promote(_)
        | Here::Drained => Err(not_here(&next, event)),
    }
}

fn staged(mut next: Rollout, event: &Event, now: Timestamp) -> Answer {
    if next.paused.is_some() || next.held.is_some() {
        return Err(Rejected::Undecided);
    }
    match next.plan.kind {
        Kind::Promote | Kind::First => {
            next.enter(Stage::Validating { state: Validation::Running }, now);
            let cause = said("ready on the staging listener");
            Ok(record(Stage::Staging, next, event, cause, Vec::new()))
        }
        Kind::Restore => {
            let skipped =
                [StageName::Validating, StageName::Shadow, StageName::Canary, StageName::Ramp];
            let why = "not applicable: back to a known-good version";
            Ok(cut_over(next, event, &skipped, why, now))
        }
    }
}

/// Validating, while its checks run.
pub(super) fn running(next: Rollout, here: Here<'_>, event: &Event, now: Timestamp) -> Answer {
    match here {
        Here::Validated(summary) => validated(next, event, summary, now),
        Here::ValidationFailed(failed) => invalid(next, event, &failed, now),
        Here::Tick => {
            let limit = next.plan.validation_timeout;
            if next.step.clock.maximum() < limit.saturating_add(REPORT_GRACE) {
                return Err(Rejected::Undecided);
            }
            let why = format!("validation: no report within {limit:?} (validation.timeout)");
            invalid(next, event, &Failed { why: &why, fault: Fault::Surroundings }, now)
        }
        Here::Turn(_)
        | Here::Acknowledged
        | Here::Staged
        | Here::StagingFailed(_)
        | Here::Judged(_)
        | Here::Approve(_)
        | Here::Promote(_)
        | Here::Drained => Err(not_here(&next, event)),
    }
}

/// Validating, once a first version has passed and waits for its approval.
pub(super) fn passed(next: Rollout, here: Here<'_>, event: &Event, now: Timestamp) -> Answer {
    match here {
        Here::Approve(by) => approve(next, event, by, now),
        Here::Tick => bootstrap(next, event, now),
        Here::Turn(_)
        | Here::Acknowledged
        | Here::Staged
        | Here::StagingFailed(_)
        | Here::Validated(_)
        | Here::ValidationFailed(_)
        | Here::Judged(_)
        | Here::Promote(_)
        | Here::Drained => Err(not_here(&next, event)),
    }
}

fn invalid(next: Rollout, event: &Event, failed: &Failed<'_>, now: Timestamp) -> Answer {
    let effects = match failed.fault {
        Fault::Candidate => quarantine(&next, failed.why),
        Fault::Surroundings => Vec::new(),
    };
    end_with(next, Outcome::Rejected, (event, said(failed.why)), effects, now)
}

impl Rollout {
    /// What is left of `validation.timeout` at `now`, while validating.
    pub fn validation_left(&self, now: Timestamp) -> Duration {
        let mut clock = self.step.clock;
        clock.advance(now, self.overlays());
        self.plan.validation_timeout.saturating_sub(clock.maximum())
    }
}

fn validated(mut next: Rollout, event: &Event, summary: &str, now: Timestamp) -> Answer {
    if next.paused.is_some() || next.held.is_some() {
        return Err(Rejected::Undecided);
    }
    let from = next.stage;
    if next.incumbent.is_some() {
        next.enter(Stage::Shadow, now);
        return Ok(record(from, next, event, said(summary), Vec::new()));
    }
    next.enter(Stage::Validating { state: Validation::Passed }, now);
    match next.bootstrap {
        Bootstrap::Ask => ask(next, event, said(summary), now),
        Bootstrap::Approved => {
            next.step.approved = Some(now);
            Ok(record(from, next, event, said(format!("{summary}; bootstrap")), Vec::new()))
        }
    }
}

/// A first version goes live once it is approved.
fn bootstrap(next: Rollout, event: &Event, now: Timestamp) -> Answer {
    if next.awaiting.is_some() {
        return expire(next, event, now);
    }
    if next.paused.is_some() {
        return Err(Rejected::Undecided);
    }
    if next.step.approved.is_none() {
        // Resumed after an expiry.
        return ask(next, event, said("approval is needed"), now);
    }
    if let Some(answer) = hindered(&next, event, now) {
        return answer;
    }
    let skipped = [StageName::Shadow, StageName::Canary, StageName::Ramp];
    Ok(cut_over(next, event, &skipped, "not applicable: no incumbent", now))
}

fn cut_over(
    mut next: Rollout,
    event: &Event,
    skipped: &[StageName],
    why: &str,
    now: Timestamp,
) -> Transition {
    let from = next.stage;
    let mut effects = serving(&next);
    effects.push(Effect::Skipped { stages: skipped.to_vec(), why: why.to_owned() });
    next.enter(Stage::Cutover, now);
    record(from, next, event, said(why), effects)
}
