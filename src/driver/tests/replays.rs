//! Verdicts that were journalled, derived again from the journal alone.

use super::bench::{Bench, ada};
use crate::clock;
use crate::driver::command::Stored;
use crate::past::{self, Outcome, Past, Planned};
use seatrial_analysis::counts::Cells;
use seatrial_domain::evidence::{
    ArmCount, CompareCount, GateCounts, GateIndex, LatencyPairs, PairCount, PairedCounts,
    ShadowCounts,
};
use seatrial_domain::rollout::{Cause, Event, Pause, Rollout, Stage};
use seatrial_domain::telemetry::Telemetry;
use seatrial_domain::{RolloutId, Timestamp};
use seatrial_store::Options;
use seatrial_store::journal::{Filter, Row};
use seatrial_store::page::Request;
use serde_json::{Value, json};
use std::time::Duration;

const CHECKS: &str = "checks: [{name: errorRate, kind: errors, margin: {absolute: 0.02}}], \
    canary: {share: 5, minDuration: 1h, maxDuration: 2h}, shadow: {minDuration: 1s}";

/// A rollout that took its turn and is in its canary.
async fn in_canary(bench: &Bench, spec: &str) -> Stored {
    bench.apply(spec).await;
    let queued = Box::pin(bench.voyage(|_| {})).await;
    Box::pin(bench.step()).await.unwrap();
    let taken = bench.stored(&queued).await;
    assert_eq!(taken.rollout.stage, Stage::Staging, "it has had its turn");
    Box::pin(bench.put(&taken, |rollout| rollout.stage = Stage::Canary, Vec::new())).await
}

/// 4,000 candidate units, so many of them in error, and none of the incumbent's.
async fn count(bench: &Bench, rollout: &Rollout, candidate_bad: u64) {
    let errors = Cells {
        candidate_bad,
        candidate_good: 4_000 - candidate_bad,
        incumbent_bad: 0,
        incumbent_good: 76_000,
    };
    let units = ArmCount { candidate: 4_000, incumbent: 76_000 };
    let counts = GateCounts { units, errors, ..GateCounts::default() };
    let gates = vec![(rollout.id, GateIndex(0).unseen(), counts)];
    let telemetry = Telemetry { boot: 1, seq: 1, gates, ..Telemetry::default() };
    bench.store.flush(&telemetry).await.unwrap();
}

async fn rows(bench: &Bench, id: RolloutId) -> Vec<Row> {
    let filter = Filter { rollout: Some(id), ..Filter::default() };
    bench.store.journal(&filter, &Request::first(100)).await.unwrap().items
}

async fn judged(bench: &Bench, id: RolloutId) -> Row {
    rows(bench, id).await.into_iter().find(|row| row.event == "judged").unwrap()
}

async fn replayed(bench: &Bench, id: RolloutId) -> Vec<Outcome> {
    let planned = past::planned(&bench.store, id).await.unwrap();
    let found = past::verdicts(&bench.store, id, &Request::first(100)).await.unwrap();
    found.items.into_iter().map(|past| past.replay(&planned).outcome).collect()
}

/// The row with one part of its evidence or cause set otherwise, as somebody who can write to the
/// database and make the chain anew would.
fn forged(mut row: Row, change: impl FnOnce(&mut Value, &mut Value)) -> Row {
    let mut cause = serde_json::to_value(&row.cause).unwrap();
    let mut evidence = row.evidence.take().unwrap();
    change(&mut cause, &mut evidence);
    row.cause = serde_json::from_value(cause).unwrap();
    row.evidence = Some(evidence);
    row
}

fn fields(row: Row, planned: &Planned) -> Vec<String> {
    match Past::of(row).unwrap().replay(planned).outcome {
        Outcome::Differs(differences) => differences.into_iter().map(|it| it.field).collect(),
        outcome @ (Outcome::Agrees | Outcome::NotRecorded(_) | Outcome::Unreadable(_)) => {
            panic!("{outcome:?}")
        }
    }
}

