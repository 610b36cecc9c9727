//! How long evidence is kept.

use super::fixture::{at, endpoint, fixture, happens, queued, turn, version};
use crate::Store;
use crate::feedback::{Error, Label};
use seatrial_analysis::counts::Cells;
use seatrial_domain::evidence::{ArmCount, Evidence, GateCounts, GateIndex, ShadowCounts};
use seatrial_domain::exposure::Exposure;
use seatrial_domain::rollout::Event;
use seatrial_domain::split::Arm;
use seatrial_domain::telemetry::{Assignment, ClassPair, Counted, Telemetry, request_hash};
use seatrial_domain::{RolloutId, Timestamp};
use serde_json::json;
use std::time::Duration;

/// What the default policy says.
const KEPT: Duration = Duration::from_secs(400 * 86_400);

/// One unit, one label and a report.
async fn observed(store: &Store, rollout: RolloutId, request: &str) {
    let errors = Cells { candidate_good: 1, ..Cells::default() };
    let units = ArmCount { candidate: 1, incumbent: 0 };
    let counts = GateCounts { units, errors, ..GateCounts::default() };
    let assignment = Assignment {
        request: request_hash(&endpoint(), request),
        endpoint: endpoint(),
        rollout: Some(rollout),
        gate: Some(GateIndex(0)),
        seen: Exposure::NONE,
        arm: Arm::Candidate,
        counted: Counted::Yes,
        unit: None,
        slices: Default::default(),
        at: at(5),
    };
    let pair = ClassPair {
        request: assignment.request,
        rollout,
        incumbent: "7".to_owned(),
        candidate: "1".to_owned(),
        slices: Default::default(),
    };
    let telemetry = Telemetry {
        boot: rollout.0,
        seq: 1,
        gates: vec![(rollout, GateIndex(0).unseen(), counts)],
        shadow: vec![(rollout, ShadowCounts::default())],
        units: vec![(rollout, vec![(7, Exposure::KNOWN)], 1)],
        assignments: vec![assignment],
        dropped_assignments: 0,
        pairs: vec![pair],
    };
    store.flush(&telemetry).await.unwrap();
    assert_eq!(store.join_feedback(&[label(request)]).await.unwrap(), [Ok(())]);
    store.put_report(rollout, &json!({"outcome": "passed"}), at(5)).await.unwrap();
}

fn label(request: &str) -> Label {
    let (endpoint, metric) = (endpoint(), "correct".to_owned());
    Label { endpoint, request_id: request.to_owned(), metric, value: 1.0, at: at(6) }
}

#[tokio::test]
async fn evidence_goes_when_its_plan_says_so_and_the_journal_stays() {
    let fixture = fixture().await;
    let store = &fixture.store;
    let candidate = version(store, b"one").await.reference;
    let first = queued(store, &candidate).await;
    let second = queued(store, &candidate).await;
    let turn = turn(store).await;
    let turned = happens(store, &first, &turn, at(4)).await;
    let (ended, running) = (first.rollout.id, second.rollout.id);
    observed(store, ended, "a").await;
    observed(store, running, "b").await;
    let abort = Event::Abort { reason: "enough".to_owned() };
    happens(store, &turned, &abort, at(10)).await;
    let rows = *store.journal_head().borrow();
    let due = at(10).plus(KEPT);

    let before = Timestamp::from_micros(due.as_micros() - 1);
    assert_eq!(store.prune_evidence(before).await.unwrap(), 0);
    assert_eq!(store.evidence(ended).await.unwrap().gates.len(), 1);
    assert!(store.report(ended).await.unwrap().is_some());

    assert_eq!(store.prune_evidence(due).await.unwrap(), 1);
    assert_eq!(store.evidence(ended).await.unwrap(), Evidence::default());
    assert_eq!(store.report(ended).await.unwrap(), None);
    let seen = store.seen_units(ended).await.unwrap();
    assert_eq!((seen.level, seen.units.len()), (0, 0));
    let pairs: Vec<i64> = sqlx::query_scalar("SELECT rollout FROM shadow_pair")
        .fetch_all(&mut *store.reader().await.unwrap())
        .await
        .unwrap();
    assert_eq!(pairs, [running.0.cast_signed()]);
    assert_eq!(store.join_feedback(&[label("a")]).await.unwrap(), [Err(Error::Unknown)]);
    assert_eq!(store.prune_evidence(due).await.unwrap(), 0, "nothing is left to forget");

    assert_eq!(store.evidence(running).await.unwrap().gates.len(), 1);
    assert!(store.report(running).await.unwrap().is_some());
    assert_eq!(store.join_feedback(&[label("b")]).await.unwrap(), [Ok(())]);
    assert!(store.rollout(ended).await.unwrap().is_some());
    assert_eq!(*store.journal_head().borrow(), rows);
}
