//! Requests without an answer when their process is killed: another gateway on the same file.

use crate::double::Script;
use crate::world::{World, config, counts, share};
use seatrial_domain::evidence::ArmCount;
use seatrial_domain::split::Arm;
use seatrial_gateway::{Config, Gateway};
use std::sync::Arc;
use tokio::sync::Semaphore;

fn kept(dir: &tempfile::TempDir) -> Config {
    Config { mark_file: Some(dir.path().join("marks")), ..config() }
}

#[tokio::test]
async fn what_is_under_way_when_the_process_is_killed_is_lost_and_what_was_answered_is_not() {
    let dir = tempfile::tempdir().unwrap();
    let world = World::new(kept(&dir)).await;
    world.install(1, |_| {});
    let permits = Arc::new(Semaphore::new(0));
    world.candidate.play(Script::Wait(Arc::clone(&permits), 2));
    world.client.infer_as(&World::user(Arm::Incumbent, share(5000), 0)).await;
    let waiting = World::user(Arm::Candidate, share(5000), 0);
    let killed = async {
        world.until(|world| world.candidate.calls() == 1).await;
        let next = Gateway::new(kept(&dir)).unwrap();
        permits.add_permits(1);
        next
    };

    let (_, next) = tokio::join!(world.client.infer_as(&waiting), killed);

    let lost = next.lost().unwrap();
    assert_eq!(counts(&lost).lost, ArmCount { candidate: 1, incumbent: 0 });
    assert_eq!(lost.units[0].1.len(), 1, "its arm is known from now on");
    assert_eq!(next.lost(), None);
}
