//! While the store takes nothing: what is shown, and what is kept for when it does again.

use super::bench::{Bench, endpoint};
use crate::clock;
use crate::driver::cell::State;
use seatrial_analysis::counts::Cells;
use seatrial_domain::RolloutId;
use seatrial_domain::evidence::{ArmCount, GateCounts, GateIndex, ShadowCounts};
use seatrial_domain::rollout::{Hold, Pause, Rollout, Stage};
use seatrial_domain::telemetry::{BadOf, Telemetry, Trip, TripKind};
use seatrial_domain::verdict::Decision;
use seatrial_gateway::{FeedbackRequest, feedback};
use seatrial_store::Options;
use seatrial_store::rollouts::CommitError;
use seatrial_store::storage::Error;
use std::sync::Arc;
use tokio::sync::oneshot;

fn stabilizing(rollout: &mut Rollout) {
    rollout.stage = Stage::Stabilizing;
}

#[tokio::test]
async fn a_hold_for_the_store_is_over_once_the_store_takes_anything() {
    let bench = Bench::new().await;
    let stored = bench.voyage(stabilizing).await;
    let refused =
        CommitError::Storage(Error::Corrupt { what: "a".to_owned(), detail: "b".to_owned() });
    bench.driver.note_refused(&endpoint(), &refused);
    assert_eq!(bench.driver.standing(stored.clone()).rollout.held, Some(Hold::Storage));

    let _flushed = bench.driver.flush().await;

    assert_eq!(bench.driver.standing(stored).rollout.held, None);
}

#[tokio::test]
async fn a_label_that_came_while_the_store_took_nothing_is_not_unknown() {
    let bench = Bench::new().await;
    bench.store.close().await;
    let (reply, answer) = oneshot::channel();
    let request = FeedbackRequest {
        endpoint: endpoint(),
        request_id: "r-1".to_owned(),
        metric: "correct".to_owned(),
        value: 1.0,
        ts: clock::now(),
        reply,
    };

    bench.driver.join(vec![request]).await;

    assert!(matches!(answer.await.unwrap(), Err(feedback::Error::Unavailable(_))));
}

fn trip(rollout: RolloutId, epoch: seatrial_domain::Epoch) -> Trip {
    Trip {
        endpoint: endpoint(),
        rollout,
        epoch,
        guardrail: "errorRatio".to_owned(),
        kind: TripKind::Pause,
        candidate: BadOf { bad: 9, total: 10 },
        incumbent: BadOf::default(),
        at: clock::now(),
    }
}

#[tokio::test]
async fn a_trip_whose_pause_was_not_stored_pauses_later() {
    let small = Options { database_limit: Some(1 << 20), ..Options::default() };
    let bench = Bench::with(small.clone()).await;
    let first = |rollout: &mut Rollout| {
        stabilizing(rollout);
        Arc::make_mut(&mut rollout.plan).kind = seatrial_domain::plan::Kind::First;
    };
    let stored = bench.voyage(first).await;
    bench.fill().await;
    let cell = bench.driver.cell(&endpoint());
    cell.tripped(trip(stored.rollout.id, stored.rollout.epoch));
    bench.step().await.unwrap_err();
    assert_eq!(bench.stored(&stored).await.rollout.paused, None);
    let kept = cell.trips().clone();
    assert_eq!(kept.len(), 1);

    let bench = bench.restarted(Options::default()).await;
    let cell = bench.driver.cell(&endpoint());
    cell.trips().extend(kept);
    bench.step().await.unwrap();

    assert_eq!(bench.stored(&stored).await.rollout.paused, Some(Pause::Operator));
    assert!(cell.trips().is_empty());
}

#[tokio::test]
async fn a_fail_waits_for_no_store_that_takes_nothing() {
    let small = Options { database_limit: Some(1 << 20), ..Options::default() };
    let bench = Bench::with(small).await;
    let canary = bench.voyage(|rollout| rollout.stage = Stage::Canary).await.rollout;
    let errors = Cells {
        candidate_bad: 800,
        candidate_good: 3_200,
        incumbent_bad: 0,
        incumbent_good: 76_000,
    };
    let units = ArmCount { candidate: 4_000, incumbent: 76_000 };
    let counts = GateCounts { units, errors, ..GateCounts::default() };
    // Longer than whatever room a page has left.
    let shadow = ShadowCounts { incumbent_latency: vec![1; 50_000], ..ShadowCounts::default() };
    let telemetry = Telemetry {
        boot: 1,
        seq: 1,
        gates: vec![(canary.id, GateIndex(0).unseen(), counts)],
        shadow: vec![(canary.id, shadow)],
        ..Telemetry::default()
    };
    bench.store.flush(&telemetry).await.unwrap();
    bench.fill().await;

    let observed = bench.driver.world.observe(&endpoint());
    let verdict = bench.driver.verdict(&mut State::default(), &canary, &observed).await;

    let decision = verdict.unwrap().unwrap().decision;
    assert_eq!(decision, Decision::Fail { check: "errorRate".to_owned() });
}
