//! A change of settings applies to the next rollout.

use super::bench::{Bench, ada, endpoint};
use crate::clock;
use seatrial_domain::rollout::{Effect, Stage};
use std::time::Duration;

#[tokio::test]
async fn at_rest_the_settings_are_those_the_serving_version_was_promoted_under() {
    let bench = Bench::new().await;
    let one = bench.version("one").await;
    let first = bench.start(&one).await;
    let serving = Effect::Serving { version: Some(one), alias: "champion".to_owned() };
    bench.put(&first, |rollout| rollout.stage = Stage::Completed, vec![serving]).await;
    let mut settings = first.rollout.settings.clone();
    settings.deadline = Duration::from_millis(1);
    settings.sessions = 7;
    bench.store.set_endpoint(&endpoint(), &settings, &ada(), clock::now()).await.unwrap();
    let cell = bench.driver.cell(&endpoint());
    cell.state.lock().await.known = None;

    bench.step().await.unwrap();

    let wanted = bench.world.wanted();
    assert_eq!(wanted.settings, first.rollout.settings);
    assert_eq!(wanted.desired.deployments[0].sessions, first.rollout.settings.sessions);
    let two = bench.version("two").await;
    assert_eq!(bench.start(&two).await.rollout.settings, settings);
    assert_eq!(bench.world.wanted().settings, settings);
}
