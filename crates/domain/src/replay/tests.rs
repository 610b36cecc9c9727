//! Recorded verdicts derive to themselves, and to nothing else.

use super::*;
use crate::Timestamp;
use crate::evidence::{Evidence, GateCounts, GateIndex};
use crate::grounds::Grounds;
use crate::judge::tests::accounts::failing_on_mobile;
use crate::judge::tests::fixture::only;
use crate::judge::tests::shared::slow_and_wrong_on_mobile;
use crate::judge::tests::{any_evidence, any_shadow, cats, relative, standard, watched, worth};
use crate::looks::Subject;
use crate::rollout::Cause;
use crate::verdict::CheckVerdict;
use proptest::prelude::*;
use serde_json::Value;
use std::time::Duration;

const HOURS: Duration = Duration::from_secs(3 * 3_600);

/// As a look is journalled: the verdict and what it rested on, both as text.
fn recorded(plan: &Plan, of: Subject, evidence: &Evidence) -> (String, String) {
    let verdict = Judge::new(plan).unwrap().look(of, evidence);
    let part = of.part_of(evidence);
    let judge = fingerprint(plan).unwrap();
    let look = Look { judge, of, under_way_ms: Some(60_000), evidence: part };
    let cause = Cause::Verdict { verdict: Box::new(verdict.clone()) };
    let grounds = Grounds::of_look(look, &verdict, &cause).stored().unwrap();
    (grounds.to_string(), serde_json::to_string(&verdict).unwrap())
}

fn read((grounds, verdict): &(String, String)) -> (Look, Verdict) {
    let grounds: Grounds = serde_json::from_str(grounds).unwrap();
    (grounds.look.unwrap(), serde_json::from_str(verdict).unwrap())
}

fn differing(plan: &Plan, journalled: &(String, String)) -> Vec<String> {
    let (look, verdict) = read(journalled);
    let found = Replay::new(plan).unwrap().differences(&look, &verdict);
    found.into_iter().map(|difference| difference.field).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn what_was_judged_is_derived_again(
        evidence in any_evidence(), shadow in any_shadow(), gate in 0..6_u8, most in 0.0..9.0_f64
    ) {
        let mut evidence = evidence;
        let reference = std::mem::take(&mut evidence.shadow.incumbent_latency);
        evidence.shadow = shadow;
        evidence.shadow.incumbent_latency = reference;
        evidence.maxima.insert("errorRate".to_owned(), most);
        let gates = std::mem::take(&mut evidence.gates);
        evidence.begin_window(Timestamp::default(), &standard().analysis);
        evidence.gates = gates;
        evidence.begin_window(Timestamp::default().plus(HOURS), &standard().analysis);
        for plan in [standard(), relative()] {
            for of in [Subject::Gate(GateIndex(gate)), Subject::Shadow] {
                let journalled = recorded(&plan, of, &evidence);
                prop_assert_eq!(differing(&plan, &journalled), Vec::<String>::new());
            }
        }
    }
}

/// With numbers of so many units, `scale` times the incumbent's, in every gate; and two windows begun,
/// the first before any unit, the second when those of the first stratum had come.
fn with_numbers_and_windows(mut evidence: Evidence, candidate_units: u64, scale: f64) -> Evidence {
    let Evidence { gates, references, .. } = worth(candidate_units, scale);
    let numbers = gates.into_values().next().unwrap();
    evidence.references = references;
    for counts in evidence.gates.values_mut() {
        counts.values = numbers.values.clone();
        counts.matured_values = numbers.matured_values.clone();
    }
    let mut early = Evidence::default();
    early.begin_window(Timestamp::default(), &watched().analysis).unwrap();
    early.gates = evidence.gates.clone().into_iter().take(1).collect();
    early.begin_window(Timestamp::default().plus(HOURS), &watched().analysis).unwrap();
    evidence.starts = early.starts;
    evidence
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn numbers_answers_and_late_faults_are_derived_again(
        evidence in any_evidence(), gate in 0..6_u8, units in 1..1_500_u64, scale in 0.5..1.5_f64
    ) {
        let evidence = with_numbers_and_windows(evidence, units, scale);
        let journalled = recorded(&watched(), Subject::Gate(GateIndex(gate)), &evidence);
        prop_assert_eq!(differing(&watched(), &journalled), Vec::<String>::new());
    }
}

