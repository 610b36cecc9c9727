//! When evidence is judged anew, on verdicts of the real judge.

use super::*;
use seatrial_analysis::counts::Cells;
use seatrial_domain::evidence::{ArmCount, CompareCount, Matured, PairCount};
use seatrial_domain::rollout::{Bootstrap, New};
use seatrial_domain::split::Salt;
use seatrial_domain::{
    Digest, EndpointName, ModelName, Timestamp, VersionNumber, VersionRef, endpoint, policy,
};

const POLICY: &str = "
apiVersion: seatrial/v1
kind: RolloutPolicy
metadata: {name: quick}
spec:
  endpoint: digits
  checks:
    - {name: errorRate, kind: errors, margin: {absolute: 0.005}}
  shadow: {minDuration: 1s, minRequests: 1000}
  canary: {share: 5, minDuration: 1s}
  ramp:
    - {share: 25, minDuration: 1s}
";

fn rollout() -> Rollout {
    rollout_of(POLICY)
}

/// A queued promotion by this policy.
pub(in crate::driver) fn rollout_of(yaml: &str) -> Rollout {
    let endpoint = EndpointName::new("digits").unwrap();
    let policy = policy::parse(yaml).unwrap_or_else(|fault| panic!("{fault}"));
    let model = ModelName::new("digits").unwrap();
    let new = New {
        id: RolloutId(1),
        attempt: 1,
        candidate: VersionRef {
            model: model.clone(),
            number: VersionNumber(2),
            digest: Digest::of(b"2"),
        },
        plan: policy.plan(Kind::Promote, &endpoint).unwrap(),
        endpoint,
        salt: Salt(7),
        settings: endpoint::Settings::of(model),
        bootstrap: Bootstrap::Ask,
    };
    Rollout::new(new, Timestamp::from_micros(0))
}

fn looked(looks: &mut Look, subject: Subject, evidence: &Evidence) -> Decision {
    looks.at(&rollout(), subject, evidence).decision
}

/// Units of one gate; those on the candidate that failed.
fn gate(units: ArmCount, failed: u64) -> GateCounts {
    let errors = Cells {
        candidate_bad: failed,
        candidate_good: units.candidate - failed,
        incumbent_bad: 0,
        incumbent_good: units.incumbent,
    };
    GateCounts { units, errors, ..GateCounts::default() }
}

#[test]
fn a_candidate_that_fails_every_copy_is_judged_after_a_first_look_at_nothing() {
    let mut looks = Look::default();
    let mut evidence = Evidence::default();
    assert_eq!(looked(&mut looks, Subject::Shadow, &evidence), Decision::Inconclusive);
    evidence.shadow.candidate_errors = 2_000;
    let fails = Decision::Fail { check: "disagreement".to_owned() };
    assert_eq!(looked(&mut looks, Subject::Shadow, &evidence), fails);
}

#[test]
fn a_shadow_whose_first_rule_compares_nothing_is_judged_by_the_others() {
    let mut looks = Look::default();
    let mut evidence = Evidence::default();
    evidence.shadow.compare = vec![CompareCount::default(); 2];
    assert_eq!(looked(&mut looks, Subject::Shadow, &evidence), Decision::Inconclusive);
    evidence.shadow.compare[1].candidate = PairCount { pairs: 2_000, disagree: 0 };
    assert_eq!(looked(&mut looks, Subject::Shadow, &evidence), Decision::Pass);
}

#[test]
fn a_new_gate_is_judged_as_it_grows_however_long_the_one_before_it_was() {
    let canary = gate(ArmCount { candidate: 5_000, incumbent: 95_000 }, 0);
    let mut evidence = Evidence { gates: [(GateIndex(0), canary)].into(), ..Evidence::default() };
    let (mut looks, ramp) = (Look::default(), GateIndex(1));
    assert_eq!(looked(&mut looks, Subject::Gate(ramp), &evidence), Decision::Inconclusive);
    // Half a percent more units in all; all there are of this gate.
    evidence.gates.insert(ramp, gate(ArmCount { candidate: 125, incumbent: 375 }, 125));
    let fails = Decision::Fail { check: "errorRate".to_owned() };
    assert_eq!(looked(&mut looks, Subject::Gate(ramp), &evidence), fails);
}

#[test]
fn late_labels_of_an_earlier_gate_are_news() {
    let tallies = |canary, ramp| -> Tallies {
        [(Subject::Gate(GateIndex(0)), canary), (Subject::Gate(GateIndex(1)), ramp)].into()
    };
    let before = tallies(1_000, 1_000);
    assert!(!grown(&before, &tallies(1_019, 1_019), 0.02));
    assert!(grown(&before, &tallies(1_020, 1_000), 0.02));
    assert!(grown(&before, &tallies(1_000, 1_020), 0.02));
}

#[test]
fn a_cutover_is_judged_on_the_evidence_of_the_gates_before_it() {
    let mut cutover = rollout();
    cutover.stage = Stage::Cutover;
    let subject = Subject::of(&cutover).unwrap();
    assert_eq!(subject, Subject::Gate(GateIndex(2)), "which is never passed");

    let mut evidence = Evidence::default();
    evidence.gates.insert(GateIndex(0), gate(ArmCount { candidate: 4000, incumbent: 76_000 }, 800));
    let decision = looked(&mut Look::default(), subject, &evidence);
    assert_eq!(decision, Decision::Fail { check: "errorRate".to_owned() });

    cutover.plan.kind = Kind::First;
    assert_eq!(Subject::of(&cutover), None, "without an incumbent there is nothing to compare");
}

#[test]
fn a_pass_is_read_again_before_it_is_taken() {
    let (mut looks, mut rare) = (Look::default(), rollout());
    let canary = Subject::Gate(GateIndex(0));
    rare.plan.analysis.look.every = std::time::Duration::from_secs(3600);
    let units = ArmCount { candidate: 2_000, incumbent: 38_000 };
    let mut evidence =
        Evidence { gates: [(GateIndex(0), gate(units, 0))].into(), ..Evidence::default() };
    assert_eq!(looks.at(&rare, canary, &evidence).decision, Decision::Pass);
    assert!(!looks.is_due(&rare, |_| false), "nobody takes it yet");
    assert!(looks.is_due(&rare, |verdict| verdict.decision == Decision::Pass));
    // What has come meanwhile makes it none.
    evidence.gates.insert(GateIndex(0), gate(units, 20));
    assert_ne!(looks.at(&rare, canary, &evidence).decision, Decision::Pass);
    assert!(!looks.is_due(&rare, |_| true));
}

#[test]
fn labels_that_fall_due_are_news_without_any_request() {
    let canary = gate(ArmCount { candidate: 100, incumbent: 1_900 }, 0);
    let mut evidence = Evidence { gates: [(GateIndex(0), canary)].into(), ..Evidence::default() };
    let before = Subject::Gate(GateIndex(0)).tallies(&evidence);
    let matured =
        Matured { units: ArmCount { candidate: 100, incumbent: 1_900 }, ..Matured::default() };
    let counts = evidence.gates.get_mut(&GateIndex(0)).unwrap();
    counts.matured.insert("correct".to_owned(), matured);
    assert!(grown(&before, &Subject::Gate(GateIndex(0)).tallies(&evidence), 0.02));
}
