//! What every store promises of numbers as feedback, as tests.

use super::fixture::{Fixture, ada, at, endpoint, fixture, happens, model, tamper, turn, version};
use crate::Store;
use crate::feedback::{Error, Label, VALUE_MAX};
use crate::rollouts::{Draft, Stored};
use crate::telemetry::Due;
use seatrial_analysis::kpi::{Counts, Reference, Values};
use seatrial_domain::endpoint::Settings;
use seatrial_domain::evidence::{ArmCount, Evidence, GateIndex, MaturedValues};
use seatrial_domain::exposure::Exposure;
use seatrial_domain::plan::{Kind, Scale};
use seatrial_domain::rollout::{Bootstrap, Event};
use seatrial_domain::split::{Arm, Salt};
use seatrial_domain::telemetry::{Assignment, Counted, Telemetry, request_hash};
use seatrial_domain::{RolloutId, policy};
use std::collections::BTreeMap;

const POLICY: &str = "
apiVersion: seatrial/v1
kind: RolloutPolicy
metadata: {name: shop}
spec:
  endpoint: digits
  checks:
    - {name: revenue, kind: kpi, metric: revenue, margin: {ratio: 0.9}}
    - {name: correct, kind: feedback, metric: correct, margin: {absolute: 0.1}}
";
const CANARY: GateIndex = GateIndex(0);

/// A store with a rollout whose plan checks revenue.
async fn shop() -> (Fixture, Stored) {
    let fixture = fixture().await;
    let candidate = version(&fixture.store, b"one").await.reference;
    let settings = Settings::of(model());
    fixture.store.set_endpoint(&endpoint(), &settings, &ada(), at(2)).await.unwrap();
    let draft = Draft {
        endpoint: endpoint(),
        candidate,
        plan: policy::parse(POLICY).unwrap().plan(Kind::Promote, &endpoint()).unwrap(),
        salt: Salt(7),
        settings,
        bootstrap: Bootstrap::Approved,
        actor: ada(),
        cause: "started by hand".to_owned(),
        now: at(3),
    };
    let stored = fixture.store.create_rollout(draft).await.unwrap();
    (fixture, stored)
}

fn label(id: &str, value: f64) -> Label {
    Label {
        endpoint: endpoint(),
        request_id: id.to_owned(),
        metric: "revenue".to_owned(),
        value,
        at: at(20),
    }
}

/// A request of the canary that is its unit's first.
fn unit(rollout: RolloutId, id: &str, arm: Arm, second: i64) -> Assignment {
    Assignment {
        request: request_hash(&endpoint(), id),
        endpoint: endpoint(),
        rollout: Some(rollout),
        gate: Some(CANARY),
        seen: Exposure::NONE,
        slices: BTreeMap::new(),
        arm,
        counted: Counted::Yes,
        unit: None,
        at: at(second),
    }
}

/// A request of the shadow's time.
fn before(rollout: RolloutId, id: &str) -> Assignment {
    let gate = None;
    Assignment { gate, counted: Counted::No, ..unit(rollout, id, Arm::Incumbent, 5) }
}

async fn flush(store: &Store, seq: u64, assignments: Vec<Assignment>) {
    let telemetry = Telemetry { boot: 1, seq, assignments, ..Telemetry::default() };
    store.flush(&telemetry).await.unwrap();
}

async fn joined(store: &Store, labels: &[Label]) {
    let answers = store.join_feedback(labels).await.unwrap();
    assert!(answers.iter().all(Result::is_ok), "{answers:?}");
}

/// So many requests before the canary, each worth its number.
async fn shadowed(store: &Store, rollout: RolloutId, count: i32) {
    let ids: Vec<String> = (0..count).map(|n| format!("before {n}")).collect();
    flush(store, 1, ids.iter().map(|id| before(rollout, id)).collect()).await;
    let labels: Vec<_> = ids.iter().zip(0..).map(|(id, n)| label(id, f64::from(n))).collect();
    joined(store, &labels).await;
}

fn counts(reference: &Reference, candidate: &[f64], incumbent: &[f64]) -> Counts {
    let arm = || Values { buckets: vec![0; reference.buckets()], ..Values::default() };
    let mut counts = Counts { candidate: arm(), incumbent: arm() };
    for (arm, values) in [(&mut counts.candidate, candidate), (&mut counts.incumbent, incumbent)] {
        values.iter().for_each(|value| arm.record(reference, *value).unwrap());
    }
    counts
}

/// The canary's revenue, as if both arms had buckets.
fn revenue(evidence: &Evidence) -> Counts {
    evidence.gates[&CANARY.unseen()].values["revenue"].clone()
}

