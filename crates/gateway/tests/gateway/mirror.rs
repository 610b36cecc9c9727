//! The shadow: everything it does, and nothing it does to clients.

use crate::double::Script;
use crate::world::{World, route, shadow, share};
use seatrial_domain::evidence::{MirrorCounts, PairCount};
use seatrial_domain::plan::Shadow;
use std::sync::Arc;
use tokio::sync::Semaphore;

async fn shadowed(edit: impl FnOnce(&mut Shadow)) -> World {
    let mut plan = shadow();
    edit(&mut plan);
    World::with(route(|route| {
        route.share = share(0);
        route.gate = None;
        route.shadow = Some(plan);
    }))
    .await
}

fn resolved(mirror: &MirrorCounts) -> u64 {
    mirror.sent + mirror.dropped.values().sum::<u64>()
}

#[tokio::test]
async fn copies_are_compared_by_rule_and_slice_over_the_incumbents_own_noise() {
    let world = shadowed(|_| {}).await;
    for client in ["web", "web", "mobile"] {
        let reply = world.client.infer(&[("client", client)]).await;
        assert_eq!(reply.label(), 1, "clients see the incumbent");
        world.until(|world| world.shadow().mirror.sent == resolved(&world.shadow().mirror)).await;
    }
    world.until(|world| world.shadow().compare[0].noise.pairs == 3).await;
    let counts = world.shadow();
    assert_eq!(counts.compare[0].candidate, PairCount { pairs: 3, disagree: 3 });
    assert_eq!(counts.compare[0].noise, PairCount { pairs: 3, disagree: 0 });
    assert_eq!(counts.slices["client"]["web"][0].candidate.pairs, 2);
    assert_eq!(counts.slices["client"]["mobile"][0].candidate.disagree, 1);
    assert_eq!(counts.examples.len(), 3);
    assert_eq!(
        (counts.examples[0].incumbent.as_str(), counts.examples[0].candidate.as_str()),
        ("[1]", "[2]")
    );
    assert_eq!(counts.incumbent_latency.iter().sum::<u64>(), 3);
}

#[tokio::test]
async fn a_stuck_shadow_delays_no_client_and_every_copy_is_accounted_for() {
    let world = shadowed(|_| {}).await;
    let permits = Arc::new(Semaphore::new(0));
    world.candidate.play(Script::Wait(Arc::clone(&permits), 1));
    for n in 0..20 {
        // The shadow answers nothing at all; every one of these is answered all the same.
        assert_eq!(world.client.infer(&[]).await.status, 200);
        let mirror = world.shadow().mirror;
        assert_eq!(mirror.offered, resolved(&mirror), "after {n}");
    }
    world.until(|world| world.candidate.calls() == 2).await;
    let mirror = world.shadow().mirror;
    assert_eq!((mirror.sent, mirror.dropped["queue_full"]), (2, 16), "two run, two wait");
    permits.add_permits(20);
    world.until(|world| world.shadow().mirror.offered == 20).await;
    let mirror = world.shadow().mirror;
    assert_eq!((mirror.sent, mirror.dropped["queue_full"]), (4, 16));
}

#[tokio::test]
async fn copies_beyond_the_bytes_are_dropped_for_that_reason() {
    let world = shadowed(|plan| plan.queue_bytes = 10).await;
    world.client.infer(&[]).await;
    let mirror = world.shadow().mirror;
    assert_eq!((mirror.offered, mirror.dropped["queue_bytes"]), (1, 1));
}

#[tokio::test]
async fn copies_that_wait_when_the_shadow_ends_are_dropped_as_stopped() {
    let world = shadowed(|_| {}).await;
    let permits = Arc::new(Semaphore::new(0));
    world.candidate.play(Script::Wait(Arc::clone(&permits), 1));
    for _ in 0..4 {
        world.client.infer(&[]).await;
    }
    world.until(|world| world.candidate.calls() == 2).await;
    world.install(2, route(|route| route.share = share(0)));
    world.until(|world| world.shadow().mirror.offered == 4).await;
    let mirror = world.shadow().mirror;
    assert_eq!((mirror.sent, mirror.dropped["stopped"]), (2, 2));
}

#[tokio::test]
async fn a_shadow_that_fails_is_counted_and_nothing_else_happens() {
    let world = shadowed(|_| {}).await;
    world.candidate.play(Script::Fail);
    assert_eq!(world.client.infer(&[]).await.label(), 1);
    world.until(|world| world.shadow().candidate_errors == 1).await;
    assert_eq!(world.shadow().compare[0].candidate.pairs, 0);
}

#[tokio::test]
async fn only_the_sample_is_mirrored() {
    let world = shadowed(|plan| plan.mirror = share(5000)).await;
    for _ in 0..40 {
        world.client.infer(&[]).await;
    }
    world
        .until(|world| {
            world.gateway.in_flight(&crate::world::digits(), seatrial_domain::VersionNumber(2)) == 0
        })
        .await;
    let offered = world.shadow().mirror.offered;
    assert!((8..=32).contains(&offered), "{offered}");
}
