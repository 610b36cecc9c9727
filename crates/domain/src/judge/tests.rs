//! What verdicts are reached on plain evidence. Laws on random evidence are in `laws`.

pub(crate) mod accounts;
mod drift;
pub(crate) mod fixture;
mod given;
mod histories;
mod kpi;
mod labels;
mod late;
mod latency;
mod laws;
mod lost;
mod margins;
mod open_slices;
mod paired;
mod prints;
mod shadow;
pub(crate) mod shared;
mod slice_labels;
mod sliced_values;
mod slices;
mod strata;
mod told;
mod trust;

use super::{Error, Judge};
use crate::evidence::{ArmCount, Evidence, GateIndex};
use crate::plan::{Better, Check, Margin, Rule};
use crate::verdict::{CheckReport, CheckVerdict, Decision, SampleRatio, Verdict};
pub(crate) use drift::cats;
use fixture::*;
pub(crate) use kpi::worth;
pub(crate) use laws::{any_evidence, any_shadow, relative, standard, watched};

const CANARY: GateIndex = GateIndex(0);
const STABILIZING: GateIndex = GateIndex(3);

fn look(checks: &[Check], evidence: &Evidence) -> Verdict {
    Judge::new(&plan(checks)).unwrap().gate(evidence, CANARY)
}

fn report<'a>(verdict: &'a Verdict, name: &str) -> &'a CheckReport {
    verdict.checks.iter().find(|report| report.name == name).unwrap()
}

fn fails(name: &str) -> Decision {
    Decision::Fail { check: name.to_owned() }
}

#[test]
fn no_data_is_inconclusive_at_every_gate() {
    let plans = [
        vec![],
        vec![errors(0.005)],
        vec![latency(250)],
        vec![errors(0.005), latency(250), labels("correct", Better::Higher)],
    ];
    for checks in plans {
        let judge = Judge::new(&plan(&checks)).unwrap();
        for gate in 0..=5 {
            let verdict = judge.gate(&Evidence::default(), GateIndex(gate));
            assert_eq!(verdict.decision, Decision::Inconclusive);
            assert_eq!(verdict.units, ArmCount::default());
        }
    }
}

#[test]
fn without_an_enforced_check_nothing_passes() {
    assert_eq!(look(&[], &only(canary(100_000))).decision, Decision::Inconclusive);
}

#[test]
fn zero_errors_pass_at_the_expected_units() {
    for (absolute, units) in [(0.01, 428), (0.005, 857)] {
        let decision = |units| look(&[errors(absolute)], &only(canary(units))).decision;
        assert_eq!(decision(units + 5), Decision::Pass);
        assert_eq!(decision(units - 20), Decision::Inconclusive);
    }
}

#[test]
fn units_needed_leads_to_the_pass() {
    let checks = [errors(0.005), latency(250)];
    let verdict = look(&checks, &only(canary(300)));
    let more = report(&verdict, "errorRate").units_needed.unwrap();
    assert!(more > 400);
    assert!(report(&verdict, "latencyP99").units_needed.unwrap() < 100);
    let later = look(&checks, &only(canary(300 + more)));
    assert_eq!(later.decision, Decision::Pass);
    assert!(later.checks.iter().all(|report| report.units_needed.is_none()));
}

#[test]
fn errors_of_the_candidate_fail_the_named_check() {
    let mut counts = canary(500);
    counts.errors = per_mille(counts.units, 60, 5);
    let verdict = look(&[errors(0.005), latency(250)], &only(counts));
    assert_eq!(verdict.decision, fails("errorRate"));
    let report = report(&verdict, "errorRate");
    assert_eq!((report.counts.candidate_bad, report.counts.candidate_total), (30, 500));
    assert!(report.fail_log_e > report.fail_at);
    let words = "errorRate: error rate 6.0 % vs 0.5 % (margin ×2.0 and +0.5 %)";
    assert_eq!(verdict.in_words(), words);
}

#[test]
fn errors_on_both_arms_are_not_the_candidates() {
    let mut counts = canary(500);
    counts.errors = per_mille(counts.units, 200, 200);
    assert_ne!(look(&[errors(0.005)], &only(counts)).decision, fails("errorRate"));
}

