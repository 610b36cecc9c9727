//! What every store promises of feedback, as tests.

use super::fixture::{at, endpoint, fixture, fixture_with};
use crate::feedback::{Error, Label};
use crate::telemetry::Due;
use crate::{Options, Store};
use seatrial_analysis::counts::Cells;
use seatrial_domain::evidence::{ArmCount, Evidence, GateIndex, Matured};
use seatrial_domain::exposure::Exposure;
use seatrial_domain::plan::Scale;
use seatrial_domain::split::Arm;
use seatrial_domain::telemetry::{Assignment, Counted, Telemetry, request_hash};
use seatrial_domain::{EndpointName, RolloutId};

const ROLLOUT: RolloutId = RolloutId(1);

fn label(id: &str, value: f64) -> Label {
    Label {
        endpoint: endpoint(),
        request_id: id.to_owned(),
        metric: "correct".to_owned(),
        value,
        at: at(20),
    }
}

async fn answered(store: &Store, requests: &[(&str, Arm, Counted)]) {
    let assignment = |(id, arm, counted): &(&str, Arm, Counted)| Assignment {
        request: request_hash(&endpoint(), id),
        endpoint: endpoint(),
        rollout: Some(ROLLOUT),
        gate: Some(GateIndex(0)),
        seen: Exposure::NONE,
        arm: *arm,
        counted: *counted,
        unit: None,
        slices: Default::default(),
        at: at(10),
    };
    let assignments = requests.iter().map(assignment).collect();
    let telemetry = Telemetry { boot: 1, seq: 1, assignments, ..Telemetry::default() };
    store.flush(&telemetry).await.unwrap();
}

async fn cells(store: &Store) -> Option<Cells> {
    let evidence = store.evidence(ROLLOUT).await.unwrap();
    evidence.gates.get(&GateIndex(0).unseen())?.feedback.get("correct").copied()
}

#[tokio::test]
async fn labels_count_on_the_assigned_arm() {
    let fixture = fixture().await;
    let store = &fixture.store;
    let (candidate, incumbent) = (Arm::Candidate, Arm::Incumbent);
    let requests = [("a", candidate), ("b", candidate), ("c", incumbent), ("d", incumbent)];
    answered(store, &requests.map(|(id, arm)| (id, arm, Counted::Yes))).await;
    let labels = [label("a", 1.0), label("b", 0.0), label("c", 1.0), label("d", 1.0)];
    let answers = store.join_feedback(&labels).await.unwrap();
    assert!(answers.iter().all(Result::is_ok));
    let expected =
        Cells { candidate_bad: 1, candidate_good: 1, incumbent_bad: 0, incumbent_good: 2 };
    assert_eq!(cells(store).await, Some(expected));
}

#[tokio::test]
async fn the_same_label_again_counts_once_and_the_first_value_stays() {
    let fixture = fixture().await;
    let store = &fixture.store;
    answered(store, &[("a", Arm::Candidate, Counted::Yes)]).await;
    let labels = [label("a", 1.0), label("a", 1.0), label("a", 0.0)];
    let answers = store.join_feedback(&labels).await.unwrap();
    assert_eq!(answers, [Ok(()), Ok(()), Err(Error::Different { first: 1.0 })]);
    assert_eq!(store.join_feedback(&labels[..1]).await.unwrap(), [Ok(())]);
    assert_eq!(cells(store).await.unwrap(), Cells { candidate_good: 1, ..Cells::default() });
}

#[tokio::test]
async fn an_unknown_request_or_a_value_that_is_no_answer_is_refused_alone() {
    let fixture = fixture().await;
    let store = &fixture.store;
    answered(store, &[("a", Arm::Candidate, Counted::Yes)]).await;
    let elsewhere = Label { endpoint: "other".parse().unwrap(), ..label("a", 1.0) };
    let labels = [label("?", 1.0), label("a", 0.5), elsewhere, label("a", 1.0)];
    let answers = store.join_feedback(&labels).await.unwrap();
    assert_eq!(answers, [Err(Error::Unknown), Err(Error::Value(0.5)), Err(Error::Unknown), Ok(())]);
}

