//! Verdicts on what a real store holds.

use super::*;
use crate::driver::jumps::before;
use crate::driver::look::tests::rollout_of;
use crate::driver::offers::{self, Telemetry as Flushed, offers};
use crate::driver::{Driver, Parts};
use crate::signatures::{Keys, Signatures};
use crate::tasks::Tasks;
use crate::world::{Deployment, State as Loaded, Wanted, World};
use seatrial_analysis::counts::{ArmHistogram, Cells};
use seatrial_domain::evidence::{ArmCount, GateCounts, GateIndex};
use seatrial_domain::exposure::Exposure;
use seatrial_domain::plan::{KeySource, LiveSlice};
use seatrial_domain::rollout::{Event, Hold, Pause, StageName};
use seatrial_domain::split::Arm;
use seatrial_domain::telemetry::{Assignment, Counted, LatchCause, Telemetry, request_hash};
use seatrial_domain::verdict::{Coverage, Decision};
use seatrial_domain::{
    Digest, EndpointName, Epoch, ModelName, RolloutId, Timestamp, VersionNumber, VersionRef,
};
use seatrial_gateway::{Config, Gateway};
use seatrial_store::feedback::Label;
use seatrial_store::{Options, Store};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;

const POLICY: &str = "
apiVersion: seatrial/v1
kind: RolloutPolicy
metadata: {name: labelled}
spec:
  endpoint: digits
  checks:
    - {name: correct, kind: feedback, metric: correct, margin: {absolute: 0.1}, lateBy: 1s}
  shadow: {minDuration: 1s, minRequests: 10}
  canary: {share: 50, minDuration: 2s, maxDuration: 1h}
  ramp: []
";

/// A world in which everything wanted is there.
#[derive(Debug)]
struct Ready;

impl World for Ready {
    fn enforce(&self, _wanted: &Wanted) {}

    fn observe(&self, _endpoint: &EndpointName) -> Observed {
        let deployment = |number| (version(number), deployment());
        Observed { deployments: vec![deployment(1), deployment(2)], ..Observed::default() }
    }

    fn zero(&self, _endpoint: &EndpointName, _cause: LatchCause) {}
}

fn deployment() -> Deployment {
    Deployment {
        state: Loaded::Ready { sessions: 8 },
        private_url: None,
        in_flight: 0,
        memory_bytes: None,
        signature: None,
        probe: None,
    }
}

fn version(number: u64) -> VersionRef {
    let digest = Digest::of(number.to_string().as_bytes());
    VersionRef { model: ModelName::new("digits").unwrap(), number: VersionNumber(number), digest }
}

struct Fixture {
    driver: Arc<Driver>,
    store: Store,
    _dir: TempDir,
}

async fn fixture() -> Fixture {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path(), Options::default()).await.unwrap();
    let driver = Driver::new(Parts {
        store: store.clone(),
        gateway: Gateway::new(Config::new(1, clock::now)).unwrap(),
        world: Arc::new(Ready),
        tasks: Tasks::default(),
        changed: Arc::default(),
        commands: BTreeMap::new(),
        signatures: Signatures::new(store.clone(), Keys::default()),
        queue_max: 16,
        gc: crate::config::Gc::default(),
    });
    Fixture { driver, store, _dir: dir }
}

/// In its canary, so many seconds ago.
fn canary(seconds: u64) -> Rollout {
    let then = before(clock::now(), Duration::from_secs(seconds));
    let mut rollout = rollout_of(POLICY);
    let plan = Box::new((*rollout.plan).clone());
    let turn = Event::Turn { epoch: Epoch(1), incumbent: Some(version(1)), plan };
    let validated = Event::Validated { summary: "12/12".to_owned() };
    let promote = Event::Promote { reason: "a test".to_owned() };
    let look = Event::Judged {
        verdict: Box::new(Verdict::blind("nothing", "a test".to_owned())),
        capacity: 8,
    };
    for event in [turn, Event::Staged, validated] {
        rollout = rollout.on(&event, then).unwrap().next;
    }
    for event in [promote, look] {
        rollout = acknowledged(rollout, then);
        rollout = rollout.on(&event, then).unwrap().next;
    }
    assert_eq!(rollout.stage.name(), StageName::Canary);
    acknowledged(rollout, then)
}

