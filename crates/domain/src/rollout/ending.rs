//! How a rollout ends that does not complete: through share zero, for cause or by a person's word.

use super::entry::{Answer, Cause, Effect, record};
use super::event::{Event, Rejected};
use super::overlay::{Hold, Pause, Void};
use super::pausing::pause_for;
use super::stage::{Outcome, Stage};
use super::state::Rollout;
use crate::plan::Quarantine;
use crate::{Share, Timestamp};

/// Ends the rollout: through share zero where the candidate has any, at once where it has none.
pub(super) fn end(
    next: Rollout,
    outcome: Outcome,
    event: &Event,
    cause: Cause,
    now: Timestamp,
) -> Answer {
    end_with(next, outcome, (event, cause), Vec::new(), now)
}

/// As [`end`], with effects of its own. A rollback already under way keeps its outcome.
pub(super) fn end_with(
    mut next: Rollout,
    outcome: Outcome,
    (event, cause): (&Event, Cause),
    mut effects: Vec<Effect>,
    now: Timestamp,
) -> Answer {
    let from = next.stage;
    if matches!(from, Stage::RollingBack { .. }) && !given_up(&next, outcome) {
        return Err(Rejected::Already);
    }
    effects.extend(owed(&next, outcome, &effects));
    // Under an incident the share is zero already, but the gateways' tables may still say otherwise.
    let exposed = next.share() > Share::ZERO || next.paused == Some(Pause::Incident);
    if matches!(from, Stage::Cutover | Stage::Stabilizing | Stage::Decommissioning) {
        let alias = next.plan.cutover.alias.clone();
        effects.push(Effect::Serving { version: next.incumbent.clone(), alias });
    }
    next.reason = Some(cause.in_words());
    next.enter(if exposed { Stage::RollingBack { outcome } } else { outcome.stage() }, now);
    Ok(record(from, next, event, cause, effects))
}

/// Whether a person gives up waiting for an incumbent that does not load: the endpoint is free then,
/// for another version to be restored.
fn given_up(next: &Rollout, outcome: Outcome) -> bool {
    next.held == Some(Hold::RollbackFailed) && outcome == Outcome::Aborted
}

/// The quarantine of a candidate that had failed before it was rolled back or rejected, whatever
/// that was for in the end.
fn owed(next: &Rollout, outcome: Outcome, effects: &[Effect]) -> Vec<Effect> {
    let marked = effects.iter().any(|effect| matches!(effect, Effect::Quarantine { .. }));
    match (&next.void, outcome) {
        (Some(Void::Fail { why }), Outcome::RolledBack | Outcome::Rejected) if !marked => {
            quarantine(next, why)
        }
        (
            Some(Void::Fail { .. } | Void::SampleRatio { .. }) | None,
            Outcome::RolledBack | Outcome::Rejected | Outcome::Aborted | Outcome::Superseded,
        ) => Vec::new(),
    }
}

/// Rolls back without a person's word. Where nothing is left to answer instead, a person decides.
pub(super) fn fall_back(
    next: Rollout,
    event: &Event,
    cause: Cause,
    effects: Vec<Effect>,
    now: Timestamp,
) -> Answer {
    if stranded(&next) {
        return pause_for(next, Pause::Fail, event, cause);
    }
    end_with(next, Outcome::RolledBack, (event, cause), effects, now)
}

/// Whether share zero would leave the endpoint without an answer.
pub(super) fn stranded(next: &Rollout) -> bool {
    next.incumbent.is_none() && next.share() > Share::ZERO
}

/// The quarantine of the candidate's digest, where the policy wants it.
pub(super) fn quarantine(next: &Rollout, why: &str) -> Vec<Effect> {
    match next.plan.concurrency.quarantine {
        Quarantine::Failed => {
            vec![Effect::Quarantine { digest: next.candidate.digest.clone(), why: why.to_owned() }]
        }
        Quarantine::Off => Vec::new(),
    }
}