#[tokio::test]
async fn a_fail_derives_again_from_the_journal() {
    let bench = Bench::new().await;
    let stored = in_canary(&bench, CHECKS).await;
    count(&bench, &stored.rollout, 800).await;
    bench.step().await.unwrap();
    assert_eq!(bench.stored(&stored).await.rollout.stage, Stage::RolledBack);

    assert_eq!(replayed(&bench, stored.rollout.id).await, [Outcome::Agrees]);
    let row = judged(&bench, stored.rollout.id).await;
    let bytes = row.evidence.unwrap().to_string().len();
    assert!(bytes < 2_000, "no empty bucket is kept: {bytes} bytes");
}

#[tokio::test]
async fn whatever_is_changed_in_a_verdicts_row_is_named() {
    let bench = Bench::new().await;
    let stored = in_canary(&bench, CHECKS).await;
    let id = stored.rollout.id;
    count(&bench, &stored.rollout, 800).await;
    bench.step().await.unwrap();
    let planned = past::planned(&bench.store, id).await.unwrap();
    let row = || judged(&bench, id);

    let number = forged(row().await, |cause, _| {
        cause["verdict"]["checks"][0]["counts"]["candidate_bad"] = json!(801);
    });
    assert_eq!(fields(number, &planned), ["checks[errorRate].counts.candidate_bad"]);
    let counter = forged(row().await, |_, evidence| {
        evidence["look"]["evidence"]["gates"]["0"]["errors"]["candidate_bad"] = json!(1);
    });
    assert!(fields(counter, &planned).contains(&"decision.kind".to_owned()));
    let judge = forged(row().await, |_, evidence| {
        evidence["look"]["judge"] = json!(seatrial_domain::Digest::of(b"other grids"));
    });
    assert_eq!(fields(judge, &planned), ["judge"]);
    let mut policy = row().await;
    policy.plan_hash = Some(seatrial_domain::PlanHash::of(b"another plan"));
    assert_eq!(fields(policy, &planned), ["plan_hash"]);
}

/// 4,000 pairs that agree, of which mobile's 320 were slower in all but a few.
fn slow_on_mobile() -> ShadowCounts {
    let agreeing = |pairs| CompareCount {
        candidate: PairCount { pairs, disagree: pairs / 20 },
        noise: PairCount::default(),
    };
    let latency = |slower, faster| LatencyPairs { slower, faster, alike: 0 };
    let mobile = PairedCounts { latency: latency(300, 20), ..PairedCounts::default() };
    let by_client = |of| [("client".to_owned(), of)].into();
    ShadowCounts {
        compare: vec![agreeing(4_000)],
        slices: by_client([("mobile".to_owned(), vec![agreeing(320)])].into()),
        paired_latency: latency(2_000, 2_000),
        paired_slices: [("client".to_owned(), [("mobile".to_owned(), mobile)].into())].into(),
        ..ShadowCounts::default()
    }
}

#[tokio::test]
async fn a_shadows_fail_by_slice_derives_again_and_one_altered_count_of_the_slice_is_named() {
    let bench = Bench::new().await;
    let spec = "checks: [{name: errorRate, kind: errors, margin: {absolute: 0.02}}], shadow: \
        {minDuration: 1s, minRequests: 100, compare: [{output: \"*\", by: class, maxDisagreement: 0.25}], \
        slices: [{key: parameter:client, maxDisagreement: 0.3}], pairedLatency: {enforce: true}}";
    bench.apply(spec).await;
    let queued = Box::pin(bench.voyage(|_| {})).await;
    Box::pin(bench.step()).await.unwrap();
    let shadow = |rollout: &mut Rollout| rollout.stage = Stage::Shadow;
    let stored = Box::pin(bench.put(&queued, shadow, Vec::new())).await;
    let id = stored.rollout.id;
    let counted = vec![(id, slow_on_mobile())];
    let telemetry = Telemetry { boot: 1, seq: 1, shadow: counted, ..Telemetry::default() };
    bench.store.flush(&telemetry).await.unwrap();
    // Acknowledged, and then for as long as it asks for.
    bench.step().await.unwrap();
    clock::advance(Duration::from_secs(2));
    bench.step().await.unwrap();
    assert_eq!(bench.stored(&stored).await.rollout.paused, Some(Pause::Divergence));
    assert_eq!(replayed(&bench, id).await, [Outcome::Agrees]);

    let planned = past::planned(&bench.store, id).await.unwrap();
    let altered = forged(judged(&bench, id).await, |_, evidence| {
        let paired = &mut evidence["look"]["evidence"]["shadow"]["paired_slices"];
        assert_eq!(paired["client"]["mobile"]["latency"]["slower"], json!(300));
        paired["client"]["mobile"]["latency"]["slower"] = json!(299);
    });
    let found = fields(altered, &planned);
    let of_mobile = |it: &String| it.starts_with("checks[paired latency[client=mobile]].");
    assert!(!found.is_empty() && found.iter().all(of_mobile), "{found:?}");
}