fn acknowledged(rollout: Rollout, now: Timestamp) -> Rollout {
    let event = Event::Acknowledged { epoch: rollout.epoch };
    rollout.on(&event, now).map_or(rollout, |transition| transition.next)
}

impl Fixture {
    /// Takes what is offered, as a step does, until nothing means something.
    async fn step(&self, mut rollout: Rollout, now: Timestamp) -> Rollout {
        let mut state = State::default();
        for _ in 0..4 {
            let observed = self.driver.world.observe(&rollout.endpoint);
            let verdict = self.driver.verdict(&mut state, &rollout, &observed).await.unwrap();
            let known = offers::Known {
                verdict,
                counted: rollout.counted(now),
                telemetry: Flushed::Fresh,
                ..offers::Known::default()
            };
            let events = offers(&rollout, &observed, &known);
            let Some(taken) = events.iter().find_map(|event| rollout.on(event, now).ok()) else {
                break;
            };
            rollout = taken.next;
        }
        rollout
    }
}

#[tokio::test]
async fn evidence_that_cant_be_read_holds_and_then_pauses_at_the_deadline() {
    let fixture = fixture().await;
    let counted = |boot, buckets| Telemetry {
        boot,
        seq: 1,
        gates: vec![(
            RolloutId(1),
            GateIndex(0).unseen(),
            GateCounts { latency: ArmHistogram::empty(buckets), ..GateCounts::default() },
        )],
        ..Telemetry::default()
    };
    // Two boots that counted on other edges: they make no sum.
    let mut first = counted(1, 3);
    first.gates[0].2.latency.candidate[0] = 1;
    let mut second = counted(2, 4);
    second.gates[0].2.latency.candidate[0] = 1;
    fixture.store.flush(&first).await.unwrap();
    fixture.store.flush(&second).await.unwrap();

    let rollout = fixture.step(canary(10), clock::now()).await;
    assert_eq!((rollout.held, rollout.paused), (Some(Hold::Provider), None));
    assert!(rollout.reason.unwrap().contains("evidence could not be computed"));
    let rollout = fixture.step(canary(10), clock::now()).await;
    let deadline = clock::now().plus(Duration::from_secs(3_700));
    let rollout = fixture.step(rollout, deadline).await;
    assert_eq!(rollout.paused, Some(Pause::Deadline));
}

#[tokio::test]
async fn labels_for_one_arm_only_are_held_for_with_value_and_limit() {
    let fixture = fixture().await;
    let endpoint = EndpointName::new("digits").unwrap();
    let id = |n: u64| format!("r-{n}");
    let unit = |n: u64| Assignment {
        request: request_hash(&endpoint, &id(n)),
        endpoint: endpoint.clone(),
        rollout: Some(RolloutId(1)),
        gate: Some(GateIndex(0)),
        seen: Exposure::NONE,
        arm: if n.is_multiple_of(2) { Arm::Candidate } else { Arm::Incumbent },
        counted: Counted::Yes,
        unit: None,
        slices: Default::default(),
        at: before(clock::now(), Duration::from_secs(5)),
    };
    let units = ArmCount { candidate: 600, incumbent: 600 };
    let telemetry = Telemetry {
        boot: 1,
        seq: 1,
        gates: vec![(
            RolloutId(1),
            GateIndex(0).unseen(),
            GateCounts { units, ..GateCounts::default() },
        )],
        assignments: (0..1_200).map(unit).collect(),
        ..Telemetry::default()
    };
    fixture.store.flush(&telemetry).await.unwrap();
    let label = |n: u64| Label {
        endpoint: endpoint.clone(),
        request_id: id(n),
        metric: "correct".to_owned(),
        value: 1.0,
        at: clock::now(),
    };
    let labels: Vec<_> = (0..600).map(|n| 2 * n).map(label).collect();
    assert!(fixture.store.join_feedback(&labels).await.unwrap().iter().all(Result::is_ok));

    let rollout = canary(10);
    let evidence = fixture.driver.evidence(&rollout).await.unwrap();
    assert_eq!(evidence.gates[&GateIndex(0).unseen()].matured["correct"].units, units);
    let rollout = fixture.step(rollout, clock::now()).await;
    assert_eq!(rollout.held, Some(Hold::Coverage));
    let why = rollout.reason.unwrap();
    assert!(why.contains("100.0 %") && why.contains("0.0 %") && why.contains("50 %"), "{why}");
}