/// A canary with a lower revenue and other answers, in which the second window has begun.
fn of_every_other_kind() -> (String, String) {
    let mut counts = only_gate(&worth(2_000, 0.9));
    counts.predictions = only_gate(&cats(2_000, 300, 500)).predictions;
    counts.errors.candidate_bad = 30;
    let evidence = with_numbers_and_windows(only(counts), 2_000, 0.9);
    recorded(&watched(), Subject::Gate(GateIndex(0)), &evidence)
}

fn only_gate(evidence: &Evidence) -> GateCounts {
    evidence.gates.values().next().unwrap().clone()
}

#[test]
fn each_part_of_what_numbers_answers_and_late_faults_rest_on_is_recorded() {
    let (grounds, verdict) = of_every_other_kind();
    let plan = watched();
    assert_eq!(differing(&plan, &(grounds.clone(), verdict.clone())), Vec::<String>::new());
    let differs = |pointer: &str, to: Value, field: &str| {
        let told = (changed(&grounds, pointer, to), verdict.clone());
        let found = differing(&plan, &told);
        assert!(found.contains(&field.to_owned()), "{pointer}: {found:?}");
    };
    let evidence = "/look/evidence";
    let (numbers, answers) = ("checks[revenue].fail_log_e", "checks[predictions].fail_log_e");
    differs(&format!("{evidence}/references"), serde_json::json!({}), numbers);
    differs(&format!("{evidence}/gates/0/values"), serde_json::json!({}), numbers);
    differs(
        &format!("{evidence}/gates/0/matured_values"),
        serde_json::json!({}),
        "checks[revenue].pass_log_e",
    );
    differs(&format!("{evidence}/gates/0/predictions"), serde_json::json!({}), answers);
    differs(&format!("{evidence}/starts"), serde_json::json!({}), "checks[errorRate].fail_log_e");
}

/// A canary that is judged healthy.
fn healthy() -> (Plan, (String, String)) {
    use crate::judge::tests::fixture::*;
    let mut counts = canary(1_000);
    let labels = per_mille(counts.units, 29, 90);
    label(&mut counts, labels);
    let plan = standard();
    let journalled = recorded(&plan, Subject::Gate(GateIndex(0)), &only(counts));
    assert_eq!(read(&journalled).1.decision, crate::verdict::Decision::Pass);
    (plan, journalled)
}

fn changed(text: &str, pointer: &str, to: Value) -> String {
    let mut value: Value = serde_json::from_str(text).unwrap();
    *value.pointer_mut(pointer).expect(pointer) = to;
    value.to_string()
}

#[test]
fn a_changed_number_of_the_verdict_is_named() {
    let (plan, (grounds, verdict)) = healthy();
    let log_e = read(&(grounds.clone(), verdict.clone())).1.checks[0].pass_log_e.unwrap();
    let told = changed(&verdict, "/checks/0/pass_log_e", (log_e + 1e-6).into());
    assert_eq!(differing(&plan, &(grounds.clone(), told)), ["checks[errorRate].pass_log_e"]);
    let told = changed(&verdict, "/units/candidate", 1_001.into());
    assert_eq!(differing(&plan, &(grounds, told)), ["units.candidate"]);
}

#[test]
fn another_machines_last_bit_is_no_difference() {
    let (plan, (grounds, verdict)) = healthy();
    let log_e = read(&(grounds.clone(), verdict.clone())).1.checks[0].pass_log_e.unwrap();
    let told = changed(&verdict, "/checks/0/pass_log_e", (log_e + 1e-11).into());
    assert_eq!(differing(&plan, &(grounds, told)), Vec::<String>::new());
}

#[test]
fn a_changed_counter_makes_another_verdict() {
    let (plan, (grounds, verdict)) = healthy();
    let told = changed(&grounds, "/look/evidence/gates/0/errors/candidate_bad", 40.into());
    let found = differing(&plan, &(told, verdict));
    assert!(found.contains(&"decision.kind".to_owned()), "{found:?}");
    assert!(found.contains(&"checks[errorRate].verdict".to_owned()), "{found:?}");
}