async fn matured(store: &Store, rollout: RolloutId, assigned_before: i64) -> MaturedValues {
    let evidence = with_due(store, rollout, assigned_before).await;
    let counts = evidence.gates.get(&CANARY.unseen());
    counts.and_then(|counts| counts.matured_values.get("revenue")).cloned().unwrap_or_default()
}

async fn with_due(store: &Store, rollout: RolloutId, assigned_before: i64) -> Evidence {
    let metric = "revenue".to_owned();
    let (scale, assigned_before) = (Scale::Number, at(assigned_before));
    let due = Due { gate: CANARY, metric, scale, assigned_before };
    let mut evidence = store.evidence(rollout).await.unwrap();
    store.mature(rollout, &[due], &mut evidence).await.unwrap();
    evidence
}

#[tokio::test]
async fn a_number_is_a_label_where_the_pinned_plan_checks_a_kpi() {
    let (fixture, stored) = shop().await;
    flush(&fixture.store, 1, vec![unit(stored.rollout.id, "a", Arm::Candidate, 10)]).await;
    let of = |metric: &str, value| Label { metric: metric.to_owned(), ..label("a", value) };
    let infinite = f64::INFINITY;
    let labels = [
        of("correct", 12.5),
        of("unheard-of", 12.5),
        of("unheard-of", 1.0),
        of("revenue", infinite),
        of("revenue", 2.0 * VALUE_MAX),
        of("revenue", -0.0),
        of("revenue", 0.0),
        of("revenue", 12.5),
    ];
    let expected = [
        Err(Error::Value(12.5)),
        Err(Error::Value(12.5)),
        Ok(()),
        Err(Error::Range(infinite)),
        Err(Error::Range(2.0 * VALUE_MAX)),
        Ok(()),
        Ok(()),
        Err(Error::Different { first: 0.0 }),
    ];
    assert_eq!(fixture.store.join_feedback(&labels).await.unwrap(), expected);
    let junk = |n: u32| of(&format!("junk-{n}"), 1.0);
    let answers =
        fixture.store.join_feedback(&(0..40).map(junk).collect::<Vec<_>>()).await.unwrap();
    assert!(
        answers.contains(&Err(Error::Metrics { limit: 32 })),
        "no more of what nobody asks for"
    );
    flush(&fixture.store, 2, vec![unit(stored.rollout.id, "b", Arm::Candidate, 11)]).await;
    let of_another = Label { request_id: "b".to_owned(), ..of("revenue", 3.5) };
    assert_eq!(fixture.store.join_feedback(&[of_another]).await.unwrap(), [Ok(())]);
    let not_a_number = fixture.store.join_feedback(&[of("revenue", f64::NAN)]).await.unwrap();
    assert!(matches!(not_a_number[..], [Err(Error::Range(_))]));
}

#[tokio::test]
async fn values_before_the_canary_make_the_reference_and_all_of_the_canary_count() {
    let (fixture, stored) = shop().await;
    let (store, id) = (&fixture.store, stored.rollout.id);
    shadowed(store, id, 500).await;
    let frozen = Reference::freeze(&(0..500).map(f64::from).collect::<Vec<_>>()).unwrap();
    let arms =
        [("a", Arm::Candidate, 20.0), ("b", Arm::Incumbent, -7.5), ("c", Arm::Candidate, 9e9)];
    flush(store, 2, arms.map(|(unit_id, arm, _)| unit(id, unit_id, arm, 10)).into()).await;
    joined(store, &arms.map(|(unit_id, _, value)| label(unit_id, value))).await;
    joined(store, &[label("a", 20.0)]).await;

    let expected = counts(&frozen, &[20.0, 9e9], &[-7.5]);
    let fixture = fixture.reopened().await;
    let evidence = fixture.store.evidence(id).await.unwrap();
    assert_eq!(evidence.references, [("revenue".to_owned(), frozen.clone())].into());
    assert_eq!(revenue(&evidence), expected);

    // A late value of the shadow changes nothing that is frozen.
    flush(&fixture.store, 3, vec![before(id, "late")]).await;
    joined(&fixture.store, &[label("late", 1e6)]).await;
    assert_eq!(fixture.store.evidence(id).await.unwrap(), evidence);
}

