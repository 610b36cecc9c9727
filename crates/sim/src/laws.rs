//! The laws of DESIGN.md §3 that a step of the simulator can break.

use seatrial_domain::plan::GateMode;
use seatrial_domain::rollout::{Desired, Event, Rollout, Stage};
use seatrial_domain::split::{Arm, Salt};
use seatrial_domain::verdict::Decision;
use seatrial_domain::{Share, Timestamp, VersionRef};

/// A law that did not hold, where, and the seed that shows it again.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("seed {seed}, second {second}: {law}")]
pub struct Broken {
    pub seed: u64,
    pub second: u32,
    pub law: &'static str,
}

/// Keys whose assignment is followed.
const FOLLOWED: u64 = 64;

/// Law 1: whoever the route sends a request to is deployed, and somebody is.
pub(crate) fn answered(rollout: &Rollout, now: Timestamp) -> Result<(), &'static str> {
    let Desired { deployments, route } = rollout.desired(now);
    let deployed = |version: &VersionRef| deployments.iter().any(|it| &it.version == version);
    let named = route.incumbent.iter().chain(&route.candidate);
    let needed = match (route.share == Share::ZERO, route.share == Share::FULL) {
        (true, _) => rollout.incumbent.is_none() || route.incumbent.is_some(),
        (false, true) => route.candidate.is_some(),
        (false, false) => route.candidate.is_some() && route.incumbent.is_some(),
    };
    if needed && named.into_iter().all(deployed) {
        Ok(())
    } else {
        Err("1: a request could be sent to nobody")
    }
}

/// Laws 2, 3 and 5 at a transition; the sessions are the candidate's that are ready.
pub(crate) fn step(
    before: &Rollout,
    event: &Event,
    next: &Rollout,
    sessions: u32,
) -> Result<(), &'static str> {
    if next.sessions_for(next.share()) > sessions && next.share() > before.share() {
        return Err("2: weight came before capacity");
    }
    if next.share() > before.share() {
        justified(before, event)?;
        sticky(before.salt, before.share(), next.share())?;
    }
    if matches!(event, Event::Abort { .. } | Event::RollBack { .. }) && next.share() > Share::ZERO {
        return Err("4: an abort left a share");
    }
    Ok(())
}

fn justified(before: &Rollout, event: &Event) -> Result<(), &'static str> {
    let gated = matches!(before.stage, Stage::Shadow | Stage::Canary | Stage::Ramp { .. });
    if !gated || before.step.overridden.is_some() || before.step.approved.is_some() {
        return Ok(());
    }
    let mode = before.gate_index().and_then(|gate| before.gate(gate)).map(|gate| gate.mode);
    let passed = matches!(event, Event::Judged { verdict, .. }
        if verdict.decision == Decision::Pass && verdict.units.candidate > 0);
    if passed || mode == Some(GateMode::Approval) {
        Ok(())
    } else {
        Err("3: a gate was left without its verdict")
    }
}

fn sticky(salt: Salt, before: Share, after: Share) -> Result<(), &'static str> {
    let moved_back = (0..FOLLOWED).map(u64::to_le_bytes).any(|key| {
        salt.choose(before, &key) == Arm::Candidate && salt.choose(after, &key) == Arm::Incumbent
    });
    if moved_back { Err("5: a rising share moved a unit back") } else { Ok(()) }
}
