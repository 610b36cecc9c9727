//! Stages in which the endpoint's serving version has moved, or moves back: cutover, stabilizing,
//! decommissioning, rolling back.

use super::approval::{approve, ask, expire};
use super::entry::{Answer, Effect, record, said};
use super::event::{Event, Rejected};
use super::gated::{alarming, undecided};
use super::here::Here;
use super::objective::way_back;
use super::overlay::Hold;
use super::pausing::{acknowledged, hindered, unacknowledged};
use super::stage::{Outcome, Stage};
use super::state::Rollout;
use super::voyage::not_here;
use crate::plan::{Kind, NeedsApproval};
use crate::{Share, Timestamp};

pub(super) fn cutover(mut next: Rollout, here: Here<'_>, event: &Event, now: Timestamp) -> Answer {
    match here {
        Here::Acknowledged if next.paused.is_some() => acknowledged(next, event, now),
        Here::Acknowledged => {
            let cause = said(taken_over(&next, now));
            next.enter(Stage::Stabilizing, now);
            Ok(record(Stage::Cutover, next, event, cause, Vec::new()))
        }
        Here::Judged(look) => {
            alarming(&next, event, look.verdict, now).unwrap_or(Err(Rejected::Undecided))
        }
        Here::Tick => unacknowledged(next, event, now),
        Here::Turn(_)
        | Here::Staged
        | Here::StagingFailed(_)
        | Here::Validated(_)
        | Here::ValidationFailed(_)
        | Here::Approve(_)
        | Here::Promote(_)
        | Here::Drained => Err(not_here(&next, event)),
    }
}

pub(super) fn stabilizing(next: Rollout, here: Here<'_>, event: &Event, now: Timestamp) -> Answer {
    match here {
        Here::Acknowledged => acknowledged(next, event, now),
        Here::Judged(look) => alarming(&next, event, look.verdict, now)
            .unwrap_or_else(|| undecided(next, event, &look, now)),
        Here::Approve(by) => approve(next, event, by, now),
        Here::Tick => settle(next, event, now),
        Here::Turn(_)
        | Here::Staged
        | Here::StagingFailed(_)
        | Here::Validated(_)
        | Here::ValidationFailed(_)
        | Here::Promote(_)
        | Here::Drained => Err(not_here(&next, event)),
    }
}

/// Both windows over, no fail, and nobody asked to wait: the incumbent may go.
fn settle(mut next: Rollout, event: &Event, now: Timestamp) -> Answer {
    if next.awaiting.is_some() {
        return expire(next, event, now);
    }
    if next.step.acknowledged_at.is_none() {
        return unacknowledged(next, event, now);
    }
    if next.paused.is_some() || next.step.clock.minimum() < next.stability() {
        return Err(Rejected::Undecided);
    }
    if let Some(answer) = in_the_way(&next, event, now) {
        return answer;
    }
    let asked = next.plan.decommission.approval == NeedsApproval::Yes && next.incumbent.is_some();
    if asked && next.step.approved.is_none() {
        return ask(next, event, said("stable: may the incumbent be decommissioned?"), now);
    }
    let effects = vec![Effect::KnownGood { version: next.candidate.clone() }];
    next.enter(Stage::Decommissioning, now);
    Ok(record(Stage::Stabilizing, next, event, said("stable"), effects))
}

/// The end of a holdback is a raise, and waits for freezes; every hold waits for what it lacks.
fn in_the_way(next: &Rollout, event: &Event, now: Timestamp) -> Option<Answer> {
    if next.share() < Share::FULL || next.held == Some(Hold::Freeze) {
        return hindered(next, event, now);
    }
    next.held.map(|_| Err(Rejected::Undecided))
}

pub(super) fn decommissioning(
    mut next: Rollout,
    here: Here<'_>,
    event: &Event,
    now: Timestamp,
) -> Answer {
    match here {
        Here::Acknowledged => acknowledged(next, event, now),
        Here::Drained => {
            let acknowledged = next.step.acknowledged_at.is_some();
            if !acknowledged || next.paused.is_some() || next.held.is_some() {
                return Err(Rejected::Undecided);
            }
            let gone = next.incumbent.clone().filter(|version| *version != next.candidate);
            let retired = gone.map(|version| Effect::Retired { version });
            next.enter(Stage::Completed, now);
            let effects = retired.into_iter().collect();
            Ok(record(Stage::Decommissioning, next, event, said("drained"), effects))
        }
        Here::Tick => unacknowledged(next, event, now),
        Here::Turn(_)
        | Here::Staged
        | Here::StagingFailed(_)
        | Here::Validated(_)
        | Here::ValidationFailed(_)
        | Here::Judged(_)
        | Here::Approve(_)
        | Here::Promote(_) => Err(not_here(&next, event)),
    }
}

/// A restore is a way back as well: decided when it was ordered.
fn taken_over(next: &Rollout, now: Timestamp) -> String {
    match next.plan.kind {
        Kind::Promote | Kind::First => "cutover acknowledged by every gateway".to_owned(),
        Kind::Restore => way_back(next, "the restored version", next.created_at, now),
    }
}

pub(super) fn rolling_back(
    mut next: Rollout,
    (outcome, here): (Outcome, Here<'_>),
    event: &Event,
    now: Timestamp,
) -> Answer {
    match here {
        Here::Acknowledged => {
            let from = next.stage;
            let cause = said(way_back(&next, "share zero", next.step.entered_at, now));
            next.enter(outcome.stage(), now);
            Ok(record(from, next, event, cause, Vec::new()))
        }
        Here::Tick => unacknowledged(next, event, now),
        Here::Turn(_)
        | Here::Staged
        | Here::StagingFailed(_)
        | Here::Validated(_)
        | Here::ValidationFailed(_)
        | Here::Judged(_)
        | Here::Approve(_)
        | Here::Promote(_)
        | Here::Drained => Err(not_here(&next, event)),
    }
}