#[tokio::test]
async fn values_are_evidence_once_their_units_are_old_enough() {
    let fixture = fixture().await;
    let endpoint = EndpointName::new("digits").unwrap();
    let unit = |request: u64, seconds| Assignment {
        request,
        endpoint: endpoint.clone(),
        rollout: Some(RolloutId(1)),
        gate: Some(GateIndex(0)),
        seen: Exposure::NONE,
        slices: BTreeMap::new(),
        arm: Arm::Candidate,
        counted: Counted::Yes,
        unit: None,
        at: before(clock::now(), Duration::from_secs(seconds)),
    };
    let assignments = vec![unit(1, 900), unit(2, 800), unit(3, 0)];
    let telemetry = Telemetry { boot: 1, seq: 1, assignments, ..Telemetry::default() };
    fixture.store.flush(&telemetry).await.unwrap();
    let yaml = POLICY.replace("kind: feedback", "kind: kpi").replace("lateBy: 1s", "lateBy: 600s");
    let rollout = rollout_of(&yaml.replace("minDuration: 2s", "minDuration: 600s"));
    let evidence = fixture.driver.evidence(&rollout).await.unwrap();
    let counts = &evidence.gates[&GateIndex(0).unseen()];
    let units = ArmCount { candidate: 2, incumbent: 0 };
    assert_eq!(counts.matured_values["correct"].units, units);
    assert!(counts.matured.is_empty(), "they are no yes-or-no labels");
}

/// Labels that came quickly would be all there are, and a pass would rest on them.
#[tokio::test]
async fn a_clock_that_jumps_forward_makes_no_label_due_and_forgets_no_assignment() {
    let fixture = fixture().await;
    let endpoint = EndpointName::new("digits").unwrap();
    let unit = |request: u64, seconds| Assignment {
        request,
        endpoint: endpoint.clone(),
        rollout: Some(RolloutId(1)),
        gate: Some(GateIndex(0)),
        seen: Exposure::NONE,
        slices: BTreeMap::new(),
        arm: Arm::Candidate,
        counted: Counted::Yes,
        unit: None,
        at: before(clock::now(), Duration::from_secs(seconds)),
    };
    let assignments = vec![unit(1, 900), unit(2, 2)];
    let telemetry = Telemetry { boot: 1, seq: 1, assignments, ..Telemetry::default() };
    fixture.store.flush(&telemetry).await.unwrap();
    let yaml = POLICY.replace("lateBy: 1s", "lateBy: 600s");
    let rollout = rollout_of(&yaml.replace("minDuration: 2s", "minDuration: 600s"));
    let due = async || {
        let evidence = fixture.driver.evidence(&rollout).await.unwrap();
        evidence.gates[&GateIndex(0).unseen()].matured["correct"].units.candidate
    };
    assert_eq!(due().await, 1);
    clock::jump(Duration::from_secs(7_200));
    assert_eq!(due().await, 1, "it is two seconds old");
    fixture.driver.prune().await.unwrap();
    clock::advance(Duration::from_secs(601));
    assert_eq!(due().await, 2);
    assert_eq!(fixture.store.prune_assignments(clock::now()).await.unwrap(), 2);
}

#[tokio::test]
async fn labels_of_units_that_are_too_young_are_neither_short_nor_a_pass() {
    let fixture = fixture().await;
    let endpoint = EndpointName::new("digits").unwrap();
    let unit = |n: u64| Assignment {
        request: n,
        endpoint: endpoint.clone(),
        rollout: Some(RolloutId(1)),
        gate: Some(GateIndex(0)),
        seen: Exposure::NONE,
        arm: if n.is_multiple_of(2) { Arm::Candidate } else { Arm::Incumbent },
        counted: Counted::Yes,
        unit: None,
        slices: Default::default(),
        // Ahead, so that the test may take as long as it likes.
        at: clock::now().plus(Duration::from_secs(600)),
    };
    let units = ArmCount { candidate: 600, incumbent: 600 };
    let telemetry = Telemetry {
        boot: 1,
        seq: 1,
        gates: vec![(
            RolloutId(1),
            GateIndex(0).unseen(),
            GateCounts { units, ..GateCounts::default() },
        )],
        assignments: (0..1_200).map(unit).collect(),
        ..Telemetry::default()
    };
    fixture.store.flush(&telemetry).await.unwrap();
    let (mut state, rollout) = (State::default(), canary(10));
    let observed = fixture.driver.world.observe(&endpoint);
    let verdict = fixture.driver.verdict(&mut state, &rollout, &observed).await.unwrap().unwrap();
    assert_eq!((verdict.decision, verdict.coverage), (Decision::Inconclusive, Coverage::Enough));
}

