//! When something can change that no evidence brings: the end of a minimum duration, a deadline, the
//! end of a freeze.
//!
//! Owns no rule: it asks the rollout itself, at later instants, whether it would act on the passing of
//! time alone, or on a pass.

use crate::world::World;
use seatrial_domain::Timestamp;
use seatrial_domain::evidence::ArmCount;
use seatrial_domain::plan::Blocks;
use seatrial_domain::rollout::{Event, Hold, Rejected, Rollout, Stage};
use seatrial_domain::verdict::{Decision, Verdict};
use std::time::Duration;

/// The virtual clock: whole seconds since the start.
#[derive(Debug, Clone, Copy)]
pub(super) struct Calendar(pub(super) Timestamp);

impl Calendar {
    pub(super) fn at(self, second: u64) -> Timestamp {
        self.0.plus(Duration::from_secs(second))
    }

    /// The first second that is not before an instant.
    fn second(self, at: Timestamp) -> u64 {
        let span = at.since(self.0);
        span.as_secs() + u64::from(span.subsec_nanos() > 0)
    }
}

/// The seconds in which time alone changes something, as far as the horizon.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Ahead {
    tick: Option<u64>,
    ready: Option<u64>,
    thaw: Option<u64>,
}

impl Ahead {
    /// Asks the rollout as it is after `now`.
    pub(super) fn of(world: &World, calendar: Calendar, (now, horizon): (u64, u64)) -> Self {
        let rollout = &world.rollout;
        let acts = |event: &Event, second: u64| rollout.on(event, calendar.at(second)).is_ok();
        let pass = Event::Judged { verdict: Box::new(any_pass()), capacity: world.sessions };
        let frozen = rollout.held == Some(Hold::Freeze);
        let freeze = rollout.plan.blocked(Blocks::Advance, calendar.at(now)).filter(|_| frozen);
        Self {
            tick: first((now, horizon), |second| acts(&Event::Tick, second)),
            ready: first((now, horizon), |second| acts(&pass, second)),
            thaw: freeze.and_then(|it| it.until).map(|until| calendar.second(until)),
        }
    }

    /// The first of them after `now`.
    pub(super) fn next(&self, now: u64) -> Option<u64> {
        let all = [self.tick, self.ready, self.thaw];
        all.into_iter().flatten().filter(|second| *second > now).min()
    }
}

/// When a rollout that is queued at `now` may start: at the end of what blocks it, asked of the rollout
/// itself, and never where no end is in sight; else a second later.
pub(super) fn start(world: &World, calendar: Calendar, now: u64) -> u64 {
    match world.rollout.on(&world.turn(), calendar.at(now)) {
        Err(Rejected::Frozen { until: Some(until) }) => calendar.second(until).max(now + 1),
        Err(Rejected::Frozen { until: None }) => u64::MAX,
        Ok(_) | Err(_) => now + 1,
    }
}

/// Whether the stage lasts, so that seconds can be passed over. Every other stage moves on as soon as
/// the world has done what it wants.
pub(super) const fn lasts(rollout: &Rollout) -> bool {
    match rollout.stage {
        Stage::Shadow | Stage::Canary | Stage::Ramp { .. } | Stage::Stabilizing => {
            rollout.step.acknowledged_at.is_some()
        }
        Stage::Queued
        | Stage::Staging
        | Stage::Validating { .. }
        | Stage::Cutover
        | Stage::Decommissioning
        | Stage::RollingBack { .. }
        | Stage::Completed
        | Stage::Rejected
        | Stage::RolledBack
        | Stage::Aborted
        | Stage::Superseded => false,
    }
}

/// A pass with as many units as any policy asks for.
fn any_pass() -> Verdict {
    Verdict {
        decision: Decision::Pass,
        units: ArmCount { candidate: u64::MAX, incumbent: 0 },
        ..Verdict::blind("", String::new())
    }
}

/// The first second after `now`, up to the horizon, in which `acts` holds; once it does, it does.
fn first((now, horizon): (u64, u64), acts: impl Fn(u64) -> bool) -> Option<u64> {
    if horizon <= now || !acts(horizon) {
        return None;
    }
    let (mut before, mut at) = (now, horizon);
    while at - before > 1 {
        let middle = before + (at - before) / 2;
        if acts(middle) { at = middle } else { before = middle }
    }
    Some(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_second_that_changes_something_is_found() {
        for at in [6, 7, 99, 100] {
            assert_eq!(first((5, 100), |second| second >= at), Some(at));
        }
        assert_eq!(first((5, 100), |second| second >= 101), None);
        assert_eq!(first((100, 100), |_| true), None);
    }
}
