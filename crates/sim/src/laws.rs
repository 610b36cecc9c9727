//! The laws of DESIGN.md §3 that a step of the simulator can break.

#[cfg(test)]
mod tests;

use seatrial_domain::plan::{GateMode, Kind};
use seatrial_domain::rollout::{Desired, Event, Pause, Rejected, Rollout, Stage};
use seatrial_domain::split::{Arm, Salt};
use seatrial_domain::verdict::{Decision, SampleRatio};
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

/// One transition, and the candidate's sessions that are ready.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Taken<'a> {
    pub(crate) before: &'a Rollout,
    pub(crate) event: &'a Event,
    pub(crate) next: &'a Rollout,
    pub(crate) sessions: u32,
}

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

/// Laws 2 to 5 at a transition.
pub(crate) fn step(taken: Taken<'_>) -> Result<(), &'static str> {
    let Taken { before, event, next, sessions } = taken;
    if next.share() > before.share() {
        if next.sessions_for(next.share()) > sessions {
            return Err("2: weight came before capacity");
        }
        justified(before, event, next)?;
        sticky(before.salt, before.share(), next.share())?;
    }
    back(before, event, next)
}

/// Law 4, where an event is refused: the way back is only refused where it is under way, or where
/// nobody else would answer.
pub(crate) fn refused(before: &Rollout, event: &Event, why: &Rejected) -> Result<(), &'static str> {
    let under_way = before.stage.is_terminal() || matches!(before.stage, Stage::RollingBack { .. });
    let abort = matches!(event, Event::Abort { .. });
    let stranded = !abort && *why == Rejected::NoIncumbent && before.incumbent.is_none();
    if !is_the_way_back(event) || under_way || stranded {
        Ok(())
    } else {
        Err("4: the way back was refused")
    }
}

fn back(before: &Rollout, event: &Event, next: &Rollout) -> Result<(), &'static str> {
    let tripped = matches!(event, Event::GuardrailTripped(_)) && before.plan.kind == Kind::Promote;
    if next.share() == Share::ZERO || !tripped && !is_the_way_back(event) {
        Ok(())
    } else if tripped {
        Err("4: a trip left a share")
    } else {
        Err("4: the way back left a share")
    }
}

const fn is_the_way_back(event: &Event) -> bool {
    matches!(event, Event::Abort { .. } | Event::RollBack { .. } | Event::Supersede { .. })
}

fn justified(before: &Rollout, event: &Event, next: &Rollout) -> Result<(), &'static str> {
    if before.void.is_some() {
        return Err("3: a share rose after a fail or a mismatch");
    }
    let restored = before.paused == Some(Pause::Incident) && before.stage == next.stage;
    if restored {
        return if *event == Event::Resume {
            Ok(())
        } else {
            Err("3: an incident ended by itself")
        };
    }
    if before.paused.is_some() || before.awaiting.is_some() {
        return Err("3: a share rose although a person was waited for");
    }
    let gated = matches!(before.stage, Stage::Shadow | Stage::Canary | Stage::Ramp { .. });
    if !gated || before.step.overridden.is_some() || before.step.approved.is_some() {
        return Ok(());
    }
    let mode = before.gate_index().and_then(|gate| before.gate(gate)).map(|gate| gate.mode);
    let passed = matches!(event, Event::Judged { verdict, .. }
        if verdict.decision == Decision::Pass
            && verdict.units.candidate > 0
            && verdict.sample_ratio == SampleRatio::Plausible);
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