#[tokio::test]
async fn without_them_the_canarys_first_thousand_make_it_and_never_count() {
    let (fixture, stored) = shop().await;
    let (store, id) = (&fixture.store, stored.rollout.id);
    shadowed(store, id, 100).await;
    let name = |n: i32| format!("unit {n}");
    let arm = |n: i32| if n % 20 == 0 { Arm::Candidate } else { Arm::Incumbent };
    // The last of the burn-in is assigned in second 30, and so is one whose value comes later.
    let units = (0..902).map(|n| unit(id, &name(n), arm(n), if n < 898 { 10 } else { 30 }));
    flush(store, 2, units.collect()).await;
    let values: Vec<_> = (0..899).map(|n| label(&name(n), f64::from(n))).collect();
    joined(store, &values).await;
    let waiting = store.evidence(id).await.unwrap();
    assert!(waiting.references.is_empty() && waiting.gates.is_empty());

    joined(store, &[label(&name(899), 899.0)]).await;
    joined(store, &[label(&name(900), 1.0)]).await;
    flush(store, 3, vec![unit(id, "first", Arm::Candidate, 31)]).await;
    joined(store, &[label("first", 3.0)]).await;
    let fixture = fixture.reopened().await;
    let evidence = fixture.store.evidence(id).await.unwrap();
    let frozen = evidence.references["revenue"].clone();
    assert_eq!(revenue(&evidence), counts(&frozen, &[3.0], &[]));

    // They have a value all the same, so that coverage misses only the one without.
    let due = matured(&fixture.store, id, 40).await;
    assert_eq!((due.units.total(), due.labelled.total()), (903, 902));
    assert_eq!(due.values, counts(&frozen, &[3.0], &[]));
}

#[tokio::test]
async fn values_that_are_all_alike_make_no_reference_until_one_differs() {
    let (fixture, stored) = shop().await;
    let (store, id) = (&fixture.store, stored.rollout.id);
    let names: Vec<String> = (0..2_000).map(|n| format!("unit {n}")).collect();
    let units = names.iter().map(|name| unit(id, name, Arm::Incumbent, 10));
    flush(store, 1, units.collect()).await;
    let labels: Vec<_> = names.iter().map(|name| label(name, 0.0)).collect();
    joined(store, &labels[..1_999]).await;
    assert!(store.evidence(id).await.unwrap().references.is_empty());
    joined(store, &[label(&names[1_999], 5.0)]).await;
    assert_eq!(store.evidence(id).await.unwrap().references.len(), 1);
}

#[tokio::test]
async fn values_that_were_alike_for_however_long_make_a_reference_once_they_differ() {
    let (fixture, stored) = shop().await;
    let (store, id) = (&fixture.store, stored.rollout.id);
    // The newest 10,000 of 11,999 that are alike.
    let alike = "WITH RECURSIVE n(number) AS (SELECT 2000 UNION ALL SELECT number + 1 FROM n
                 WHERE number < 11999)
                 INSERT INTO value_sample SELECT 1, 'revenue', 'live', number, 0.0, 10 FROM n";
    tamper(fixture.dir.path(), alike).await;
    let unmade = async || store.evidence(id).await.unwrap().unmade.remove("revenue");
    let words = unmade().await.unwrap().in_words();
    assert_eq!(words, "no reference yet: 10000 values, all alike");
    flush(store, 1, vec![unit(id, "a", Arm::Incumbent, 10), unit(id, "b", Arm::Candidate, 11)])
        .await;
    joined(store, &[label("a", 5.0)]).await;
    assert_eq!((store.evidence(id).await.unwrap().references.len(), unmade().await), (1, None));
    joined(store, &[label("b", 5.0)]).await;
    assert_eq!(revenue(&store.evidence(id).await.unwrap()).candidate.units(), 1);
}

#[tokio::test]
async fn values_are_due_by_the_age_of_their_unit_whenever_they_came() {
    let (fixture, stored) = shop().await;
    let (store, id) = (&fixture.store, stored.rollout.id);
    shadowed(store, id, 500).await;
    let (candidate, incumbent) = (Arm::Candidate, Arm::Incumbent);
    let arms =
        [("a", candidate, 10), ("b", candidate, 11), ("c", incumbent, 11), ("d", candidate, 30)];
    flush(store, 2, arms.map(|(unit_id, arm, second)| unit(id, unit_id, arm, second)).into()).await;
    joined(store, &[label("a", 5.0), label("c", 400.0), label("d", 7.0)]).await;
    let frozen = store.evidence(id).await.unwrap().references["revenue"].clone();
    assert_eq!(matured(store, id, 10).await, MaturedValues::default());
    let first = MaturedValues {
        units: ArmCount { candidate: 2, incumbent: 1 },
        labelled: ArmCount { candidate: 1, incumbent: 1 },
        values: counts(&frozen, &[5.0], &[400.0]),
    };
    assert_eq!(matured(store, id, 30).await, first);
    let all = counts(&frozen, &[5.0, 7.0], &[400.0]);
    assert_eq!(matured(store, id, 31).await.values, all);
    // What is too old to be labelled is summed, and stays due; what comes for it is unknown.
    store.prune_assignments(at(20)).await.unwrap();
    store.prune_assignments(at(20)).await.unwrap();
    assert_eq!(matured(store, id, 12).await, first);
    assert_eq!(matured(store, id, 31).await.values, all);
    assert_eq!(store.join_feedback(&[label("b", 1.0)]).await.unwrap(), [Err(Error::Unknown)]);
}

