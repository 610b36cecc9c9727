//! From what the store says to what the world should be.

use super::cell::Known;
use crate::world::{RouteOf, Wanted};
use seatrial_domain::plan::{RequiredSignature, StandbyMode};
use seatrial_domain::rollout::{Desired, Mirror, Pool, Rollout, Route, Stage, Wanted as Deploy};
use seatrial_domain::{Share, Timestamp, VersionRef};
use std::time::Duration;

/// How long a load may take outside a rollout, as a policy's default has it.
const AT_REST_DEADLINE: Duration = Duration::from_secs(600);

/// What the endpoint should look like at `now`.
pub(super) fn wanted(known: &Known, now: Timestamp) -> Wanted {
    let active = known.active.as_ref().map(|stored| &stored.rollout);
    let mut desired = match active {
        Some(rollout) => rollout.desired(now),
        None => at_rest(known),
    };
    add_kept(&mut desired, &known.ended, now);
    Wanted {
        endpoint: known.endpoint.name.clone(),
        settings: active.map_or(&known.settings, |rollout| &rollout.settings).clone(),
        rollout: active.map(|rollout| RouteOf::new(rollout, &desired)),
        signed: active.and_then(|rollout| must_be_signed(known, rollout)),
        private: active.map(under_validation).unwrap_or_default(),
        progress_deadline: active
            .map_or(AT_REST_DEADLINE, |rollout| rollout.plan.progress_deadline),
        warmup: active.map_or(1, |rollout| rollout.plan.staging.warmup),
        probe_every: active.and_then(standing_by),
        desired,
    }
}

/// Outside a rollout the endpoint answers with its serving version, and nothing else is deployed.
fn at_rest(known: &Known) -> Desired {
    let serving = known.endpoint.serving.clone();
    let sessions = known.settings.sessions;
    let deployments =
        serving.iter().map(|v| Deploy { version: v.clone(), sessions, pool: Pool::Live }).collect();
    let route = Route {
        epoch: known.epoch,
        incumbent: serving,
        candidate: None,
        share: Share::ZERO,
        gate: None,
        mirror: Mirror::Off,
        pinned: Vec::new(),
    };
    Desired { deployments, route }
}

/// Failed candidates stay loaded for a while, to be looked at.
fn add_kept(desired: &mut Desired, ended: &[Rollout], now: Timestamp) {
    for rollout in ended {
        let kept = rollout.desired(now).deployments.into_iter().filter(|d| d.pool == Pool::Kept);
        for deployment in kept {
            if !desired.deployments.iter().any(|d| d.version == deployment.version) {
                desired.deployments.push(deployment);
            }
        }
    }
}

/// The versions that answer on private listeners: the candidate, and the incumbent to compare with.
fn under_validation(rollout: &Rollout) -> Vec<VersionRef> {
    match rollout.stage {
        Stage::Staging | Stage::Validating { .. } => {
            let candidate = std::iter::once(rollout.candidate.clone());
            candidate.chain(rollout.incumbent.clone()).collect()
        }
        Stage::Queued
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
        | Stage::Superseded => Vec::new(),
    }
}

/// The candidate, until it is what the endpoint serves.
fn must_be_signed(known: &Known, rollout: &Rollout) -> Option<(VersionRef, RequiredSignature)> {
    let serves = known.endpoint.serving.as_ref() == Some(&rollout.candidate);
    let asked = rollout.plan.signature.clone().filter(|_| !serves)?;
    Some((rollout.candidate.clone(), asked))
}

fn standing_by(rollout: &Rollout) -> Option<Duration> {
    let hot = rollout.plan.standby.mode == StandbyMode::Hot;
    (hot && rollout.stage == Stage::Stabilizing).then_some(rollout.plan.standby.probe_every)
}
