//! The end: in-flight requests are answered, new ones are not taken.

use crate::double::Script;
use crate::world::{World, config, digits};
use seatrial_domain::VersionNumber;
use seatrial_gateway::Config;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::sync::Semaphore;

#[tokio::test]
async fn a_drain_finishes_what_is_in_flight() {
    let world = World::with(|table| table.rollout = None).await;
    let permits = Arc::new(Semaphore::new(0));
    world.incumbent.play(Script::Wait(Arc::clone(&permits), 1));
    let ending = async {
        world.until(|world| world.incumbent.calls() == 1).await;
        assert_eq!(world.gateway.in_flight(&digits(), VersionNumber(1)), 1);
        world.shutdown.cancel();
        // The listener goes with the accept loop: nobody new gets in.
        while TcpStream::connect(world.client.0).await.is_ok() {
            tokio::task::yield_now().await;
        }
        permits.add_permits(1);
    };
    let (reply, ()) = tokio::join!(world.client.infer(&[]), ending);
    assert_eq!((reply.status, reply.label()), (200, 1));
    world.served.wait().await;
    assert_eq!(world.gateway.in_flight(&digits(), VersionNumber(1)), 0);
}

#[tokio::test]
async fn a_server_told_to_stop_says_so_before_it_refuses_anybody() {
    let notice = Duration::from_secs(1);
    let world = World::new(Config { notice, ..config() }).await;
    world.install(1, |table| table.rollout = None);
    let ready = || async { world.client.get("/v2/health/ready").await.status };
    assert_eq!(ready().await, 200);
    world.shutdown.cancel();
    // Every one of these is answered, and so is a client that has not heard yet.
    while ready().await == 200 {}
    assert_eq!(ready().await, 503);
    assert_eq!(world.client.infer(&[]).await.status, 200);
    world.served.wait().await;
    assert!(TcpStream::connect(world.client.0).await.is_err());
}

#[tokio::test]
async fn a_replaced_version_is_drained_when_its_last_request_is_answered() {
    let world = World::with(|table| table.rollout = None).await;
    let permits = Arc::new(Semaphore::new(0));
    world.incumbent.play(Script::Wait(Arc::clone(&permits), 1));
    let old = VersionNumber(1);
    let replacing = async {
        world.until(|world| world.incumbent.calls() == 1).await;
        world.install(2, |table| {
            (table.incumbent, table.rollout) = (table.candidate.take(), None);
        });
        assert_eq!(world.client.infer(&[]).await.label(), 2);
        assert_eq!(world.gateway.in_flight(&digits(), old), 1);
        permits.add_permits(1);
    };
    let (reply, ()) = tokio::join!(world.client.infer(&[]), replacing);
    assert_eq!(reply.label(), 1, "routed before, answered by the version it was routed to");
    world.until(|world| world.gateway.in_flight(&digits(), old) == 0).await;
}

#[tokio::test]
async fn a_removed_endpoint_is_not_found() {
    let world = World::with(|_| {}).await;
    world.gateway.remove(&digits());
    assert_eq!(world.client.infer(&[]).await.status, 404);
}