#[tokio::test]
async fn what_this_version_cannot_read_is_neither_forged_nor_a_success() {
    let bench = Bench::new().await;
    let stored = in_canary(&bench, CHECKS).await;
    let id = stored.rollout.id;
    count(&bench, &stored.rollout, 800).await;
    bench.step().await.unwrap();
    let rows = rows(&bench, id).await;
    let row = judged(&bench, id).await;
    let turn = rows.iter().find(|row| row.event == "turn").unwrap();
    let outcome = |row: Row, planned: &Planned| Past::of(row).unwrap().replay(planned).outcome;
    let unread = |outcome: &Outcome| matches!(outcome, Outcome::Unreadable(_));

    let other = forged(row.clone(), |_, evidence| evidence["look"]["of"] = json!("nothing"));
    let found = outcome(other, &Planned::of(turn));
    assert!(unread(&found), "{found:?}");
    // A plan of a later version, whose hash is its own: a kind of check that is not known yet.
    let mut plan = serde_json::to_value(&stored.rollout.plan).unwrap();
    let later = |plan: &Value| {
        let text = plan.to_string();
        let mut turn = forged(turn.clone(), |_, evidence| evidence["plan"] = json!(text));
        turn.plan_hash = Some(seatrial_domain::PlanHash::of(text.as_bytes()));
        Planned::of(&turn)
    };
    let mut unknown = plan.clone();
    unknown["gates"][0]["checks"][0]["rule"]["kind"] = json!("vibes");
    let found = outcome(row.clone(), &later(&unknown));
    assert!(unread(&found), "{found:?}");
    // One that is read, and by which there are no tests.
    plan["analysis"]["alpha"] = json!(7.0);
    let found = outcome(row, &later(&plan));
    assert!(unread(&found), "{found:?}");
}

#[tokio::test]
async fn a_changed_policy_is_found_whoever_makes_its_hash_fit() {
    let bench = Bench::new().await;
    let stored = in_canary(&bench, CHECKS).await;
    let id = stored.rollout.id;
    count(&bench, &stored.rollout, 800).await;
    bench.step().await.unwrap();
    let rows = rows(&bench, id).await;
    let turn = rows.iter().find(|row| row.event == "turn").unwrap();
    let mut plan = (*stored.rollout.plan).clone();
    plan.analysis.alpha = 0.01;
    let text = serde_json::to_string(&plan).unwrap();

    let text_only = forged(turn.clone(), |_, evidence| evidence["plan"] = json!(text));
    let row = judged(&bench, id).await;
    assert_eq!(fields(row.clone(), &Planned::of(&text_only)), ["plan"]);
    let mut both = text_only;
    both.plan_hash = Some(plan.hash());
    assert_eq!(fields(row.clone(), &Planned::of(&both)), ["plan_hash"]);
    let mut everywhere = row;
    everywhere.plan_hash = Some(plan.hash());
    let found = fields(everywhere, &Planned::of(&both));
    assert!(found.contains(&"checks[errorRate].fail_at".to_owned()), "{found:?}");
}

#[tokio::test]
async fn what_a_row_does_not_tell_is_no_success() {
    let bench = Bench::new().await;
    let stored = in_canary(&bench, CHECKS).await;
    let id = stored.rollout.id;
    count(&bench, &stored.rollout, 800).await;
    bench.step().await.unwrap();
    let planned = past::planned(&bench.store, id).await.unwrap();
    // As a version before this one wrote it.
    let mut row = judged(&bench, id).await;
    row.evidence = None;
    let outcome = |row: &Row, planned| Past::of(row.clone()).unwrap().replay(planned).outcome;
    assert!(matches!(outcome(&row, &planned), Outcome::NotRecorded(_)));
    let whole = judged(&bench, id).await;
    assert!(matches!(outcome(&whole, &Planned::Missing), Outcome::NotRecorded(_)));
}

