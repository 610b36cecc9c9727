//! The queue: who may wait, and what a turn that comes late means.

use super::bench::{Bench, QUEUE_MAX, ada, again};
use crate::driver::command::{Error, Missing, Start};
use seatrial_domain::plan::Kind;
use seatrial_domain::rollout::{Bootstrap, Effect, Rollout, Stage};
use std::sync::Arc;

fn over(stage: Stage) -> impl FnOnce(&mut Rollout) {
    move |rollout| {
        rollout.stage = stage;
        rollout.ended_at = Some(crate::clock::now());
    }
}

#[tokio::test]
async fn what_was_quarantined_while_it_waited_is_turned_away() {
    let bench = Bench::new().await;
    let two = bench.version("two").await;
    let running = bench.start(&two).await;
    let waiting = bench.start(&two).await;
    let why = "a check failed".to_owned();
    let mark = Effect::Quarantine { digest: two.digest.clone(), why };
    bench.put(&running, over(Stage::RolledBack), vec![mark]).await;

    bench.step().await.unwrap();

    let turned_away = bench.stored(&waiting).await.rollout;
    assert_eq!(turned_away.stage, Stage::Rejected);
    assert_eq!(turned_away.reason.unwrap(), "quarantined while it waited: a check failed");
}

#[tokio::test]
async fn a_quarantine_lifted_by_the_start_lets_its_rollout_have_its_turn() {
    let bench = Bench::new().await;
    let (one, two) = (bench.version("one").await, bench.version("two").await);
    let first = bench.start(&two).await;
    let mark = Effect::Quarantine { digest: two.digest.clone(), why: "once".to_owned() };
    bench.put(&first, over(Stage::RolledBack), vec![mark]).await;
    let running = bench.start(&one).await;
    let refused = bench.try_start(&two).await;
    assert!(matches!(refused, Err(Error::Quarantined { .. })), "{refused:?}");
    let waiting =
        bench.driver.retry(first.rollout.id, None, again(Some("it was the data"))).await.unwrap();

    bench.put(&running, over(Stage::Aborted), Vec::new()).await;
    bench.step().await.unwrap();

    assert_eq!(bench.stored(&waiting).await.rollout.stage, Stage::Staging);
}

#[tokio::test]
async fn what_serves_by_the_time_of_its_turn_is_not_rolled_out_against_itself() {
    let bench = Bench::new().await;
    let two = bench.version("two").await;
    let running = bench.start(&two).await;
    let waiting = bench.start(&two).await;
    let serving = Effect::Serving { version: Some(two), alias: "champion".to_owned() };
    bench.put(&running, over(Stage::Completed), vec![serving]).await;

    bench.step().await.unwrap();

    let turned_away = bench.stored(&waiting).await.rollout;
    assert_eq!(turned_away.stage, Stage::Superseded);
    assert_eq!(turned_away.reason.unwrap(), "digits serves v1 already");
}

#[tokio::test]
async fn a_queue_has_a_limit() {
    let bench = Bench::new().await;
    let two = bench.version("two").await;
    for _ in 0..=QUEUE_MAX {
        bench.start(&two).await;
    }
    let refused = bench.try_start(&two).await;
    assert!(matches!(refused, Err(Error::QueueFull { limit: QUEUE_MAX, .. })), "{refused:?}");
}

#[tokio::test]
async fn a_newer_version_supersedes_those_that_wait_too() {
    let bench = Bench::new().await;
    let (one, two) = (bench.version("one").await, bench.version("two").await);
    let running = bench.start(&one).await;
    let waiting = bench.start(&one).await;
    bench.apply("concurrency: {onNewerVersion: supersede}").await;

    let newest = bench.start(&two).await;

    assert_eq!(bench.stored(&running).await.rollout.stage, Stage::Superseded);
    assert_eq!(bench.stored(&waiting).await.rollout.stage, Stage::Superseded);
    assert_eq!(bench.stored(&newest).await.rollout.stage, Stage::Staging);
}

#[tokio::test]
async fn of_two_starts_at_once_a_policy_that_rejects_lets_one_in() {
    let bench = Bench::new().await;
    bench.apply("concurrency: {onNewerVersion: reject}").await;
    let two = bench.version("two").await;
    let (a, b) = tokio::join!(bench.try_start(&two), bench.try_start(&two));
    let refused = [&a, &b].into_iter().filter(|r| matches!(r, Err(Error::Busy { .. }))).count();
    assert_eq!(refused, 1, "{a:?} {b:?}");
}

#[tokio::test]
async fn what_has_no_plan_any_more_ends_and_says_why() {
    let bench = Bench::new().await;
    bench.apply("").await;
    let (one, two) = (bench.version("one").await, bench.version("two").await);
    let running = bench.start(&one).await;
    let waiting = bench.start(&two).await;
    assert_eq!(waiting.rollout.plan.kind, Kind::First);
    bench
        .put(
            &waiting,
            |rollout| Arc::make_mut(&mut rollout.plan).policy = "gone".to_owned(),
            Vec::new(),
        )
        .await;
    let serving = Effect::Serving { version: Some(one), alias: "champion".to_owned() };
    bench.put(&running, over(Stage::Completed), vec![serving]).await;

    bench.step().await.unwrap();

    let ended = bench.stored(&waiting).await.rollout;
    assert_eq!(ended.stage, Stage::Rejected);
    assert_eq!(ended.reason.unwrap(), "it has no plan any more: no policy named gone");
}

#[tokio::test]
async fn a_policy_that_is_not_there_is_named() {
    let bench = Bench::new().await;
    let two = bench.version("two").await;
    let start = Start {
        endpoint: None,
        model: two.model,
        version: two.number,
        policy: Some("nope".to_owned()),
        bootstrap: Bootstrap::Ask,
        override_quarantine: None,
        cause: "started".to_owned(),
        actor: ada(),
    };
    let missing = bench.driver.start(start).await;
    assert!(matches!(missing, Err(Error::NotFound { what: Missing::Policy, .. })), "{missing:?}");
}