#[tokio::test]
async fn a_request_that_is_no_evidence_is_joined_but_not_counted() {
    let fixture = fixture().await;
    answered(&fixture.store, &[("a", Arm::Candidate, Counted::No)]).await;
    assert_eq!(fixture.store.join_feedback(&[label("a", 0.0)]).await.unwrap(), [Ok(())]);
    assert_eq!(cells(&fixture.store).await, None);
}

#[tokio::test]
async fn a_label_that_comes_too_late_is_unknown_and_what_was_counted_stays() {
    let fixture = fixture().await;
    let store = &fixture.store;
    answered(store, &[("a", Arm::Candidate, Counted::Yes)]).await;
    store.join_feedback(&[label("a", 1.0)]).await.unwrap();
    assert_eq!(store.prune_assignments(at(11)).await.unwrap(), 1);
    assert_eq!(store.join_feedback(&[label("a", 1.0)]).await.unwrap(), [Err(Error::Unknown)]);
    assert_eq!(cells(store).await.unwrap().candidate_good, 1);
}

#[tokio::test]
async fn an_id_used_again_under_another_gate_means_the_later_request_until_it_is_labelled() {
    let fixture = fixture().await;
    let store = &fixture.store;
    let under = |gate, endpoint: &EndpointName| Assignment {
        request: request_hash(endpoint, "a"),
        endpoint: endpoint.clone(),
        rollout: Some(ROLLOUT),
        gate: Some(GateIndex(gate)),
        seen: Exposure::NONE,
        arm: Arm::Candidate,
        counted: Counted::Yes,
        unit: None,
        slices: Default::default(),
        at: at(10),
    };
    let other: EndpointName = "other".parse().unwrap();
    let flush =
        |seq, one| Telemetry { boot: 1, seq, assignments: vec![one], ..Telemetry::default() };
    store.flush(&flush(1, under(0, &endpoint()))).await.unwrap();
    store.flush(&flush(2, under(1, &endpoint()))).await.unwrap();
    store.flush(&flush(3, under(5, &other))).await.unwrap();
    assert_eq!(store.join_feedback(&[label("a", 1.0)]).await.unwrap(), [Ok(())]);
    store.flush(&flush(4, under(2, &endpoint()))).await.unwrap();
    let second = Label { metric: "kept".to_owned(), ..label("a", 1.0) };
    assert_eq!(store.join_feedback(&[second]).await.unwrap(), [Ok(())]);
    let evidence = store.evidence(ROLLOUT).await.unwrap();
    let gates: Vec<_> =
        evidence.gates.iter().map(|(of, it)| (of.gate.0, it.feedback.len())).collect();
    assert_eq!(gates, [(1, 2)]);
}

#[tokio::test]
async fn metrics_beyond_the_limit_are_refused_and_known_ones_are_still_taken() {
    let fixture = fixture().await;
    let store = &fixture.store;
    let (candidate, incumbent) = (Arm::Candidate, Arm::Incumbent);
    answered(store, &[("a", candidate, Counted::Yes), ("b", incumbent, Counted::Yes)]).await;
    let named = |id, n: u32| Label { metric: format!("m{n}"), ..label(id, 1.0) };
    let labels: Vec<Label> = (0..32).map(|n| named("a", n)).collect();
    assert!(store.join_feedback(&labels).await.unwrap().iter().all(Result::is_ok));
    let more = [named("a", 32), named("a", 31), named("b", 32), named("b", 31)];
    let full = Err(Error::Metrics { limit: 32 });
    let expected = [full.clone(), Ok(()), full, Ok(())];
    assert_eq!(store.join_feedback(&more).await.unwrap(), expected);
    let evidence = store.evidence(ROLLOUT).await.unwrap();
    assert_eq!(evidence.gates[&GateIndex(0).unseen()].feedback.len(), 32);
}

