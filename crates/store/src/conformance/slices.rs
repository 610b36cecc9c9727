//! What every store promises of labels by slice, as tests.

use super::fixture::{at, endpoint, fixture};
use crate::Store;
use crate::feedback::Label;
use crate::telemetry::Due;
use seatrial_analysis::counts::Cells;
use seatrial_domain::RolloutId;
use seatrial_domain::evidence::{ArmCount, GateCounts, GateIndex, Matured, Slices};
use seatrial_domain::exposure::Exposure;
use seatrial_domain::plan::Scale;
use seatrial_domain::split::Arm;
use seatrial_domain::telemetry::{Assignment, Counted, Telemetry, request_hash};

const ROLLOUT: RolloutId = RolloutId(1);
const GATE: GateIndex = GateIndex(0);

fn unit(id: &str, arm: Arm, client: &str, second: i64) -> Assignment {
    Assignment {
        request: request_hash(&endpoint(), id),
        endpoint: endpoint(),
        rollout: Some(ROLLOUT),
        gate: Some(GATE),
        seen: Exposure::NONE,
        arm,
        counted: Counted::Yes,
        unit: None,
        slices: [("client".to_owned(), client.to_owned())].into(),
        at: at(second),
    }
}

async fn flush(store: &Store, assignments: &[Assignment]) {
    let assignments = assignments.to_vec();
    let telemetry = Telemetry { boot: 1, seq: 1, assignments, ..Telemetry::default() };
    store.flush(&telemetry).await.unwrap();
}

async fn label(store: &Store, id: &str, value: f64) {
    let metric = "correct".to_owned();
    let request_id = id.to_owned();
    let label = Label { endpoint: endpoint(), request_id, metric, value, at: at(90) };
    store.join_feedback(&[label]).await.unwrap().remove(0).unwrap();
}

async fn labelled(store: &Store, client: &str) -> Option<Cells> {
    let evidence = store.evidence(ROLLOUT).await.unwrap();
    let slices = &evidence.gates.get(&GATE.unseen())?.slices;
    slices.0.get("client")?.get(client)?.feedback.get("correct").copied()
}

async fn due(store: &Store, client: &str, second: i64) -> Option<Matured> {
    let metric = "correct".to_owned();
    let due = Due { gate: GATE, metric, scale: Scale::YesNo, assigned_before: at(second) };
    // The gateway has counted them where they were routed.
    let mut evidence = store.evidence(ROLLOUT).await.unwrap();
    evidence.gates.entry(GATE.unseen()).or_default().slices.of("client", "tv");
    store.mature(ROLLOUT, &[due], &mut evidence).await.unwrap();
    evidence.gates[&GATE.unseen()].slices.get("client", client)?.matured.get("correct").copied()
}

#[tokio::test]
async fn a_label_counts_in_the_slices_of_its_unit() {
    let fixture = fixture().await;
    let store = &fixture.store;
    let (candidate, incumbent) = (Arm::Candidate, Arm::Incumbent);
    let units = [
        unit("a", candidate, "mobile", 11),
        unit("b", candidate, "web", 11),
        unit("c", incumbent, "mobile", 12),
    ];
    flush(store, &units).await;
    label(store, "a", 0.0).await;
    label(store, "b", 1.0).await;
    label(store, "c", 1.0).await;
    label(store, "c", 1.0).await;
    let mobile = Cells { candidate_bad: 1, incumbent_good: 1, ..Cells::default() };
    let web = Cells { candidate_good: 1, ..Cells::default() };
    assert_eq!(
        (labelled(store, "mobile").await, labelled(store, "web").await),
        (Some(mobile), Some(web))
    );
}

#[tokio::test]
async fn labels_by_slice_are_due_once_all_of_their_ten_seconds_are() {
    let fixture = fixture().await;
    let store = &fixture.store;
    let units = [unit("a", Arm::Candidate, "mobile", 11), unit("b", Arm::Incumbent, "mobile", 25)];
    flush(store, &units).await;
    flush(store, &units).await;
    label(store, "a", 0.0).await;
    label(store, "b", 1.0).await;
    let units = |candidate, incumbent| ArmCount { candidate, incumbent };
    let bad = Cells { candidate_bad: 1, ..Cells::default() };
    assert_eq!(due(store, "mobile", 19).await, None);
    let first = Matured { units: units(1, 0), labels: bad };
    assert_eq!(due(store, "mobile", 20).await, Some(first));
    assert_eq!(due(store, "mobile", 29).await, Some(first));
    let both = Matured { units: units(1, 1), labels: Cells { incumbent_good: 1, ..bad } };
    assert_eq!(due(store, "mobile", 30).await, Some(both));

    store.prune_assignments(at(20)).await.unwrap();
    assert_eq!(due(store, "mobile", 12).await, Some(first), "what is summed is due");
    assert_eq!(due(store, "mobile", 30).await, Some(both));
}

#[tokio::test]
async fn units_and_labels_without_slices_are_in_none() {
    let fixture = fixture().await;
    let store = &fixture.store;
    let plain = Assignment { slices: [].into(), ..unit("a", Arm::Candidate, "", 11) };
    let apart = Assignment { counted: Counted::No, ..unit("b", Arm::Candidate, "mobile", 11) };
    flush(store, &[plain, apart]).await;
    label(store, "a", 0.0).await;
    label(store, "b", 0.0).await;
    let evidence = store.evidence(ROLLOUT).await.unwrap();
    assert!(evidence.gates[&GATE.unseen()].slices.is_empty());
    assert_eq!(due(store, "mobile", 90).await, None);
}

#[tokio::test]
async fn values_of_many_starts_are_no_more_than_are_told_apart() {
    let fixture = fixture().await;
    let store = &fixture.store;
    for boot in 1..=3_u64 {
        let mut counts = GateCounts::default();
        for value in 0..12 {
            let name = format!("b{boot}v{value:02}");
            counts.slices.of("client", &name).errors.incumbent_good = boot;
        }
        let gates = vec![(ROLLOUT, GATE.unseen(), counts)];
        let telemetry = Telemetry { boot, seq: 1, gates, ..Telemetry::default() };
        store.flush(&telemetry).await.unwrap();
    }
    let evidence = store.evidence(ROLLOUT).await.unwrap();
    let values = &evidence.gates[&GATE.unseen()].slices.0["client"];
    assert_eq!(values.len(), Slices::VALUES + 1);
    assert_eq!(values[Slices::OTHER].units().incumbent, 12 + 2 * 8);
}
