//! When evidence is judged anew, on verdicts of the real judge.

use super::*;
use crate::evidence::{ArmCount, CompareCount, Matured, PairCount};
use crate::rollout::{Bootstrap, New};
use crate::split::Salt;
use crate::{
    Digest, EndpointName, ModelName, Timestamp, VersionNumber, VersionRef, endpoint, policy,
};
use seatrial_analysis::counts::Cells;
use std::sync::Arc;

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

const SECOND: Duration = Duration::from_secs(1);
const CANARY: Subject = Subject::Gate(GateIndex(0));

fn rollout() -> Rollout {
    rollout_of(POLICY)
}

/// A queued promotion by this policy.
fn rollout_of(yaml: &str) -> Rollout {
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

fn looked(looks: &mut Looks, subject: Subject, evidence: &Evidence) -> Decision {
    looks.at(&rollout(), subject, evidence, (Call::IfGrown, SECOND)).decision
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
    let mut looks = Looks::default();
    let mut evidence = Evidence::default();
    assert_eq!(looked(&mut looks, Subject::Shadow, &evidence), Decision::Inconclusive);
    evidence.shadow.candidate_errors = 2_000;
    let fails = Decision::Fail { check: "disagreement".to_owned() };
    assert_eq!(looked(&mut looks, Subject::Shadow, &evidence), fails);
}

#[test]
fn a_shadow_whose_first_rule_compares_nothing_is_judged_by_the_others() {
    let mut looks = Looks::default();
    let mut evidence = Evidence::default();
    evidence.shadow.compare = vec![CompareCount::default(); 2];
    assert_eq!(looked(&mut looks, Subject::Shadow, &evidence), Decision::Inconclusive);
    evidence.shadow.compare[1].candidate = PairCount { pairs: 2_000, disagree: 0 };
    assert_eq!(looked(&mut looks, Subject::Shadow, &evidence), Decision::Pass);
}

#[test]
fn a_new_gate_is_judged_as_it_grows_however_long_the_one_before_it_was() {
    let canary = gate(ArmCount { candidate: 5_000, incumbent: 95_000 }, 0);
    let mut evidence =
        Evidence { gates: [(GateIndex(0).unseen(), canary)].into(), ..Evidence::default() };
    let (mut looks, ramp) = (Looks::default(), GateIndex(1));
    assert_eq!(looked(&mut looks, Subject::Gate(ramp), &evidence), Decision::Inconclusive);
    // Half a percent more units in all; all there are of this gate.
    evidence.gates.insert(ramp.unseen(), gate(ArmCount { candidate: 125, incumbent: 375 }, 125));
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
    evidence
        .gates
        .insert(GateIndex(0).unseen(), gate(ArmCount { candidate: 4000, incumbent: 76_000 }, 800));
    let decision = looked(&mut Looks::default(), subject, &evidence);
    assert_eq!(decision, Decision::Fail { check: "errorRate".to_owned() });

    Arc::make_mut(&mut cutover.plan).kind = Kind::First;
    assert_eq!(Subject::of(&cutover), None, "without an incumbent there is nothing to compare");
}

/// A look that found a pass, and the evidence it rests on.
fn passed(every: Duration) -> (Looks, Rollout, Evidence) {
    let (mut looks, mut rare) = (Looks::default(), rollout());
    Arc::make_mut(&mut rare.plan).analysis.look.every = every;
    let units = ArmCount { candidate: 2_000, incumbent: 38_000 };
    let evidence =
        Evidence { gates: [(GateIndex(0).unseen(), gate(units, 0))].into(), ..Evidence::default() };
    let verdict = looks.at(&rare, CANARY, &evidence, (Call::IfGrown, SECOND));
    assert_eq!(verdict.decision, Decision::Pass);
    (looks, rare, evidence)
}

#[test]
fn a_pass_is_read_again_before_it_is_taken() {
    let (mut looks, rare, mut evidence) = passed(3_600 * SECOND);
    assert_eq!(looks.due(&rare, 2 * SECOND, |_| false), Call::No, "nobody takes it yet");
    let taken = looks.due(&rare, 2 * SECOND, |verdict| verdict.decision == Decision::Pass);
    assert_eq!(taken, Call::Now);
    // What has come meanwhile makes it none, though it is no more than before.
    let units = evidence.gates[&GateIndex(0).unseen()].units;
    evidence.gates.insert(GateIndex(0).unseen(), gate(units, 20));
    assert_ne!(looks.at(&rare, CANARY, &evidence, (taken, 2 * SECOND)).decision, Decision::Pass);
    assert_eq!(looks.due(&rare, 3 * SECOND, |_| true), Call::No);
}

#[test]
fn a_pass_that_waits_for_its_time_is_judged_anew_only_as_the_evidence_grows() {
    let (mut looks, rollout, mut evidence) = passed(SECOND);
    assert_eq!(looks.due(&rollout, 2 * SECOND, |_| false), Call::IfGrown);
    // All these would fail, and there are too few of them to be looked at.
    let mut at = |units, failed| {
        evidence.gates.insert(GateIndex(0).unseen(), gate(units, failed));
        looks.at(&rollout, CANARY, &evidence, (Call::IfGrown, 2 * SECOND)).decision
    };
    assert_eq!(at(ArmCount { candidate: 2_000, incumbent: 38_799 }, 700), Decision::Pass);
    let fails = Decision::Fail { check: "errorRate".to_owned() };
    assert_eq!(at(ArmCount { candidate: 2_000, incumbent: 38_800 }, 700), fails);
}

#[test]
fn the_count_at_which_the_next_look_matters_is_told() {
    let (looks, rollout, evidence) = passed(5 * SECOND);
    assert_eq!(looks.wanted(&rollout, CANARY), Some((40_800, 6 * SECOND)));
    assert_eq!(CANARY.tally(&evidence), 40_000);
    assert_eq!(looks.wanted(&rollout, Subject::Gate(GateIndex(1))), Some((1, 6 * SECOND)));
    assert_eq!(Looks::default().wanted(&rollout, CANARY), None);
}

#[test]
fn labels_that_fall_due_are_news_without_any_request() {
    let canary = gate(ArmCount { candidate: 100, incumbent: 1_900 }, 0);
    let mut evidence =
        Evidence { gates: [(GateIndex(0).unseen(), canary)].into(), ..Evidence::default() };
    let before = Subject::Gate(GateIndex(0)).tallies(&evidence);
    let matured =
        Matured { units: ArmCount { candidate: 100, incumbent: 1_900 }, ..Matured::default() };
    let counts = evidence.gates.get_mut(&GateIndex(0).unseen()).unwrap();
    counts.matured.insert("correct".to_owned(), matured);
    assert!(grown(&before, &Subject::Gate(GateIndex(0)).tallies(&evidence), 0.02));
}

#[test]
fn values_that_come_or_fall_due_are_news_without_any_request() {
    let canary = gate(ArmCount { candidate: 100, incumbent: 1_900 }, 0);
    let with = |edit: fn(&mut GateCounts)| {
        let mut counts = canary.clone();
        edit(&mut counts);
        let gates = [(GateIndex(0).unseen(), counts)].into();
        Subject::Gate(GateIndex(0)).tallies(&Evidence { gates, ..Evidence::default() })
    };
    let before = with(|_| {});
    let come = with(|counts| {
        let values = counts.values.entry("revenue".to_owned()).or_default();
        values.candidate.buckets = vec![10, 90];
    });
    let due = with(|counts| {
        let units = ArmCount { candidate: 100, incumbent: 1_900 };
        let due = counts.matured_values.entry("revenue".to_owned()).or_default();
        due.units = units;
    });
    assert!(grown(&before, &come, 0.02) && grown(&before, &due, 0.02));
}