#[tokio::test]
async fn a_unit_there_was_no_room_for_is_not_waited_for() {
    let fixture = fixture_with(Options { assignments_limit: 4, ..Options::default() }).await;
    let store = &fixture.store;
    let ids = ["a", "b", "c", "d", "e", "f", "g", "h"];
    answered(store, &ids.map(|id| (id, Arm::Candidate, Counted::Yes))).await;
    let answers = store.join_feedback(&ids.map(|id| label(id, 1.0))).await.unwrap();
    let known = answers.iter().filter(|answer| answer.is_ok()).count() as u64;
    assert!((1..=4).contains(&known), "{answers:?}");
    assert!(answers.iter().all(|answer| *answer == Ok(()) || *answer == Err(Error::Unknown)));
    let (gate, metric, scale) = (GateIndex(0), "correct".to_owned(), Scale::YesNo);
    let due = Due { gate, metric, scale, assigned_before: at(99) };
    let mut evidence = Evidence::default();
    store.mature(ROLLOUT, &[due], &mut evidence).await.unwrap();
    let Matured { units, labels, .. } = evidence.gates[&gate.unseen()].matured["correct"];
    assert_eq!(
        (units.candidate, labels.candidate_good),
        (known, known),
        "coverage is of what can be labelled"
    );
}

#[tokio::test]
async fn labels_are_due_by_the_age_of_their_unit_whenever_they_came() {
    let fixture = fixture().await;
    let store = &fixture.store;
    let unit = |id, arm, seconds| Assignment {
        request: request_hash(&endpoint(), id),
        endpoint: endpoint(),
        rollout: Some(ROLLOUT),
        gate: Some(GateIndex(0)),
        seen: Exposure::NONE,
        arm,
        counted: Counted::Yes,
        unit: None,
        slices: Default::default(),
        at: at(seconds),
    };
    let (candidate, incumbent) = (Arm::Candidate, Arm::Incumbent);
    let assignments = vec![
        unit("a", candidate, 10),
        unit("b", candidate, 11),
        unit("c", incumbent, 11),
        unit("d", candidate, 30),
    ];
    let telemetry = Telemetry { boot: 1, seq: 1, assignments, ..Telemetry::default() };
    store.flush(&telemetry).await.unwrap();
    store.flush(&Telemetry { seq: 2, ..telemetry }).await.unwrap();
    let labels = [label("a", 0.0), label("c", 1.0), label("d", 1.0)];
    assert!(store.join_feedback(&labels).await.unwrap().iter().all(Result::is_ok));
    let matured = async |seconds| {
        let metric = "correct".to_owned();
        let (gate, scale, assigned_before) = (GateIndex(0), Scale::YesNo, at(seconds));
        let due = Due { gate, metric, scale, assigned_before };
        let mut evidence = Evidence::default();
        store.mature(ROLLOUT, &[due], &mut evidence).await.unwrap();
        let counts = evidence.gates.get(&GateIndex(0).unseen());
        counts.map(|counts| counts.matured["correct"]).unwrap_or_default()
    };
    assert_eq!(matured(10).await, Matured::default());
    let first = Cells { candidate_bad: 1, incumbent_good: 1, ..Cells::default() };
    let units = ArmCount { candidate: 2, incumbent: 1 };
    assert_eq!(matured(30).await, Matured { units, labels: first });
    let all = Matured {
        units: ArmCount { candidate: 3, ..units },
        labels: Cells { candidate_good: 1, ..first },
    };
    assert_eq!(matured(31).await, all);
    // What is too old to be labelled is summed, and stays due.
    store.prune_assignments(at(20)).await.unwrap();
    store.prune_assignments(at(20)).await.unwrap();
    assert_eq!(matured(12).await, Matured { units, labels: first });
    assert_eq!(matured(31).await, all);
}