#[test]
fn a_fail_uses_every_gate_and_a_pass_only_its_own() {
    let judge = Judge::new(&plan(&[errors(0.01)])).unwrap();
    let mut evidence = only(canary(5_000));
    assert_eq!(judge.gate(&evidence, GateIndex(1)).decision, Decision::Inconclusive);
    evidence.gates.insert(GateIndex(1).unseen(), gate(arms(500, 1_500), arms(1_900, 1_800)));
    assert_eq!(judge.gate(&evidence, GateIndex(1)).decision, Decision::Pass);
    evidence.gates.get_mut(&CANARY.unseen()).unwrap().errors =
        per_mille(canary_units(5_000), 50, 5);
    assert_eq!(judge.gate(&evidence, GateIndex(1)).decision, fails("errorRate"));
}

#[test]
fn a_replaced_check_still_fails_and_is_otherwise_silent() {
    let mut plan = plan(&[errors(0.01)]);
    plan.gates[1].checks = vec![latency(250)];
    let judge = Judge::new(&plan).unwrap();
    let mut evidence = only(canary(1_000));
    evidence.gates.insert(GateIndex(1).unseen(), gate(arms(1_000, 3_000), arms(1_900, 1_800)));
    let verdict = judge.gate(&evidence, GateIndex(1));
    assert_eq!((verdict.decision, verdict.checks.len()), (Decision::Pass, 1));
    evidence.gates.get_mut(&CANARY.unseen()).unwrap().errors =
        per_mille(canary_units(1_000), 50, 5);
    assert_eq!(judge.gate(&evidence, GateIndex(1)).decision, fails("errorRate"));
}

#[test]
fn counts_on_other_edges_are_an_error() {
    let mut counts = canary(500);
    counts.latency.candidate.truncate(7);
    let verdict = look(&[latency(250)], &only(counts));
    assert!(matches!(verdict.decision, Decision::Error { .. }));
    assert_eq!(report(&verdict, "latencyP99").verdict, CheckVerdict::Error);
}

#[test]
fn a_dry_run_has_no_say() {
    let mut plan = plan(&[errors(0.005), latency(250)]);
    plan.analysis.dry_run = vec!["errorRate".to_owned()];
    let mut counts = canary(1_000);
    counts.errors = per_mille(counts.units, 60, 5);
    let verdict = Judge::new(&plan).unwrap().gate(&only(counts), CANARY);
    assert_eq!(verdict.decision, Decision::Pass);
    assert_eq!(report(&verdict, "errorRate").verdict, CheckVerdict::Fail);
}

#[test]
fn an_implausible_split_voids_the_pass_but_not_the_fail() {
    let checks = [errors(0.005)];
    let mut counts = gate(arms(1_500, 19_000), arms(1_900, 1_800));
    let verdict = look(&checks, &only(counts.clone()));
    assert_eq!(verdict.sample_ratio, SampleRatio::Mismatch);
    assert_eq!(verdict.decision, Decision::Inconclusive);
    counts.errors = per_mille(counts.units, 100, 5);
    assert_eq!(look(&checks, &only(counts)).decision, fails("errorRate"));
}

#[test]
fn a_split_that_was_wrong_under_an_earlier_gate_is_wrong_for_good() {
    let judge = Judge::new(&plan(&[errors(0.005)])).unwrap();
    let mut evidence = only(gate(arms(1_500, 19_000), arms(1_900, 1_800)));
    let ramp = GateIndex(1);
    evidence.gates.insert(ramp.unseen(), gate(arms(100, 300), arms(1_900, 1_800)));
    assert_eq!(judge.gate(&evidence, ramp).sample_ratio, SampleRatio::Mismatch);
    evidence.gates.remove(&CANARY.unseen());
    assert_eq!(judge.gate(&evidence, ramp).sample_ratio, SampleRatio::Plausible);
}

