//! What every store promises of units whose value is made of all their labels, as tests.

use super::fixture::{Fixture, ada, at, endpoint, fixture, model, version};
use crate::Store;
use crate::feedback::{Error, Label};
use crate::rollouts::{Draft, Stored};
use crate::telemetry::Due;
use seatrial_analysis::counts::Cells;
use seatrial_domain::endpoint::Settings;
use seatrial_domain::evidence::{ArmCount, Evidence, GateCounts, GateIndex};
use seatrial_domain::exposure::Exposure;
use seatrial_domain::judge::Judge;
use seatrial_domain::plan::{Kind, Scale};
use seatrial_domain::policy;
use seatrial_domain::rollout::Bootstrap;
use seatrial_domain::split::{Arm, Salt};
use seatrial_domain::telemetry::{Assignment, Counted, Telemetry, request_hash};
use seatrial_domain::verdict::Decision;

const CANARY: GateIndex = GateIndex(0);
/// A minute's window, ten seconds of lateness, and an answer's deadline of one.
const SPAN: i64 = 71;

fn policy_of(check: &str) -> String {
    format!(
        "apiVersion: seatrial/v1\nkind: RolloutPolicy\nmetadata: {{name: shop}}\nspec:\n  \
         endpoint: digits\n  routing: {{key: [header:x-user]}}\n  \
         canary: {{share: 50, minDuration: 30m, maxDuration: 24h}}\n  ramp: []\n  checks:\n    \
         - {{name: m, metric: m, lateBy: 10s, {check}}}\n"
    )
}

const ANY: &str = "kind: feedback, margin: {absolute: 0.1}, perUnit: any";
const FIRST: &str = "kind: feedback, margin: {absolute: 0.1}";
const MEAN: &str = "kind: kpi, margin: {absolute: 1}, perUnit: mean";

