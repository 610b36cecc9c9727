//! Requests without an answer when their process is killed: another gateway on the same file.

use crate::double::Script;
use crate::world::{ROLLOUT, World, config, counts, share};
use seatrial_domain::evidence::ArmCount;
use seatrial_domain::split::Arm;
use seatrial_domain::telemetry::SeenUnits;
use seatrial_gateway::Config;
use std::sync::Arc;
use tempfile::TempDir;
use tokio::sync::Semaphore;

fn kept(dir: &TempDir) -> Config {
    Config { mark_file: Some(dir.path().join("marks")), ..config() }
}

/// The gateway on the file of one that is killed while this candidate's user waits, and an incumbent's
/// has an answer.
async fn after_a_kill(dir: &TempDir, waiting: &str) -> World {
    let killed = World::new(kept(dir)).await;
    killed.install(1, |_| {});
    let permits = Arc::new(Semaphore::new(0));
    killed.candidate.play(Script::Wait(Arc::clone(&permits), 2));
    killed.client.infer_as(&World::user(Arm::Incumbent, share(5000), 0)).await;
    let next = async {
        killed.until(|world| world.candidate.calls() == 1).await;
        let next = World::new(Config { boot: 0xb008, ..kept(dir) }).await;
        permits.add_permits(1);
        next
    };
    tokio::join!(killed.client.infer_as(waiting), next).1
}

fn candidate() -> String {
    World::user(Arm::Candidate, share(5000), 0)
}

#[tokio::test]
async fn what_is_under_way_when_the_process_is_killed_is_lost_and_what_was_answered_is_not() {
    let dir = tempfile::tempdir().unwrap();
    let next = after_a_kill(&dir, &candidate()).await;

    let [lost] = next.gateway.lost() else { panic!("{:?}", next.gateway.lost()) };
    assert_eq!(counts(lost).lost, ArmCount { candidate: 1, incumbent: 0 });
    assert_eq!(lost.units[0].1.len(), 1, "its arm is known from now on");
    next.gateway.forget_lost();
    assert_eq!(next.gateway.lost(), []);
}

/// The store may take what was lost long after it has told which units were seen.
#[tokio::test]
async fn a_lost_unit_that_comes_again_is_not_new_whether_or_not_it_is_stored() {
    let dir = tempfile::tempdir().unwrap();
    let user = candidate();
    let next = after_a_kill(&dir, &user).await;
    next.gateway.seed_units(ROLLOUT, SeenUnits::default());
    next.install(1, |_| {});

    next.client.infer_as(&user).await;
    next.client.infer_as(&World::user(Arm::Candidate, share(5000), 1)).await;

    assert_eq!(next.counts().units, ArmCount { candidate: 1, incumbent: 0 });
}

#[tokio::test]
async fn evidence_beyond_the_marks_is_counted_in_the_metrics_and_nothing_else_is() {
    let dir = tempfile::tempdir().unwrap();
    let world = World::new(Config { mark_slots: 1, ..kept(&dir) }).await;
    world.install(1, |_| {});
    let unmarked = |world: &World| {
        let mut text = String::new();
        world.gateway.metrics(&mut text);
        let line = text.lines().find_map(|it| it.strip_prefix("seatrial_unmarked_requests_total "));
        line.map(|count| count.parse::<u64>().unwrap())
    };
    let permits = Arc::new(Semaphore::new(0));
    world.candidate.play(Script::Wait(Arc::clone(&permits), 2));
    let first = candidate();
    let waits = async {
        world.until(|world| world.candidate.calls() == 1).await;
        assert_eq!(unmarked(&world), Some(0));
        for n in 0..3 {
            // The last of them comes again, and is no evidence.
            let user = World::user(Arm::Incumbent, share(5000), n.min(1));
            world.client.infer_as(&user).await;
        }
        permits.add_permits(1);
    };

    tokio::join!(world.client.infer_as(&first), waits);

    assert_eq!(unmarked(&world), Some(2));
}
