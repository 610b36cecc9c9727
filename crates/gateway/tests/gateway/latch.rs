//! Share zero ahead of any commit, and how long it lasts.

use crate::world::{ROLLOUT, World, config, digits, route, share};
use seatrial_domain::Epoch;
use seatrial_domain::telemetry::{Latch, LatchCause};
use seatrial_gateway::Config;

fn kept(dir: &tempfile::TempDir) -> Config {
    Config { latch_file: Some(dir.path().join("latches")), ..config() }
}

fn full(table: &mut seatrial_gateway::RouteTable) {
    route(|route| route.share = share(10_000))(table);
}

#[tokio::test]
async fn an_abort_moves_every_unit_back_at_once_and_out_of_the_evidence() {
    let world = World::with(|_| {}).await;
    world.gateway.zero(&digits(), LatchCause::Operator);
    for n in 0..20 {
        assert_eq!(world.client.infer_as(&format!("user-{n}")).await.label(), 1);
    }
    assert_eq!(world.counts().units.total(), 0);
    let latch = Latch { rollout: ROLLOUT, epoch: Epoch(1), cause: LatchCause::Operator };
    assert_eq!(world.gateway.latch(&digits()), Some(latch));
}

#[tokio::test]
async fn a_latch_outlives_a_restart_until_a_larger_epoch() {
    let dir = tempfile::tempdir().unwrap();
    let world = World::new(kept(&dir)).await;
    world.install(7, full);
    assert_eq!(world.client.infer(&[]).await.label(), 2);
    world.gateway.zero(&digits(), LatchCause::Operator);
    drop(world);

    let restarted = World::new(kept(&dir)).await;
    assert_eq!(restarted.gateway.latch(&digits()).unwrap().epoch, Epoch(7));
    restarted.install(7, full);
    assert_eq!(restarted.client.infer(&[]).await.label(), 1, "the first request after it");
    restarted.install(8, full);
    assert_eq!(restarted.client.infer(&[]).await.label(), 2);
    assert_eq!(restarted.gateway.latch(&digits()), None);
}

#[tokio::test]
async fn a_latch_that_cannot_be_read_back_holds_all_the_same() {
    let dir = tempfile::tempdir().unwrap();
    let world = World::new(kept(&dir)).await;
    world.install(7, full);
    world.gateway.zero(&digits(), LatchCause::Operator);
    drop(world);
    let path = dir.path().join("latches");
    let mut bytes = std::fs::read(&path).unwrap();
    bytes[20] ^= 1;
    std::fs::write(&path, bytes).unwrap();

    for _start in 0..2 {
        let restarted = World::new(kept(&dir)).await;
        // The world announces an endpoint before it has its table.
        restarted.install(0, |table| (table.incumbent, table.rollout) = (None, None));
        restarted.install(7, full);
        assert_eq!(restarted.client.infer(&[]).await.label(), 1, "the first request after it");
        let latch = Latch { rollout: ROLLOUT, epoch: Epoch(7), cause: LatchCause::Damaged };
        assert_eq!(restarted.gateway.latch(&digits()), Some(latch));
    }
    let restarted = World::new(kept(&dir)).await;
    restarted.install(8, full);
    assert_eq!(restarted.client.infer(&[]).await.label(), 2, "a larger epoch knew of it");
}

#[tokio::test]
async fn the_share_is_zero_even_where_the_latch_cannot_be_written() {
    let dir = tempfile::tempdir().unwrap();
    // No slots: every write finds no room.
    let world = World::new(Config { latch_slots: 0, ..kept(&dir) }).await;
    world.install(1, full);
    world.gateway.zero(&digits(), LatchCause::Verdict);
    assert_eq!(world.client.infer(&[]).await.label(), 1);
}

#[tokio::test]
async fn without_a_rollout_there_is_nothing_to_latch() {
    let world = World::with(|table| table.rollout = None).await;
    world.gateway.zero(&digits(), LatchCause::Operator);
    assert_eq!(world.gateway.latch(&digits()), None);
}