#[test]
fn a_slow_candidate_is_no_wrong_split_and_passes_on_no_fast_answers() {
    // A second of a 50 % gate at 500 requests a second: the candidate answers after 900 ms.
    let plan = plan(&[errors(0.01), latency(250)]);
    let judge = Judge::new(&plan).unwrap();
    let mut counts = gate(arms(25, 248), arms(1_900, 1_800));
    counts.unanswered = arms(225, 2);
    let ramp = |counts| Evidence {
        gates: [(GateIndex(2).unseen(), counts)].into(),
        ..Evidence::default()
    };
    let verdict = judge.gate(&ramp(counts.clone()), GateIndex(2));
    assert_eq!(verdict.sample_ratio, SampleRatio::Plausible);
    let assignment = verdict.assignment.unwrap();
    assert_eq!((assignment.units, verdict.units), (arms(250, 250), arms(25, 248)));
    assert!(assignment.log_e < assignment.limit);
    counts.unanswered = ArmCount::default();
    let verdict = judge.gate(&ramp(counts), GateIndex(2));
    assert_eq!(verdict.sample_ratio, SampleRatio::Mismatch, "units that were lost are one");

    let mut fast = gate(arms(2_000, 2_200), arms(1_900, 1_800));
    assert_eq!(judge.gate(&ramp(fast.clone()), GateIndex(2)).decision, Decision::Pass);
    fast.unanswered = arms(200, 0);
    let verdict = judge.gate(&ramp(fast), GateIndex(2));
    assert_eq!(verdict.decision, Decision::Inconclusive);
    assert_ne!(report(&verdict, "errorRate").verdict, CheckVerdict::Pass);
    assert_ne!(report(&verdict, "latencyP99").verdict, CheckVerdict::Pass);
}

#[test]
fn evidence_against_the_candidate_is_not_forgotten_when_it_falls() {
    let checks = [errors(0.005)];
    let mut evidence = only(canary(5_000));
    assert_eq!(look(&checks, &evidence).decision, Decision::Pass);
    let at = report(&look(&checks, &evidence), "errorRate").fail_at.unwrap();
    evidence.maxima.insert("errorRate".to_owned(), at - 0.01);
    assert_eq!(look(&checks, &evidence).decision, Decision::Pass);
    evidence.maxima.insert("errorRate".to_owned(), at + 0.01);
    let verdict = look(&checks, &evidence);
    assert_eq!(verdict.decision, fails("errorRate"));
    let report = report(&verdict, "errorRate");
    assert!(report.fail_log_e < report.fail_at && report.fail_log_e_max > report.fail_at);
}

#[test]
fn stabilizing_fails_on_its_holdback_and_never_passes() {
    let judge = Judge::new(&plan(&[errors(0.01)])).unwrap();
    let mut evidence = only(canary(5_000));
    let mut held_back = gate(arms(19_000, 1_000), arms(1_900, 1_800));
    evidence.gates.insert(STABILIZING.unseen(), held_back.clone());
    let verdict = judge.gate(&evidence, STABILIZING);
    assert_eq!(verdict.decision, Decision::Inconclusive);
    assert_eq!(report(&verdict, "errorRate").verdict, CheckVerdict::Pass);
    held_back.errors = per_mille(held_back.units, 50, 5);
    evidence.gates.insert(STABILIZING.unseen(), held_back);
    assert_eq!(judge.gate(&evidence, STABILIZING).decision, fails("errorRate"));
}

#[test]
fn plans_without_a_test_are_refused() {
    let empty = Rule::Errors { margin: Margin { ratio: None, absolute: None } };
    let judge = |check: Check| Judge::new(&plan(&[check]));
    assert!(matches!(judge(Check { rule: empty, ..errors(0.1) }), Err(Error::Margin { .. })));
    assert!(matches!(judge(Check { weight: 1.5, ..errors(0.1) }), Err(Error::Weights(_))));
    assert!(matches!(judge(Check { weight: 0.0, ..errors(0.1) }), Err(Error::Level(_))));
    assert!(matches!(judge(latency(0)), Err(Error::Latency { .. })));
    assert!(matches!(judge(latency_ratio(1.0)), Err(Error::Latency { .. })));
    assert!(matches!(judge(latency_of(None, None)), Err(Error::Margin { .. })));
    assert!(matches!(judge(errors(2.0)), Err(Error::TwoOutcome { .. })));
    let twice = |checks: &[Check]| Judge::new(&plan(checks));
    let renamed = Check { name: "errorRate".to_owned(), ..latency(250) };
    assert!(matches!(twice(&[errors(0.1), errors(0.2)]), Err(Error::Twice { .. })));
    let mut mixed = plan(&[errors(0.1)]);
    mixed.stability.checks = vec![renamed];
    assert!(matches!(Judge::new(&mixed), Err(Error::Twice { .. })));
}
