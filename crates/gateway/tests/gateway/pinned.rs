//! `/versions/{v}`: which versions are reached, and what it leaves alone.

use crate::double::{Double, Script};
use crate::http::{INPUT, Reply};
use crate::world::{World, config, digits, route, share, target};
use seatrial_domain::telemetry::LatchCause;
use seatrial_gateway::Config;
use std::sync::Arc;
use tokio::sync::Semaphore;

async fn version(world: &World, version: &str) -> Reply {
    world.client.post(&format!("/v2/models/digits/versions/{version}/infer"), &[], INPUT).await
}

async fn statuses(world: &World) -> [u16; 3] {
    [
        version(world, "1").await.status,
        version(world, "2").await.status,
        version(world, "3").await.status,
    ]
}

#[tokio::test]
async fn only_versions_with_a_share_and_the_standby_are_reached() {
    let world = World::with(|_| {}).await;
    assert_eq!(statuses(&world).await, [200, 200, 404]);
    world.install(2, route(|route| route.share = share(0)));
    assert_eq!(statuses(&world).await, [200, 404, 404]);
    world.install(3, route(|route| route.share = share(10_000)));
    assert_eq!(statuses(&world).await, [404, 200, 404]);
    let standby = Double::new(Script::Answer(3));
    world.install(4, |table| table.pinned = vec![target(3, &standby)]);
    assert_eq!(version(&world, "3").await.label(), 3);
    assert_eq!(version(&world, "latest").await.status, 404);
    let metadata = world.client.get("/v2/models/digits").await.body;
    assert_eq!(metadata["versions"], serde_json::json!(["1", "2", "3"]));
}

#[tokio::test]
async fn a_latched_candidate_is_not_reached() {
    let world = World::with(|_| {}).await;
    world.gateway.zero(&digits(), LatchCause::Operator);
    assert_eq!(statuses(&world).await, [200, 404, 404]);
}

#[tokio::test]
async fn pinned_requests_are_no_evidence_and_trip_nothing() {
    let world = World::with(|_| {}).await;
    world.candidate.play(Script::Fail);
    for _ in 0..25 {
        assert_eq!(version(&world, "2").await.status, 500);
    }
    let telemetry = world.drain();
    assert_eq!(crate::world::counts(&telemetry).units.total(), 0);
    assert_eq!(telemetry.assignments.len(), 0);
    assert_eq!(world.gateway.latch(&digits()), None);
}

#[tokio::test]
async fn pinned_requests_at_once_are_bounded() {
    let world = World::new(Config { pinned_in_flight: 1, ..config() }).await;
    world.install(1, |_| {});
    let permits = Arc::new(Semaphore::new(0));
    world.candidate.play(Script::Wait(Arc::clone(&permits), 2));
    let second = async {
        world.until(|world| world.candidate.calls() == 1).await;
        let refused = version(&world, "1").await.status;
        permits.add_permits(1);
        refused
    };
    let (first, second) = tokio::join!(version(&world, "2"), second);
    assert_eq!((first.status, second), (200, 503));
}
