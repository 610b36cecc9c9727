//! What a plan wants loaded before and after the stages that clients meet.

use crate::plan::{Kind, Plan};
use crate::rollout::fixture::{at, incumbent, plan, queued, version};
use crate::rollout::{Bootstrap, Pool, Rollout, Stage};
use std::time::Duration;

fn in_stage(stage: Stage, adjust: impl FnOnce(&mut Plan)) -> Rollout {
    let mut plan = plan(Kind::Promote);
    adjust(&mut plan);
    let mut rollout = queued(plan, Bootstrap::Ask);
    rollout.incumbent = incumbent(Kind::Promote);
    rollout.enter(Stage::Staging, at(0));
    rollout.enter(stage, at(0));
    rollout
}

/// Where the candidate is wanted at this minute, and with how many sessions.
fn candidate(rollout: &Rollout, minute: u32) -> Option<(Pool, u32)> {
    let wanted = rollout.desired(at(minute)).deployments;
    let wanted = wanted.into_iter().find(|wanted| wanted.version == version(2));
    wanted.map(|wanted| (wanted.pool, wanted.sessions))
}

#[test]
fn a_failed_candidate_stays_loaded_for_as_long_as_the_plan_keeps_it() {
    let kept = |span| in_stage(Stage::RolledBack, |plan| plan.keep_candidate = span);
    let pool = |rollout: &Rollout, minute| candidate(rollout, minute).map(|(pool, _)| pool);
    let half_an_hour = kept(Duration::from_secs(1800));
    assert_eq!(pool(&half_an_hour, 29), Some(Pool::Kept));
    assert_eq!(pool(&half_an_hour, 30), None);
    assert_eq!(pool(&kept(Duration::ZERO), 0), None);
}

#[test]
fn staging_loads_as_many_sessions_as_the_plan_says() {
    for replicas in [1, 3] {
        let rollout = in_stage(Stage::Staging, |plan| plan.staging.replicas = replicas);
        assert_eq!(candidate(&rollout, 0), Some((Pool::Staging, replicas)));
    }
}
