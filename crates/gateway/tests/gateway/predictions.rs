//! What answers say, counted where a check watches it.

use crate::double::Script;
use crate::world::{World, route, share};
use seatrial_domain::evidence::{ArmCount, Predictions};
use seatrial_domain::plan::{DriftBy, Watch};
use seatrial_domain::split::Arm;

fn watch(by: DriftBy) -> Watch {
    Watch { check: "predictions".to_owned(), output: "*".to_owned(), by }
}

async fn watched(by: DriftBy) -> World {
    World::with(route(|route| route.watches = vec![watch(by)])).await
}

fn found(world: &World) -> Predictions {
    world.counts().predictions.remove("predictions").unwrap_or_default()
}

fn user(arm: Arm, n: usize) -> String {
    World::user(arm, share(5000), n)
}

#[tokio::test]
async fn an_answer_is_counted_by_its_class_on_the_assigned_arm_and_once_a_unit() {
    let world = watched(DriftBy::Class).await;
    world.incumbent.play(Script::Alternate([7, 8]));
    world.candidate.play(Script::Answer(7));
    for n in 0..4 {
        world.client.infer_as(&user(Arm::Incumbent, n)).await;
    }
    for _ in 0..3 {
        world.client.infer_as(&user(Arm::Candidate, 0)).await;
    }
    let expected = [
        ("7".to_owned(), ArmCount { candidate: 1, incumbent: 2 }),
        ("8".to_owned(), ArmCount { candidate: 0, incumbent: 2 }),
    ];
    assert_eq!(found(&world).0, expected.into());
}

#[tokio::test]
async fn scores_are_counted_by_their_bucket() {
    let world = watched(DriftBy::Score { edges: vec![0.25, 0.75] }).await;
    world.client.infer_as(&user(Arm::Candidate, 0)).await;
    let half = ("0.25..0.75".to_owned(), ArmCount { candidate: 1, incumbent: 0 });
    assert_eq!(found(&world).0, [half].into());
}

#[tokio::test]
async fn a_failed_answer_says_nothing_whoever_answers_in_its_stead() {
    let world = watched(DriftBy::Class).await;
    world.candidate.play(Script::Fail);
    assert_eq!(world.client.infer_as(&user(Arm::Candidate, 0)).await.status, 200);
    assert_eq!(world.counts().errors.candidate_bad, 1);
    assert_eq!(found(&world), Predictions::default());
}

#[tokio::test]
async fn nothing_is_counted_that_nobody_watches() {
    let world = World::with(|_| {}).await;
    world.client.infer_as(&user(Arm::Incumbent, 0)).await;
    assert_eq!(world.counts().units.incumbent, 1);
    assert!(world.counts().predictions.is_empty());
}
