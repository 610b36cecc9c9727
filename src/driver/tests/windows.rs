//! The windows of the test for late faults, as a store takes their starts or does not.

use super::bench::{Bench, endpoint};
use crate::clock;
use crate::driver::cell::State;
use crate::driver::look::WINDOW_RETRY;
use crate::world::World as _;
use seatrial_analysis::counts::ArmHistogram;
use seatrial_analysis::latency::Edges;
use seatrial_domain::evidence::{GateCounts, GateIndex};
use seatrial_domain::rollout::{Rollout, Stage};
use seatrial_domain::telemetry::Telemetry;
use seatrial_store::Options;

async fn look(bench: &Bench, state: &mut State, rollout: &Rollout) {
    let observed = bench.world.observe(&endpoint());
    bench.driver.verdict(state, rollout, &observed).await.unwrap().unwrap();
}

async fn count(bench: &Bench, rollout: &Rollout) {
    let buckets = Edges::default().buckets();
    let latency = ArmHistogram { candidate: vec![1; buckets], incumbent: vec![19; buckets] };
    let counts = GateCounts { latency, ..GateCounts::default() };
    let gates = vec![(rollout.id, GateIndex(0).unseen(), counts)];
    let telemetry = Telemetry { boot: 1, seq: 1, gates, ..Telemetry::default() };
    bench.store.flush(&telemetry).await.unwrap();
}

async fn begun(bench: &Bench, rollout: &Rollout) -> usize {
    bench.store.evidence(rollout.id).await.unwrap().starts.iter().count()
}

#[tokio::test]
async fn a_start_that_the_store_refused_is_tried_again_once_the_wait_is_over() {
    let small = Options { database_limit: Some(1 << 21), ..Options::default() };
    let bench = Bench::with(small).await;
    let rollout = bench.voyage(|rollout| rollout.stage = Stage::Canary).await.rollout;
    let mut state = State::default();
    // Of every latency there is, so that no page has room for what a start tells.
    count(&bench, &rollout).await;
    bench.fill().await;
    look(&bench, &mut state, &rollout).await;
    assert!(!state.look.may_begin_window(), "the store has refused it");

    // Room again, and the driver's memory of this endpoint as it was.
    let bench = bench.restarted(Options::default()).await;
    clock::advance(WINDOW_RETRY / 2);
    look(&bench, &mut state, &rollout).await;
    assert_eq!(begun(&bench, &rollout).await, 0, "people would wait for each try");
    clock::advance(WINDOW_RETRY / 2);
    look(&bench, &mut state, &rollout).await;
    assert_eq!(begun(&bench, &rollout).await, 1);
}