#[tokio::test]
async fn values_count_in_the_slices_of_their_unit_and_are_due_with_their_ten_seconds() {
    let (fixture, stored) = shop().await;
    let (store, id) = (&fixture.store, stored.rollout.id);
    shadowed(store, id, 500).await;
    let on = |client: &str, assignment: Assignment| {
        let slices = [("client".to_owned(), client.to_owned())].into();
        Assignment { slices, ..assignment }
    };
    let (candidate, incumbent) = (Arm::Candidate, Arm::Incumbent);
    let units = vec![
        on("mobile", unit(id, "a", candidate, 11)),
        on("mobile", unit(id, "b", incumbent, 12)),
        on("web", unit(id, "c", candidate, 12)),
        on("mobile", unit(id, "d", candidate, 25)),
        on("mobile", unit(id, "without a value", candidate, 12)),
    ];
    flush(store, 2, units).await;
    joined(store, &[label("a", 5.0), label("b", 400.0), label("c", 9.0), label("d", 7.0)]).await;
    let frozen = store.evidence(id).await.unwrap().references["revenue"].clone();
    let of = |evidence: &Evidence, client: &str| {
        evidence.gates[&CANARY.unseen()].slices.get("client", client).cloned().unwrap()
    };
    let due = async |second| {
        let evidence = with_due(store, id, second).await;
        of(&evidence, "mobile").matured_values.get("revenue").cloned()
    };
    let evidence = store.evidence(id).await.unwrap();
    assert_eq!(of(&evidence, "mobile").values["revenue"], counts(&frozen, &[5.0, 7.0], &[400.0]));
    assert_eq!(of(&evidence, "web").values["revenue"], counts(&frozen, &[9.0], &[]));
    assert_eq!(due(19).await, None);
    let first = MaturedValues {
        units: ArmCount { candidate: 2, incumbent: 1 },
        labelled: ArmCount { candidate: 1, incumbent: 1 },
        values: counts(&frozen, &[5.0], &[400.0]),
    };
    assert_eq!(due(29).await, Some(first.clone()));
    let all = counts(&frozen, &[5.0, 7.0], &[400.0]);
    assert_eq!(due(30).await.unwrap().values, all);
    // What is too old to have a value is summed, and stays due.
    store.prune_assignments(at(20)).await.unwrap();
    assert_eq!(due(12).await, Some(first));
    assert_eq!(due(30).await.unwrap().values, all);
    assert_eq!(of(&store.evidence(id).await.unwrap(), "mobile").values["revenue"], all);
}

#[tokio::test]
async fn a_value_of_what_is_no_evidence_is_joined_but_not_counted() {
    let (fixture, stored) = shop().await;
    let (store, id) = (&fixture.store, stored.rollout.id);
    shadowed(store, id, 500).await;
    let again = Assignment { counted: Counted::No, ..unit(id, "again", Arm::Candidate, 10) };
    flush(store, 2, vec![again]).await;
    joined(store, &[label("again", 3.0)]).await;
    let evidence = store.evidence(id).await.unwrap();
    assert!(evidence.gates.is_empty() && evidence.references.is_empty());
}

#[tokio::test]
async fn values_go_with_the_rest_of_the_evidence() {
    let (fixture, stored) = shop().await;
    let (store, id) = (&fixture.store, stored.rollout.id);
    shadowed(store, id, 3).await;
    let turned = happens(store, &stored, &turn(store).await, at(4)).await;
    happens(store, &turned, &Event::Abort { reason: "enough".to_owned() }, at(5)).await;
    let sampled = async || -> i64 {
        let count = sqlx::query_scalar("SELECT count(*) FROM value_sample");
        count.fetch_one(&mut *store.reader().await.unwrap()).await.unwrap()
    };
    assert_eq!(sampled().await, 3);
    assert_eq!(store.prune_evidence(at(500 * 86_400)).await.unwrap(), 1);
    assert_eq!((sampled().await, id), (0, RolloutId(1)));
}
