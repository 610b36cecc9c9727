//! A start whose store takes nothing serves as its journal stands.

use super::bench::{Bench, endpoint};
use crate::clock;
use seatrial_domain::evidence::{ArmCount, GateCounts, GateIndex};
use seatrial_domain::rollout::{Rollout, Stage};
use seatrial_domain::telemetry::{Latch, LatchCause, Telemetry};
use seatrial_store::Options;
use std::time::Duration;

fn canary(rollout: &mut Rollout) {
    rollout.stage = Stage::Canary;
}

#[tokio::test]
async fn a_start_on_a_full_disk_serves_the_stored_share() {
    let small = Options { database_limit: Some(1 << 20), ..Options::default() };
    let bench = Bench::with(small.clone()).await;
    let stored = bench.voyage(canary).await;
    bench.fill().await;
    let bench = bench.restarted(small).await;

    bench.driver.recover(Some(clock::now())).await.unwrap();

    bench.driver.settled(Duration::ZERO).await;
    let cell = bench.driver.cell(&endpoint());
    assert!(bench.driver.is_in_force(&cell));
    let route = bench.world.wanted().desired.route;
    assert_eq!((route.epoch, route.share), (stored.rollout.epoch, stored.rollout.share()));
    bench.step().await.unwrap_err();
    let shown = bench.driver.standing(bench.stored(&stored).await).rollout;
    assert_eq!(shown.held, Some(seatrial_domain::rollout::Hold::Storage));
}

#[tokio::test]
async fn an_outage_is_told_before_anything_else_happens() {
    let bench = Bench::new().await;
    let stored = bench.voyage(canary).await;
    let bench = bench.restarted(Options::default()).await;
    bench.driver.recover(Some(clock::now())).await.unwrap();
    let id = stored.rollout.id;
    let pause = seatrial_domain::rollout::Event::Pause { reason: "wait".to_owned() };

    bench.driver.command(id, None, pause, super::bench::ada()).await.unwrap();

    let filter = seatrial_store::journal::Filter { rollout: Some(id), ..Default::default() };
    let page = seatrial_store::page::Request::first(100);
    let rows = bench.store.journal(&filter, &page).await.unwrap().items;
    let events: Vec<&str> = rows.iter().map(|row| row.event.as_str()).collect();
    let after = events.iter().position(|event| *event == "put").unwrap();
    assert_eq!(events[after + 1..after + 3], ["restarted", "pause"], "{events:?}");
}

#[tokio::test]
async fn a_latch_from_before_the_start_is_explained_by_a_rollback() {
    let bench = Bench::new().await;
    let stored = bench.voyage(canary).await;
    let bench = bench.restarted(Options::default()).await;
    let (rollout, epoch) = (stored.rollout.id, stored.rollout.epoch);
    bench.world.set_latch(Latch { rollout, epoch, cause: LatchCause::Operator });
    bench.driver.recover(Some(clock::now())).await.unwrap();

    bench.step().await.unwrap();

    assert_eq!(bench.stored(&stored).await.rollout.stage, Stage::RolledBack);
}

#[tokio::test]
async fn windows_of_the_process_before_are_cut_when_its_rollout_is_taken_up() {
    let bench = Bench::new().await;
    let id = bench.voyage(canary).await.rollout.id;
    let waiting = ArmCount { candidate: 2, incumbent: 3 };
    let counts = GateCounts { open: waiting, waiting, ..GateCounts::default() };
    let gates = vec![(id, GateIndex(0).unseen(), counts)];
    bench.store.flush(&Telemetry { boot: 7, seq: 1, gates, ..Telemetry::default() }).await.unwrap();
    let bench = bench.restarted(Options::default()).await;
    bench.driver.recover(Some(clock::now())).await.unwrap();

    bench.step().await.unwrap();

    let cut = bench.store.evidence(id).await.unwrap().gates.remove(&GateIndex(0).unseen()).unwrap();
    assert_eq!((cut.waiting, cut.unanswered), (ArmCount::default(), waiting));
}

#[tokio::test]
async fn what_the_clock_jumps_over_counts_towards_no_duration() {
    let bench = Bench::new().await;
    let stored = bench.voyage(canary).await;
    let counted = async || bench.stored(&stored).await.rollout.counted(clock::now());
    bench.step().await.unwrap();
    clock::advance(Duration::from_secs(600));
    let before = counted().await;
    assert!(before >= Duration::from_secs(600), "{before:?}");
    clock::jump(Duration::from_secs(30 * 3_600));

    bench.step().await.unwrap();

    let rollout = bench.stored(&stored).await.rollout;
    assert_eq!((rollout.stage, rollout.paused), (Stage::Canary, None), "it has a day");
    let after = counted().await;
    assert!(after - before < Duration::from_secs(60), "{before:?} {after:?}");
    // Told once, and what passes from then on counts.
    let revision = bench.stored(&stored).await.revision;
    bench.step().await.unwrap();
    assert_eq!(bench.stored(&stored).await.revision, revision);
}