async fn shop(check: &str) -> (Fixture, Stored) {
    let fixture = fixture().await;
    let candidate = version(&fixture.store, b"one").await.reference;
    let settings = Settings::of(model());
    fixture.store.set_endpoint(&endpoint(), &settings, &ada(), at(2)).await.unwrap();
    let plan = policy::parse(&policy_of(check)).unwrap().plan(Kind::Promote, &endpoint()).unwrap();
    let draft = Draft {
        endpoint: endpoint(),
        candidate,
        plan,
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

/// A request in the window of a unit, which is on the candidate iff its number is even.
fn request(stored: &Stored, id: &str, (unit, counted): (u64, Counted), second: i64) -> Assignment {
    Assignment {
        request: request_hash(&endpoint(), id),
        endpoint: endpoint(),
        rollout: Some(stored.rollout.id),
        gate: Some(CANARY),
        seen: Exposure::NONE,
        arm: if unit.is_multiple_of(2) { Arm::Candidate } else { Arm::Incumbent },
        counted,
        unit: Some(unit),
        slices: [("client".to_owned(), "web".to_owned())].into(),
        at: at(second),
    }
}

fn label(id: &str, value: f64) -> Label {
    Label {
        endpoint: endpoint(),
        request_id: id.to_owned(),
        metric: "m".to_owned(),
        value,
        at: at(20),
    }
}

async fn flush(store: &Store, seq: u64, assignments: Vec<Assignment>) {
    let telemetry = Telemetry { boot: 1, seq, assignments, ..Telemetry::default() };
    store.flush(&telemetry).await.unwrap();
}

async fn joined(store: &Store, labels: &[Label]) {
    let answers = store.join_feedback(labels).await.unwrap();
    assert!(answers.iter().all(Result::is_ok), "{answers:?}");
}

async fn evidence(store: &Store, stored: &Stored) -> Evidence {
    store.evidence(stored.rollout.id).await.unwrap()
}

fn canary(evidence: &Evidence) -> GateCounts {
    evidence.gates.get(&CANARY.unseen()).cloned().unwrap_or_default()
}

/// Units of which no label is waited for, and labels of those, at this second.
async fn matured(store: &Store, stored: &Stored, second: i64) -> (ArmCount, Cells) {
    let (metric, scale, assigned_before) = ("m".to_owned(), Scale::YesNo, at(second));
    let due = Due { gate: CANARY, metric, scale, assigned_before };
    let mut evidence = Evidence::default();
    store.mature(stored.rollout.id, &[due], &mut evidence).await.unwrap();
    let of = canary(&evidence).matured.get("m").copied().unwrap_or_default();
    (of.units, of.labels)
}

#[tokio::test]
async fn a_unit_counts_once_with_all_labels_that_came_until_it_was_closed() {
    let (fixture, stored) = shop(ANY).await;
    let store = &fixture.store;
    let first = |id: &str, unit| request(&stored, id, (unit, Counted::Yes), 10);
    let later = |id: &str, unit| request(&stored, id, (unit, Counted::No), 12);
    let requests = vec![first("a1", 2), later("a2", 2), first("b1", 3), first("c1", 4)];
    flush(store, 1, requests).await;
    joined(store, &[label("a1", 0.0), label("a2", 1.0), label("b1", 0.0)]).await;
    store.close_units(at(10 + SPAN), None).await.unwrap();
    assert_eq!(canary(&evidence(store, &stored).await).feedback, [].into(), "they are open");
    assert_eq!(matured(store, &stored, 500).await, Default::default());

    let jumped = Some(at(12));
    assert_eq!(store.close_units(at(11 + SPAN), jumped).await.unwrap(), 0, "not so long after it");
    assert_eq!(store.close_units(at(11 + SPAN), None).await.unwrap(), 2);
    assert_eq!(store.close_units(at(12 + SPAN), None).await.unwrap(), 0, "each once");
    let any = Cells { candidate_good: 1, incumbent_bad: 1, ..Cells::default() };
    let counts = canary(&evidence(store, &stored).await);
    assert_eq!(counts.feedback["m"], any);
    assert_eq!(counts.slices.0["client"]["web"].feedback["m"], any);
    // The third has no label: coverage knows of it.
    let units = ArmCount { candidate: 2, incumbent: 1 };
    assert_eq!(matured(store, &stored, 11).await, (units, any));

    // What comes now changes nothing, and is told.
    joined(store, &[label("c1", 1.0), label("a2", 1.0)]).await;
    let counts = canary(&evidence(store, &stored).await);
    assert_eq!(counts.feedback["m"], any);
    assert_eq!(counts.late["m"], ArmCount { candidate: 1, incumbent: 0 });
}

#[tokio::test]
async fn labels_that_are_still_to_be_counted_outlast_a_server_that_was_down() {
    let (fixture, stored) = shop(ANY).await;
    let store = &fixture.store;
    let first = |id: &str, unit, at| request(&stored, id, (unit, Counted::Yes), at);
    flush(store, 1, vec![first("a", 2, 10), first("b", 3, 3_000)]).await;
    joined(store, &[label("a", 1.0), label("b", 1.0)]).await;
    // Hours later, before anything else.
    assert_eq!(store.prune_assignments(at(20_000)).await.unwrap(), 0);
    for _ in 0..3 {
        store.close_units(at(20_000), None).await.unwrap();
    }
    let both = Cells { candidate_good: 1, incumbent_good: 1, ..Cells::default() };
    assert_eq!(canary(&evidence(store, &stored).await).feedback["m"], both);
    assert_eq!(store.prune_assignments(at(20_000)).await.unwrap(), 2, "now they may go");
    let units = ArmCount { candidate: 1, incumbent: 1 };
    assert_eq!(matured(store, &stored, 20_000).await, (units, both));
}

#[tokio::test]
async fn names_that_somebody_made_up_keep_no_label_out_that_the_plan_asks_for() {
    let (fixture, stored) = shop(ANY).await;
    let store = &fixture.store;
    flush(store, 1, vec![request(&stored, "a", (2, Counted::Yes), 10)]).await;
    let named = |n: u32| Label { metric: format!("junk-{n}"), ..label("a", 1.0) };
    joined(store, &(0..32).map(named).collect::<Vec<_>>()).await;
    let full = Err(Error::Metrics { limit: 32 });
    let answers = store.join_feedback(&[named(32), label("a", 1.0)]).await.unwrap();
    assert_eq!(answers, [full, Ok(())]);
}

#[tokio::test]
async fn a_flush_or_a_label_that_comes_again_is_counted_once_also_over_a_restart() {
    let (fixture, stored) = shop(ANY).await;
    let requests = || {
        vec![
            request(&stored, "a1", (2, Counted::Yes), 10),
            request(&stored, "a2", (2, Counted::No), 11),
        ]
    };
    flush(&fixture.store, 1, requests()).await;
    joined(&fixture.store, &[label("a2", 0.0), label("a2", 0.0)]).await;
    let fixture = fixture.reopened().await;
    let store = &fixture.store;
    flush(store, 2, requests()).await;
    joined(store, &[label("a2", 0.0)]).await;
    store.close_units(at(200), None).await.unwrap();
    flush(store, 3, requests()).await;
    store.close_units(at(300), None).await.unwrap();
    let counts = canary(&evidence(store, &stored).await);
    assert_eq!(counts.feedback["m"], Cells { candidate_bad: 1, ..Cells::default() });
    assert_eq!(counts.late, [].into());
}

#[tokio::test]
async fn a_unit_is_worth_the_mean_of_its_numbers() {
    let (fixture, stored) = shop(MEAN).await;
    let store = &fixture.store;
    // Before the canary 500 values from 0 to 499: a reference.
    let before = |n: i32| Assignment {
        gate: None,
        unit: None,
        counted: Counted::No,
        ..request(&stored, &format!("before {n}"), (1, Counted::No), 5)
    };
    flush(store, 1, (0..500).map(before).collect()).await;
    let labels = (0..500).map(|n| label(&format!("before {n}"), f64::from(n)));
    joined(store, &labels.collect::<Vec<_>>()).await;

    let requests = vec![
        request(&stored, "a1", (2, Counted::Yes), 10),
        request(&stored, "a2", (2, Counted::No), 11),
        request(&stored, "a3", (2, Counted::No), 12),
        request(&stored, "b1", (3, Counted::Yes), 10),
    ];
    flush(store, 2, requests).await;
    joined(store, &[label("a1", 0.0), label("a2", 300.0), label("b1", 400.0)]).await;
    store.close_units(at(11 + SPAN), None).await.unwrap();
    let evidence = evidence(store, &stored).await;
    let (reference, counts) = (&evidence.references["m"], &canary(&evidence).values["m"]);
    let only = |value: f64| {
        let mut one = seatrial_analysis::kpi::Values::default();
        one.record(reference, value).unwrap();
        one
    };
    assert_eq!((&counts.candidate, &counts.incumbent), (&only(150.0), &only(400.0)));
}

#[tokio::test]
async fn a_candidate_that_is_as_good_on_first_requests_alone_is_found_by_all_of_them() {
    for (check, decision) in
        [(FIRST, Decision::Inconclusive), (ANY, Decision::Fail { check: "m".to_owned() })]
    {
        let (fixture, stored) = shop(check).await;
        let store = &fixture.store;
        let (mut requests, mut labels) = (Vec::new(), Vec::new());
        for unit in 0..200 {
            for (n, counted) in [(0, Counted::Yes), (1, Counted::No)] {
                let id = format!("{unit} {n}");
                let of = request(&stored, &id, (unit, counted), 10);
                let window = if check == ANY { of.unit } else { None };
                // Nobody buys at first; whoever met the incumbent comes back and does.
                let buys = n == 1 && of.arm == Arm::Incumbent;
                labels.push(label(&id, if buys { 1.0 } else { 0.0 }));
                requests.push(Assignment { unit: window, ..of });
            }
        }
        flush(store, 1, requests).await;
        joined(store, &labels).await;
        store.close_units(at(500), None).await.unwrap();
        let judge = Judge::new(&stored.rollout.plan).unwrap();
        let evidence = evidence(store, &stored).await;
        assert_eq!(judge.gate(&evidence, CANARY).decision, decision, "{check}");
    }
}

#[tokio::test]
async fn what_is_kept_of_closed_units_goes_with_the_evidence() {
    let (fixture, stored) = shop(ANY).await;
    let store = &fixture.store;
    flush(store, 1, vec![request(&stored, "a1", (2, Counted::Yes), 10)]).await;
    store.close_units(at(500), None).await.unwrap();
    joined(store, &[label("a1", 1.0)]).await;
    assert_eq!(store.prune_assignments(at(11)).await.unwrap(), 1);
    // An assignment that is evidence in a unit's window is none of those that are kept a tenth of.
    flush(store, 2, vec![request(&stored, "z", (9, Counted::No), 20)]).await;
    assert_eq!(store.inner.uncounted.load(std::sync::atomic::Ordering::Relaxed), 0);
    let fixture = fixture.reopened().await;
    assert_eq!(fixture.store.inner.uncounted.load(std::sync::atomic::Ordering::Relaxed), 0);
    assert_eq!(fixture.store.prune_assignments(at(21)).await.unwrap(), 1);
    let counts = canary(&evidence(&fixture.store, &stored).await);
    assert_eq!(counts.late["m"].candidate, 1);
}