#[tokio::test]
async fn a_fail_that_pauses_and_an_override_are_recorded_with_their_verdict() {
    let bench = Bench::new().await;
    let spec = format!("analysis: {{onFail: pause}}, {CHECKS}");
    let stored = in_canary(&bench, &spec).await;
    count(&bench, &stored.rollout, 800).await;
    bench.step().await.unwrap();
    assert_eq!(bench.stored(&stored).await.rollout.paused, Some(Pause::Fail));
    assert_eq!(replayed(&bench, stored.rollout.id).await, [Outcome::Agrees]);

    let bench = Bench::new().await;
    let stored = in_canary(&bench, CHECKS).await;
    count(&bench, &stored.rollout, 0).await;
    bench.step().await.unwrap();
    let promote = Event::Promote { reason: "it must go out".to_owned() };
    bench.driver.command(stored.rollout.id, None, promote, ada()).await.unwrap();
    bench.step().await.unwrap();
    let row = judged(&bench, stored.rollout.id).await;
    assert!(matches!(&row.cause, Cause::Said { text } if text.starts_with("overridden")));
    assert!(Past::of(row).unwrap().verdict.is_some(), "what was overridden is recorded");
    assert_eq!(replayed(&bench, stored.rollout.id).await, [Outcome::Agrees]);
}

#[tokio::test]
async fn a_fail_that_could_not_be_stored_keeps_what_it_was_decided_on() {
    let small = Options { database_limit: Some(1 << 21), ..Options::default() };
    let bench = Bench::with(small).await;
    let stored = in_canary(&bench, CHECKS).await;
    let acknowledged = |rollout: &mut Rollout| rollout.step.acknowledged_at = Some(clock::now());
    let stored = bench.put(&stored, acknowledged, Vec::new()).await;
    count(&bench, &stored.rollout, 800).await;
    bench.fill().await;
    let error = bench.step().await.unwrap_err();
    let cell = bench.driver.cell(&super::bench::endpoint());
    let pending = cell.state.lock().await.pending.clone();
    let pending = pending.unwrap_or_else(|| panic!("{error:#}"));
    let grounds = pending.grounds.unwrap();
    let counted = grounds.pointer("/look/evidence/gates/0/errors/candidate_bad");
    assert_eq!(counted, Some(&json!(800)));
}

#[tokio::test]
async fn an_explanation_tells_what_the_last_verdict_rested_on() {
    let bench = Bench::new().await;
    let stored = in_canary(&bench, CHECKS).await;
    let minutes_ago = Timestamp::from_micros(clock::now().as_micros() - 600_000_000);
    let acknowledged = |rollout: &mut Rollout| rollout.step.acknowledged_at = Some(minutes_ago);
    let stored = bench.put(&stored, acknowledged, Vec::new()).await;
    count(&bench, &stored.rollout, 0).await;
    let before = bench.driver.explain(stored.rollout.id).await.unwrap();
    let account = &before.accounts[0];
    assert_eq!(account.gates[0].counts.candidate_total, 4_000);
    assert!(account.outlook.fails_at.is_some(), "{account:?}");

    count_again(&bench, &stored.rollout, 800).await;
    bench.step().await.unwrap();
    let after = bench.driver.explain(stored.rollout.id).await.unwrap();
    assert_eq!(after.rollout.stage, Stage::RolledBack);
    let account = &after.accounts[0];
    assert_eq!(account.gates[0].counts.candidate_bad, 800);
    assert!((account.budget.spent - 1.0).abs() < 1e-12, "{account:?}");
    // 4,800 units in the ten minutes before the look, however long ago that is now.
    let pace = account.pace.unwrap().per_second;
    assert!((7.0..=8.0).contains(&pace), "{pace}");
}

/// As [`count`], by another process.
async fn count_again(bench: &Bench, rollout: &Rollout, candidate_bad: u64) {
    let errors = Cells { candidate_bad, ..Cells::default() };
    let units = ArmCount { candidate: candidate_bad, incumbent: 0 };
    let counts = GateCounts { units, errors, ..GateCounts::default() };
    let gates = vec![(rollout.id, GateIndex(0).unseen(), counts)];
    let telemetry = Telemetry { boot: 2, seq: 1, gates, ..Telemetry::default() };
    bench.store.flush(&telemetry).await.unwrap();
}
