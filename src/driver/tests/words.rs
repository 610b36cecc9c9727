//! People's words: what reaches the gateway before the store, and two people at once.

use super::bench::{Bench, ada, again, endpoint};
use crate::driver::command::Error;
use crate::driver::operator::Word;
use seatrial_domain::evidence::ArmCount;
use seatrial_domain::rollout::{Cause, Event, Pause, Rollout, Stage};
use seatrial_domain::verdict::{Coverage, Decision, SampleRatio, Verdict};
use seatrial_domain::{Actor, RolloutId, Share};
use seatrial_store::Options;
use seatrial_store::journal::{Filter, Row};
use seatrial_store::page::Request;
use std::future::{Future as _, poll_fn};
use std::sync::Arc;
use std::task::Poll;

fn canary(rollout: &mut Rollout) {
    rollout.stage = Stage::Canary;
}

fn paused(rollout: &mut Rollout) {
    rollout.stage = Stage::Canary;
    rollout.paused = Some(Pause::Operator);
}

async fn rows(bench: &Bench, id: RolloutId) -> Vec<Row> {
    let filter = Filter { rollout: Some(id), ..Filter::default() };
    bench.store.journal(&filter, &Request::first(100)).await.unwrap().items
}

#[tokio::test]
async fn a_rollback_reaches_the_gateway_although_the_store_answers_nothing() {
    let bench = Bench::new().await;
    bench.voyage(canary).await;
    assert!(bench.world.wanted().desired.route.share > Share::ZERO);
    bench.store.close().await;

    let reason = "it looks odd".to_owned();
    let answer = bench.driver.roll_back(&endpoint(), None, reason, ada()).await;

    assert!(bench.world.latch().is_some(), "the share is zero");
    assert!(matches!(answer, Err(Error::Unstored(_))), "{answer:?}");
}

#[tokio::test]
async fn a_rollback_waits_for_no_reader_and_is_answered_as_stored() {
    let bench = Bench::with(Options { readers: 1, ..Options::default() }).await;
    let stored = bench.voyage(canary).await;
    // It holds the only reader, unless the database was so quick that it is done already.
    let audit = loop {
        let mut audit = Box::pin(bench.store.verify_journal());
        let polled = poll_fn(|context| Poll::Ready(audit.as_mut().poll(context))).await;
        if polled.is_pending() {
            break audit;
        }
    };
    let cell = bench.driver.cell(&endpoint());
    let read = Box::pin(bench.driver.step(&cell)).await;
    assert!(read.is_err(), "what a step asks of the store it does not get");

    let reason = "it looks odd".to_owned();
    let answer = bench.driver.roll_back(&endpoint(), None, reason, ada()).await;

    let stage = answer.unwrap().rollout.stage;
    assert!(matches!(stage, Stage::RollingBack { .. }), "{stage:?}");
    drop(audit);
    bench.step().await.unwrap();
    assert_eq!(bench.stored(&stored).await.rollout.stage, Stage::RolledBack);
}

#[tokio::test]
async fn a_word_that_means_another_revision_sets_no_share_to_zero() {
    let bench = Bench::new().await;
    let before = bench.voyage(canary).await;
    bench.put(&before, canary, Vec::new()).await;
    let abort = Event::Abort { reason: "no".to_owned() };

    let answer = bench.driver.command(before.rollout.id, Some(before.revision), abort, ada()).await;

    assert!(matches!(answer, Err(Error::Conflict { .. })), "{answer:?}");
    assert!(bench.world.latch().is_none());
}

#[tokio::test]
async fn a_reject_that_another_word_overtakes_is_a_rollback_all_the_same() {
    let bench = Bench::new().await;
    let stored = bench.voyage(paused).await;
    let id = stored.rollout.id;
    let cell = bench.driver.cell(&endpoint());
    let mut state = cell.state.lock().await;
    let driver = Arc::clone(&bench.driver);
    let grace = Actor::Unverified("grace".to_owned());
    let reject = Event::Reject { reason: "not this one".to_owned() };
    let hers = {
        let grace = grace.clone();
        bench
            .driver
            .tasks
            .spawn_to_end("grace", async move { driver.command(id, None, reject, grace).await })
    };
    bench.world.zeroed.notified().await;

    let resume = Word { rollout: id, if_match: None, said: Event::Resume.into(), actor: ada() };
    Box::pin(bench.driver.carry_out_on(&cell, &mut state, resume, None)).await.unwrap();
    drop(state);

    let answered = hers.await.unwrap().unwrap();
    assert!(matches!(answered.rollout.stage, Stage::RollingBack { .. }), "{answered:?}");
    let rows = rows(&bench, id).await;
    let back = rows.iter().find(|row| row.event == "rollback").unwrap();
    assert_eq!(back.actor, grace);
    assert_eq!(back.cause, Cause::Said { text: "not this one".to_owned() });
    assert_eq!(bench.stored(&stored).await.rollout.stage, Stage::RolledBack);
    assert!(bench.world.latch().is_none(), "its explanation has cleared it");
}

#[tokio::test]
async fn a_retry_of_another_revision_changes_nothing() {
    let bench = Bench::new().await;
    let before = bench.voyage(canary).await;
    let after = bench.put(&before, |rollout| rollout.stage = Stage::Aborted, Vec::new()).await;
    let retry = |if_match| bench.driver.retry(before.rollout.id, if_match, again(None));
    let answer = retry(Some(before.revision)).await;
    assert!(matches!(answer, Err(Error::Conflict { .. })), "{answer:?}");
    assert_eq!(retry(Some(after.revision)).await.unwrap().rollout.attempt, 2);
}

#[tokio::test]
async fn the_last_verdict_is_found_behind_any_number_of_rows() {
    let bench = Bench::new().await;
    let mut stored = bench.voyage(canary).await;
    let id = stored.rollout.id;
    let verdict = Verdict {
        decision: Decision::Pass,
        units: ArmCount::default(),
        sample_ratio: SampleRatio::Plausible,
        coverage: Coverage::Enough,
        assignment: None,
        labelled: Vec::new(),
        ranking: Vec::new(),
        told_apart: Vec::new(),
        checks: Vec::new(),
    };
    let cause = Cause::Verdict { verdict: Box::new(verdict.clone()) };
    for cause in [Cause::Said { text: "so".to_owned() }, cause, Cause::Said { text: "on".into() }] {
        stored = bench.put_because(&stored, |_| {}, (cause, Vec::new())).await;
    }
    let last = crate::past::last(&bench.store, id, 2).await.unwrap();
    assert_eq!(last.and_then(|past| past.verdict), Some(verdict));
}
