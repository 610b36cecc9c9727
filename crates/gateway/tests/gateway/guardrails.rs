//! Limits the gateway enforces alone.

use crate::double::Script;
use crate::world::{ROLLOUT, World, digits, route, share};
use seatrial_domain::Epoch;
use seatrial_domain::plan::{Guardrail, Kind};
use seatrial_domain::split::Arm;
use seatrial_domain::telemetry::{BadOf, LatchCause, TripKind};
use seatrial_gateway::RouteTable;
use std::sync::atomic::Ordering;
use std::time::Duration;

#[tokio::test]
async fn a_failing_candidate_loses_its_share_and_no_client_notices() {
    let world = World::with(|_| {}).await;
    let mut trips = world.gateway.trips().unwrap();
    world.candidate.play(Script::Fail);
    for n in 0..5 {
        world.client.infer_as(&World::user(Arm::Incumbent, share(5000), n)).await;
    }
    for n in 0..30 {
        let reply = world.client.infer_as(&World::user(Arm::Candidate, share(5000), n)).await;
        assert_eq!((reply.status, reply.label()), (200, 1));
    }
    assert_eq!(world.candidate.calls(), 20, "none after the limit");
    let trip = trips.try_recv().unwrap();
    assert_eq!((trip.rollout, trip.epoch, trip.kind), (ROLLOUT, Epoch(1), TripKind::Zeroed));
    assert_eq!(trip.guardrail, "consecutiveErrors");
    assert_eq!(trip.candidate, BadOf { bad: 20, total: 20 });
    assert_eq!(trip.incumbent, BadOf { bad: 0, total: 5 });
    assert!(trips.try_recv().is_err(), "one trip, one report");
    assert_eq!(world.gateway.latch(&digits()).unwrap().cause, LatchCause::ConsecutiveErrors);
    assert_eq!(world.counts().errors.candidate_bad, 20);
}

#[tokio::test]
async fn an_incident_of_both_arms_is_reported_with_both_counts() {
    let world = World::with(|_| {}).await;
    let mut trips = world.gateway.trips().unwrap();
    world.incumbent.play(Script::Fail);
    world.candidate.play(Script::Fail);
    for n in 0..20 {
        world.client.infer_as(&World::user(Arm::Incumbent, share(5000), n)).await;
        world.client.infer_as(&World::user(Arm::Candidate, share(5000), n)).await;
    }
    let trip = trips.try_recv().unwrap();
    assert_eq!(trip.incumbent, BadOf { bad: 20, total: 20 }, "fallbacks are not the incumbent's");
}

#[tokio::test]
async fn every_other_error_trips_the_ratio() {
    let rail =
        Guardrail::ErrorRatio { limit: 0.4, min_requests: 6, window: Duration::from_secs(10) };
    let world = World::with(route(|route| route.guardrails = vec![rail])).await;
    let mut trips = world.gateway.trips().unwrap();
    for n in 0..10 {
        world.candidate.play(if n % 2 == 0 { Script::Answer(2) } else { Script::Fail });
        let reply = world.client.infer_as(&World::user(Arm::Candidate, share(5000), n)).await;
        assert_eq!(reply.status, 200);
    }
    assert_eq!(world.candidate.calls(), 6, "none after the limit");
    let trip = trips.try_recv().unwrap();
    assert_eq!(trip.guardrail, "errorRatio");
    assert_eq!(trip.candidate, BadOf { bad: 3, total: 6 });
}

#[tokio::test]
async fn late_answers_trip_their_own_guardrail() {
    let rail = Guardrail::DeadlineExceeded {
        ratio: 0.1,
        min_requests: 5,
        window: Duration::from_secs(10),
    };
    let world = World::with(route(|route| route.guardrails = vec![rail])).await;
    world.candidate.play(Script::Late);
    for n in 0..8 {
        world.client.infer_as(&World::user(Arm::Candidate, share(5000), n)).await;
    }
    assert_eq!(world.candidate.calls(), 5);
    assert_eq!(world.gateway.latch(&digits()).unwrap().cause, LatchCause::DeadlineExceeded);
}

#[tokio::test]
async fn without_a_control_a_trip_only_reports_and_only_once() {
    for kind in [Kind::First, Kind::Restore] {
        let world = World::with(|table| {
            table.incumbent = None;
            route(|route| (route.kind, route.share) = (kind, share(10_000)))(table);
        })
        .await;
        let mut trips = world.gateway.trips().unwrap();
        world.candidate.play(Script::Fail);
        for _ in 0..45 {
            assert_eq!(world.client.infer(&[]).await.status, 500);
        }
        assert_eq!(trips.try_recv().unwrap().kind, TripKind::Pause);
        assert!(trips.try_recv().is_err());
        world.candidate.play(Script::Answer(2));
        assert_eq!(world.client.infer(&[]).await.label(), 2, "the share stays");
    }
}

/// Three failures in a row come long before a tenth of the last ten answers.
fn two_rails() -> Vec<Guardrail> {
    let window = Duration::from_secs(10);
    vec![
        Guardrail::ConsecutiveErrors { limit: 3 },
        Guardrail::ErrorRatio { limit: 0.1, min_requests: 10, window },
    ]
}

/// A table of a first version under both rails.
fn first(table: &mut RouteTable) {
    table.incumbent = None;
    route(|route| {
        (route.kind, route.share) = (Kind::First, share(10_000));
        route.guardrails = two_rails();
    })(table);
}

#[tokio::test]
async fn a_reported_guardrail_masks_no_other() {
    let world = World::with(first).await;
    let mut trips = world.gateway.trips().unwrap();
    world.candidate.play(Script::Fail);
    for _ in 0..30 {
        world.client.infer(&[]).await;
    }
    assert_eq!(trips.try_recv().unwrap().guardrail, "consecutiveErrors");
    assert_eq!(trips.try_recv().unwrap().guardrail, "errorRatio");
    assert!(trips.try_recv().is_err(), "each once");
}

#[tokio::test]
async fn guardrails_that_reported_watch_the_next_table_anew() {
    let world = World::with(first).await;
    let mut trips = world.gateway.trips().unwrap();
    world.candidate.play(Script::Fail);
    for epoch in [1, 2] {
        if epoch > 1 {
            world.install(epoch, first);
        }
        for failures in 1..=3 {
            world.client.infer(&[]).await;
            let trip = trips.try_recv().ok();
            let due = (failures == 3).then_some((Epoch(epoch), "consecutiveErrors"));
            assert_eq!(trip.as_ref().map(|it| (it.epoch, it.guardrail.as_str())), due);
        }
    }
}

#[tokio::test]
async fn a_candidate_that_is_not_ready_loses_its_share() {
    let rail = Guardrail::NotReady { after: Duration::ZERO };
    let world = World::with(route(|route| route.guardrails = vec![rail])).await;
    let mut trips = world.gateway.trips().unwrap();
    world.candidate.ready.store(false, Ordering::SeqCst);
    let trip = trips.recv().await.unwrap();
    assert_eq!((trip.guardrail.as_str(), trip.kind), ("notReady", TripKind::Zeroed));
    let user = World::user(Arm::Candidate, share(5000), 0);
    assert_eq!(world.client.infer_as(&user).await.label(), 1);
}
