//! One check with a margin of its own in each stage: one fail over all gates, a pass for each.

use super::fixture::*;
use super::{CANARY, fails, report};
use crate::evidence::{Evidence, GateCounts, GateIndex};
use crate::judge::{Error, Judge};
use crate::plan::{Better, Check, Kind, Margin, Plan, Rule};
use crate::policy::parse;
use crate::verdict::{CheckVerdict, Coverage, Decision};

const RAMP: GateIndex = GateIndex(1);

/// These in the canary, those everywhere else.
fn staged(canary: &[Check], elsewhere: &[Check]) -> Plan {
    let mut plan = plan(elsewhere);
    plan.gates[0].checks = canary.to_vec();
    plan
}

fn absolute(margin: f64) -> Check {
    let margin = Margin { ratio: None, absolute: Some(margin) };
    Check { rule: Rule::Errors { margin }, ..errors(0.005) }
}

/// Labels with this margin, of which this part must have come.
fn labels_of(absolute: f64, min_coverage: f64) -> Check {
    let mut check = labels("correct", Better::Higher);
    if let Rule::Feedback { margin, min_coverage: least, .. } = &mut check.rule {
        *margin = Margin { ratio: None, absolute: Some(absolute) };
        *least = min_coverage;
    }
    check
}

/// A ramp to 25 % without errors.
fn ramp(candidate: u64) -> GateCounts {
    gate(arms(candidate, candidate * 3), arms(1_900, 1_800))
}

/// Labels of which these many in a thousand are right.
fn labelled(mut counts: GateCounts, candidate: u64, incumbent: u64) -> GateCounts {
    let labels = per_mille(counts.units, 1_000 - candidate, 1_000 - incumbent);
    label(&mut counts, labels);
    counts
}

#[test]
fn its_weight_counts_once() {
    let others = [latency(250), labels("correct", Better::Higher)];
    let with = |check: Check| [vec![check], others.to_vec()].concat();
    let judge = Judge::new(&staged(&with(absolute(0.05)), &with(errors(0.005)))).unwrap();
    let verdict = judge.gate(&only(canary(100)), CANARY);
    let names: Vec<_> = verdict.checks.iter().map(|report| report.name.as_str()).collect();
    assert_eq!(names, ["errorRate", "latencyP99", "correct"]);
    let heavier = Check { weight: 0.6, ..latency(250) };
    let lightest = Judge::new(&staged(&with(absolute(0.05)), &[errors(0.005), heavier]));
    assert!(lightest.is_ok(), "the smallest weight of a name is its weight");
}

#[test]
fn a_policy_with_a_margin_for_each_stage_is_planned_passed_and_failed() {
    let yaml = "apiVersion: seatrial/v1\nkind: RolloutPolicy\nmetadata: {name: p}\nspec:\n  \
        endpoint: e\n  checks: [{name: errorRate, kind: errors, margin: {absolute: 0.01}, \
        weight: 0.4}, {name: slow, kind: latency, limit: 250ms, weight: 0.6}]\n  \
        canary: {checks: [{name: errorRate, kind: errors, margin: {absolute: 0.05}}]}\n";
    let policy = parse(yaml).unwrap();
    let plan = policy.plan(Kind::Promote, policy.endpoint()).unwrap();
    let judge = Judge::new(&plan).unwrap();
    let mut evidence = only(canary(200));
    assert_eq!(judge.gate(&evidence, CANARY).decision, Decision::Pass);
    evidence.gates.get_mut(&CANARY.unseen()).unwrap().errors = per_mille(canary_units(200), 150, 5);
    assert_eq!(judge.gate(&evidence, CANARY).decision, fails("errorRate"));
}

#[test]
fn each_gate_passes_by_its_own_margin() {
    let judge = Judge::new(&staged(&[absolute(0.05)], &[absolute(0.01)])).unwrap();
    let decision = |gate: GateIndex, counts| {
        let gates = [(gate.unseen(), counts)].into();
        judge.gate(&Evidence { gates, ..Evidence::default() }, gate)
    };
    let wide = decision(CANARY, canary(200));
    assert_eq!(wide.decision, Decision::Pass);
    assert_eq!(report(&wide, "errorRate").limit, "margin +5 %");
    let narrow = decision(RAMP, ramp(200));
    assert_eq!(narrow.decision, Decision::Inconclusive);
    assert_eq!(report(&narrow, "errorRate").limit, "margin +1 %");
    let needed = report(&narrow, "errorRate").units_needed.unwrap();
    assert_eq!(decision(RAMP, ramp(200 + needed)).decision, Decision::Pass);
}

#[test]
fn it_fails_on_the_evidence_of_all_gates_whatever_their_margins() {
    let mixed = Judge::new(&staged(&[absolute(0.05)], &[errors(0.005)])).unwrap();
    let alike = Judge::new(&plan(&[errors(0.005)])).unwrap();
    let mut evidence = only(canary(300));
    let bad = per_mille(canary_units(300), 20, 5);
    evidence.gates.get_mut(&CANARY.unseen()).unwrap().errors = bad;
    let mut later = ramp(400);
    later.errors = per_mille(later.units, 20, 5);
    evidence.gates.insert(RAMP.unseen(), later);
    let log_e = |judge: &Judge| report(&judge.gate(&evidence, RAMP), "errorRate").fail_log_e;
    assert_eq!(log_e(&mixed), log_e(&alike));
    assert!(log_e(&mixed) > report(&mixed.gate(&evidence, CANARY), "errorRate").fail_log_e);
    evidence.gates.get_mut(&CANARY.unseen()).unwrap().errors = per_mille(canary_units(300), 100, 5);
    let verdict = mixed.gate(&evidence, RAMP);
    assert_eq!(verdict.decision, fails("errorRate"));
    assert_eq!(report(&verdict, "errorRate").counts.candidate_total, 700);
    assert_eq!(verdict.checks.len(), 1);
}

#[test]
fn labels_have_the_margin_and_the_coverage_of_their_gate() {
    let judge = Judge::new(&staged(&[labels_of(0.1, 0.2)], &[labels_of(0.02, 0.9)])).unwrap();
    let mut first = labelled(canary(400), 910, 910);
    of_units(&mut first, canary_units(1_200));
    let mut evidence = only(first);
    assert_eq!(judge.gate(&evidence, CANARY).decision, Decision::Pass);
    let mut second = labelled(ramp(400), 910, 910);
    evidence.gates.insert(RAMP.unseen(), second.clone());
    let undecided = judge.gate(&evidence, RAMP);
    assert_eq!(report(&undecided, "correct").verdict, CheckVerdict::Inconclusive);
    assert_eq!(undecided.coverage, Coverage::Enough);
    of_units(&mut second, arms(600, 1_800));
    evidence.gates.insert(RAMP.unseen(), second);
    assert!(matches!(judge.gate(&evidence, RAMP).coverage, Coverage::Short { .. }));
    evidence.gates.insert(RAMP.unseen(), labelled(ramp(400), 700, 910));
    assert_eq!(judge.gate(&evidence, RAMP).decision, fails("correct"));
}

#[test]
fn another_margin_out_of_range_is_refused_too() {
    let refused = Judge::new(&staged(&[absolute(0.05)], &[absolute(2.0)]));
    assert!(matches!(refused, Err(Error::TwoOutcome { .. })));
    let empty = Rule::Errors { margin: Margin { ratio: None, absolute: None } };
    let refused = Judge::new(&staged(&[absolute(0.05)], &[Check { rule: empty, ..errors(0.1) }]));
    assert!(matches!(refused, Err(Error::Margin { .. })));
}