#[tokio::test]
async fn labels_that_are_wrong_in_one_slice_alone_roll_back_by_it() {
    let fixture = fixture().await;
    let endpoint = EndpointName::new("digits").unwrap();
    let id = |n: u64| format!("r-{n}");
    let arm = |n: u64| if n.is_multiple_of(2) { Arm::Candidate } else { Arm::Incumbent };
    let client = |n: u64| if n % 8 < 2 { "mobile" } else { "web" };
    let unit = |n: u64| Assignment {
        request: request_hash(&endpoint, &id(n)),
        endpoint: endpoint.clone(),
        rollout: Some(RolloutId(1)),
        gate: Some(GateIndex(0)),
        seen: Exposure::NONE,
        arm: arm(n),
        counted: Counted::Yes,
        unit: None,
        slices: [("client".to_owned(), client(n).to_owned())].into(),
        at: before(clock::now(), Duration::from_secs(15)),
    };
    let assignments = (0..1_200).map(unit).collect();
    let telemetry = Telemetry { boot: 1, seq: 1, assignments, ..Telemetry::default() };
    fixture.store.flush(&telemetry).await.unwrap();
    // As many are wrong on the incumbent, elsewhere: in the sum there is nothing to see.
    let wrong = |n: u64| match (arm(n), client(n)) {
        (Arm::Candidate, "mobile") => true,
        (Arm::Incumbent, "web") => n % 24 < 8,
        (Arm::Candidate | Arm::Incumbent, _) => false,
    };
    let label = |n: u64| Label {
        endpoint: endpoint.clone(),
        request_id: id(n),
        metric: "correct".to_owned(),
        value: if wrong(n) { 0.0 } else { 1.0 },
        at: clock::now(),
    };
    let labels: Vec<_> = (0..1_200).map(label).collect();
    assert!(fixture.store.join_feedback(&labels).await.unwrap().iter().all(Result::is_ok));

    let mut rollout = canary(10);
    Arc::make_mut(&mut rollout.plan).analysis.slices = vec![LiveSlice {
        key: KeySource::Parameter("client".to_owned()),
        values: vec!["mobile".to_owned(), "web".to_owned()],
        weight: Some(0.5),
    }];
    let evidence = fixture.driver.evidence(&rollout).await.unwrap();
    let mobile = &evidence.gates[&GateIndex(0).unseen()].slices.0["client"]["mobile"];
    let units = ArmCount { candidate: 150, incumbent: 150 };
    assert_eq!(mobile.matured["correct"].units, units);
    let labels = Cells { candidate_bad: 150, incumbent_good: 150, ..Cells::default() };
    assert_eq!((mobile.matured["correct"].labels, mobile.feedback["correct"]), (labels, labels));
    let rollout = fixture.step(rollout, clock::now()).await;
    assert_eq!(rollout.stage.name(), StageName::RollingBack);
    let why = rollout.reason.unwrap();
    assert!(why.contains("correct[client=mobile]"), "{why}");
}

#[tokio::test]
async fn the_first_look_at_live_traffic_begins_the_first_window() {
    let fixture = fixture().await;
    let rollout = canary(60);
    assert!(fixture.store.evidence(rollout.id).await.unwrap().starts.is_empty());
    fixture.step(rollout.clone(), clock::now()).await;
    let begun = fixture.store.evidence(rollout.id).await.unwrap().starts;
    assert_eq!(begun.iter().count(), 1);
    fixture.step(rollout.clone(), clock::now()).await;
    assert_eq!(fixture.store.evidence(rollout.id).await.unwrap().starts, begun);
}