#[test]
fn a_changed_policy_is_another_judge_and_other_numbers() {
    let (mut plan, journalled) = healthy();
    plan.analysis.alpha = 0.01;
    let found = differing(&plan, &journalled);
    assert_eq!(found[0], "judge");
    assert!(found.contains(&"checks[errorRate].fail_at".to_owned()), "{found:?}");
}

#[test]
fn another_judge_is_named_also_where_it_judges_alike() {
    let (plan, (grounds, verdict)) = healthy();
    let other = Digest::of(b"other grids").to_string();
    let told = changed(&grounds, "/look/judge", other.into());
    assert_eq!(differing(&plan, &(told, verdict)), ["judge"]);
}

#[test]
fn a_check_that_was_left_out_is_named() {
    let (plan, (grounds, verdict)) = healthy();
    let mut told: Verdict = serde_json::from_str(&verdict).unwrap();
    let left_out = told.checks.pop().unwrap();
    assert_eq!(left_out.verdict, CheckVerdict::Pass);
    let found = differing(&plan, &(grounds, serde_json::to_string(&told).unwrap()));
    assert_eq!(found, [format!("checks[{}]", left_out.name)]);
}

#[test]
fn a_plan_is_that_of_its_hash_or_none() {
    let plan = standard();
    let grounds = Grounds::of_plan(&plan);
    assert_eq!(grounds.plan(&plan.hash()).unwrap(), Some(plan.clone()));
    let mut forged = plan.clone();
    forged.analysis.alpha = 0.5;
    assert!(Grounds::of_plan(&forged).plan(&plan.hash()).is_err());
    assert_eq!(Grounds::default().plan(&plan.hash()).unwrap(), None);
}

#[test]
fn verdicts_by_slice_are_derived_again_too() {
    let (plan, mut evidence) = failing_on_mobile();
    evidence.maxima.insert("errorRate[x-client=mobile]".to_owned(), 1.5);
    let journalled = recorded(&plan, Subject::Gate(GateIndex(0)), &evidence);
    let (_, verdict) = read(&journalled);
    assert!(verdict.checks.iter().any(|report| report.slice.is_some()), "{verdict:?}");
    assert_eq!(differing(&plan, &journalled), Vec::<String>::new());
}

#[test]
fn a_shadows_verdict_by_slice_is_derived_again_and_each_altered_count_of_it_is_named() {
    let (plan, shadow) = slow_and_wrong_on_mobile();
    let evidence = Evidence { shadow, ..Evidence::default() };
    let (grounds, verdict) = recorded(&plan, Subject::Shadow, &evidence);
    assert_eq!(differing(&plan, &(grounds.clone(), verdict.clone())), Vec::<String>::new());
    let altered = |count: &str| {
        let pointer = format!("/look/evidence/shadow/{count}");
        let value: Value = serde_json::from_str(&grounds).unwrap();
        let more = value.pointer(&pointer).expect(count).as_u64().unwrap() + 1;
        differing(&plan, &(changed(&grounds, &pointer, more.into()), verdict.clone()))
    };
    let of_mobile = |count: &str| altered(&format!("paired_slices/client/mobile/{count}"));
    for (count, check, field) in [
        ("latency/slower", "latency", "counts.candidate_bad"),
        ("latency/faster", "latency", "counts.candidate_total"),
        ("latency/alike", "latency", "limit"),
        ("labelled/incumbent_only", "labels", "counts.candidate_bad"),
        ("labelled/candidate_only", "labels", "counts.candidate_total"),
        ("labelled/both", "labels", "limit"),
        ("labelled/neither", "labels", "limit"),
    ] {
        let found = of_mobile(count);
        let check = format!("checks[paired {check}[client=mobile]].");
        assert!(found.contains(&format!("{check}{field}")), "{count}: {found:?}");
        let elsewhere = |it: &&String| !it.starts_with(&check) && !it.starts_with("ranking");
        assert_eq!(found.iter().find(elsewhere), None, "{count}: {found:?}");
    }
    let found = altered("slices/client/mobile/0/candidate/disagree");
    let field = "checks[disagreement[client=mobile]].counts.candidate_bad";
    assert!(found.contains(&field.to_owned()), "{found:?}");
}
