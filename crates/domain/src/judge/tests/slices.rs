//! The checks by slice: what decides, what warns, and what neither may do.

use super::fixture::*;
use super::{CANARY, Error, fails, look, report};
use crate::evidence::{ArmCount, Evidence, GateCounts, GateIndex, Matured, SliceCounts};
use crate::judge::Judge;
use crate::plan::{Better, Check, KeySource, LiveSlice, Plan};
use crate::verdict::{CheckVerdict, Decision, Enforced, Verdict};
use seatrial_analysis::Cells;
use seatrial_analysis::latency::Edges;

pub(super) fn client(values: &[&str], weight: Option<f64>) -> LiveSlice {
    let key = KeySource::Header("x-client".to_owned());
    LiveSlice { key, values: values.iter().map(|it| (*it).to_owned()).collect(), weight }
}

pub(super) fn sliced(checks: &[Check], slice: LiveSlice) -> Plan {
    let mut plan = plan(checks);
    plan.analysis.slices = vec![slice];
    plan
}

pub(super) fn both() -> [Check; 2] {
    [errors(0.005), labels("correct", Better::Higher)]
}

pub(super) fn enforcing(checks: &[Check]) -> Plan {
    sliced(checks, client(&["mobile", "web"], Some(0.5)))
}

pub(super) fn judged(plan: &Plan, evidence: &Evidence) -> Verdict {
    Judge::new(plan).unwrap().gate(evidence, CANARY)
}

/// A slice's units, errors and unwanted labels in a thousand, on (candidate, incumbent).
#[derive(Clone, Copy)]
pub(super) struct Units {
    pub(super) units: ArmCount,
    pub(super) errors: (u64, u64),
    pub(super) wrong: (u64, u64),
}

impl Units {
    pub(super) fn of(candidate: u64) -> Self {
        Self { units: canary_units(candidate), errors: (0, 0), wrong: (90, 90) }
    }

    fn counts(self) -> SliceCounts {
        let (errors, wrong) = (self.errors, self.wrong);
        let labels = per_mille(self.units, wrong.0, wrong.1);
        let mut counts = SliceCounts {
            errors: per_mille(self.units, errors.0, errors.1),
            feedback: [("correct".to_owned(), labels)].into(),
            matured: [("correct".to_owned(), Matured { units: self.units, labels })].into(),
            ..SliceCounts::default()
        };
        let bucket = Edges::default().bucket_of(1_900);
        counts.latency.candidate.add([(bucket, self.units.candidate)]);
        counts.latency.incumbent.add([(bucket, self.units.incumbent)]);
        counts
    }
}

/// A gate whose whole is the sum of its slices.
pub(super) fn gate_of(slices: &[(&str, Units)]) -> GateCounts {
    let mut all = ArmCount::default();
    slices.iter().for_each(|(_, it)| all.merge(it.units));
    let mut counts = gate(all, arms(1_900, 1_900));
    (counts.errors, counts.matured, counts.feedback) = Default::default();
    for (value, units) in slices {
        let of_slice = units.counts();
        counts.errors.merge(&of_slice.errors);
        for (metric, due) in &of_slice.matured {
            counts.matured.entry(metric.clone()).or_default().merge(due);
            counts.feedback.entry(metric.clone()).or_default().merge(&due.labels);
        }
        *counts.slices.of("x-client", value) = of_slice;
    }
    counts
}

fn evidence(slices: &[(&str, Units)]) -> Evidence {
    only(gate_of(slices))
}

/// Mobile is a seventh: what is wrong there moves the whole by a seventh of it.
fn worse_on_mobile() -> Evidence {
    let mobile = Units { wrong: (300, 90), ..Units::of(100) };
    evidence(&[("mobile", mobile), ("web", Units::of(600))])
}

#[test]
fn a_candidate_that_is_worse_in_an_enforced_slice_alone_fails_by_it() {
    let verdict = judged(&enforcing(&both()), &worse_on_mobile());
    assert_eq!(verdict.decision, fails("correct[x-client=mobile]"));
    let mobile = report(&verdict, "correct[x-client=mobile]");
    assert_eq!(mobile.slice.as_ref().unwrap().to_string(), "x-client=mobile");
    assert_eq!((mobile.counts.candidate_bad, mobile.counts.candidate_total), (30, 100));
    assert!(verdict.in_words().contains("70.0 % vs 91.0 %"), "{}", verdict.in_words());
    assert_ne!(report(&verdict, "correct[x-client=web]").verdict, CheckVerdict::Fail);
    assert!(verdict.maxima().contains_key("correct[x-client=mobile]"));
}

#[test]
fn a_slice_that_only_warns_is_told_and_stops_nothing() {
    let mut evidence = worse_on_mobile();
    // So many of the others that all together are well.
    let better = Units { wrong: (10, 90), ..Units::of(3_000) };
    evidence.gates.insert(
        CANARY.unseen(),
        gate_of(&[("mobile", Units { wrong: (400, 90), ..Units::of(100) }), ("web", better)]),
    );
    for values in [vec![], vec!["mobile", "web"]] {
        let verdict = judged(&sliced(&both(), client(&values, None)), &evidence);
        assert_eq!(verdict.decision, Decision::Pass);
        let told: Vec<_> = verdict.checks.iter().filter(|it| it.slice.is_some()).collect();
        let [mobile] = told.as_slice() else { panic!("{told:?}") };
        assert_eq!((mobile.enforced, mobile.verdict), (Enforced::DryRun, CheckVerdict::Fail));
        assert_eq!(verdict.ranking.len(), 4);
        let worst = verdict.ranking.iter().find(|it| it.check == "correct").unwrap();
        assert_eq!((worst.slice.value.as_str(), worst.stands_out()), ("mobile", true));
    }
}

#[test]
fn the_whole_pays_for_the_slices_that_enforce_and_for_no_others() {
    let weight = |plan: &Plan, name: &str| {
        let verdict = judged(plan, &worse_on_mobile());
        let alone = judged(&super::fixture::plan(&both()), &worse_on_mobile());
        let at = report(&verdict, name).fail_at.unwrap();
        (report(&alone, "correct").fail_at.unwrap() - at).exp()
    };
    let plan = enforcing(&both());
    assert!((weight(&plan, "correct") - 0.5).abs() < 1e-9);
    assert!((weight(&plan, "correct[x-client=mobile]") - 0.25).abs() < 1e-9);
    let warning = sliced(&both(), client(&[], None));
    assert!((weight(&warning, "correct") - 1.0).abs() < 1e-9);
}

#[test]
fn an_enforced_slice_with_units_enough_must_be_healthy_itself() {
    let plan = enforcing(&[errors(0.01)]);
    let web = Units { errors: (2, 5), ..Units::of(2_000) };
    let passes = |mobile| judged(&plan, &evidence(&[("mobile", mobile), ("web", web)]));
    let small = passes(Units { errors: (30, 5), ..Units::of(100) });
    assert_eq!(small.decision, Decision::Pass, "3 errors of 100 decide nothing");
    let mobile = report(&small, "errorRate[x-client=mobile]");
    assert_eq!((mobile.enforced, mobile.verdict), (Enforced::DryRun, CheckVerdict::Inconclusive));
    assert!(mobile.limit.ends_with("fewer than 500 units: the pass rests on all"));

    let large = passes(Units { errors: (12, 5), ..Units::of(600) });
    assert_eq!(large.decision, Decision::Inconclusive);
    let mobile = report(&large, "errorRate[x-client=mobile]");
    assert_eq!((mobile.enforced, mobile.verdict), (Enforced::Yes, CheckVerdict::Inconclusive));
    assert!(mobile.units_needed.is_some() || mobile.pass_log_e < mobile.pass_at);
    assert_eq!(passes(Units::of(600)).decision, Decision::Pass);
}

#[test]
fn a_slice_of_few_units_may_fail() {
    let mobile = Units { wrong: (350, 90), ..Units::of(60) };
    let verdict =
        judged(&enforcing(&both()), &evidence(&[("mobile", mobile), ("web", Units::of(600))]));
    assert_eq!(verdict.decision, fails("correct[x-client=mobile]"));
    assert_eq!(report(&verdict, "correct[x-client=mobile]").enforced, Enforced::Yes);
}

#[test]
fn values_that_nobody_sends_keep_the_gate() {
    let plan = enforcing(&[errors(0.01)]);
    for others in [&[("(none)", Units::of(2_000))][..], &[("(other)", Units::of(2_000))]] {
        let verdict = judged(&plan, &evidence(others));
        assert_eq!(verdict.decision, Decision::Inconclusive);
        let unseen = report(&verdict, "slice[x-client]");
        assert_eq!(unseen.limit, "no unit had any of its values");
    }
    let one = evidence(&[("web", Units::of(1)), ("(none)", Units::of(2_000))]);
    assert_eq!(judged(&plan, &one).decision, Decision::Pass);
}

#[test]
fn what_stands_for_the_others_may_be_named_and_then_enforces() {
    let plan = sliced(&both(), client(&["web", "(other)"], Some(0.5)));
    let other = Units { wrong: (300, 90), ..Units::of(100) };
    let verdict = judged(&plan, &evidence(&[("web", Units::of(600)), ("(other)", other)]));
    assert_eq!(verdict.decision, fails("correct[x-client=(other)]"));
}

#[test]
fn a_check_in_dry_run_is_so_in_every_slice() {
    let mut plan = enforcing(&both());
    plan.analysis.dry_run = vec!["correct".to_owned()];
    let verdict = judged(&plan, &worse_on_mobile());
    assert_eq!(report(&verdict, "correct[x-client=mobile]").enforced, Enforced::DryRun);
    assert!(!matches!(verdict.decision, Decision::Fail { .. }));
}

#[test]
fn slow_answers_in_one_slice_fail_the_limit_there() {
    let plan = enforcing(&[latency(250)]);
    let mut counts = gate_of(&[("mobile", Units::of(200)), ("web", Units::of(2_000))]);
    let mobile = counts.slices.of("x-client", "mobile");
    let slow = Edges::default().bucket_of(900_000);
    mobile.latency.candidate = [(slow, 60), (10, 140)].into_iter().collect();
    let verdict = judged(&plan, &only(counts));
    assert_eq!(verdict.decision, fails("latencyP99[x-client=mobile]"));
    assert_eq!(report(&verdict, "latencyP99[x-client=mobile]").counts.candidate_bad, 60);
}

#[test]
fn units_without_an_answer_are_the_worst_of_their_slice_too() {
    let plan = enforcing(&[errors(0.01)]);
    let mut counts = gate_of(&[("mobile", Units::of(600)), ("web", Units::of(2_000))]);
    assert_eq!(judged(&plan, &only(counts.clone())).decision, Decision::Pass);
    counts.slices.of("x-client", "mobile").unanswered = canary_units(40);
    assert_eq!(judged(&plan, &only(counts)).decision, Decision::Inconclusive);
}

#[test]
fn evidence_against_a_slice_runs_through_the_gates_and_is_not_forgotten() {
    let judge = Judge::new(&enforcing(&both())).unwrap();
    let mut evidence = worse_on_mobile();
    let well = |candidate| Units { units: arms(candidate, 3 * candidate), ..Units::of(0) };
    evidence
        .gates
        .insert(GateIndex(1).unseen(), gate_of(&[("mobile", well(50)), ("web", well(500))]));
    let verdict = judge.gate(&evidence, GateIndex(1));
    assert_eq!(verdict.decision, fails("correct[x-client=mobile]"));
    evidence.gates.remove(&CANARY.unseen());
    assert_ne!(judge.gate(&evidence, GateIndex(1)).decision, verdict.decision);
    evidence.maxima = verdict.maxima();
    assert_eq!(judge.gate(&evidence, GateIndex(1)).decision, verdict.decision);
}

#[test]
fn a_plan_without_slices_says_nothing_of_those_in_the_evidence() {
    let with = worse_on_mobile();
    let mut without = with.clone();
    without.gates.values_mut().for_each(|counts| counts.slices = Default::default());
    assert_eq!(look(&both(), &with), look(&both(), &without));
}

/// Simpson's paradox. It needs a mix that differs by arm, which assignment at random makes only by
/// chance; here it is forced, and the slices see through it.
#[test]
fn better_in_the_sum_and_worse_in_each_slice_fails_by_the_slices() {
    let units = |candidate, incumbent, errors| Units {
        units: arms(candidate, incumbent),
        errors,
        ..Units::of(0)
    };
    let hidden =
        [("mobile", units(2_000, 5_000, (40, 10))), ("web", units(200, 35_000, (300, 150)))];
    let evidence = evidence(&hidden);
    let verdict = judged(&enforcing(&[errors(0.005)]), &evidence);
    let whole = report(&verdict, "errorRate");
    assert!(whole.candidate < whole.incumbent, "better in the sum");
    assert_ne!(whole.verdict, CheckVerdict::Fail);
    assert!(matches!(&verdict.decision, Decision::Fail { check } if check.contains("x-client")));
    assert!(verdict.ranking.iter().all(|one| one.stands_out()), "{:?}", verdict.ranking);
}

#[test]
fn a_split_that_leaves_nothing_makes_no_tests() {
    let plan = sliced(&both(), client(&["mobile"], Some(1.0)));
    assert!(matches!(Judge::new(&plan), Err(Error::Slices)));
    assert!(matches!(Judge::new(&sliced(&both(), client(&[], Some(0.5)))), Err(Error::Slices)));
}

#[test]
fn of_many_values_that_warn_those_of_most_evidence_are_told() {
    let names: Vec<String> = (0..16).map(|it| format!("v{it:02}")).collect();
    let bad = |it: u64| Units { wrong: (500 + 10 * it, 90), errors: (300, 1), ..Units::of(100) };
    let slices: Vec<_> = (0..16).zip(&names).map(|(it, name)| (name.as_str(), bad(it))).collect();
    let verdict = judged(&sliced(&both(), client(&[], None)), &evidence(&slices));
    let told: Vec<_> = verdict.checks.iter().filter(|it| it.slice.is_some()).collect();
    assert_eq!(told.len(), 20, "of 32");
    assert!(told.iter().any(|it| it.name == "correct[x-client=v15]"));
    assert_eq!(verdict.ranking.len(), 10, "five of each check");
}

#[test]
fn sums_over_many_starts_keep_the_values_of_most_units() {
    let mut counts = GateCounts::default();
    for it in 0..40_u64 {
        let value = format!("v{it:02}");
        let errors = Cells { candidate_good: it, ..Cells::default() };
        counts.slices.of("x-client", &value).errors = errors;
    }
    counts.slices.of("x-client", "(none)").errors.candidate_good = 1;
    let total = |counts: &GateCounts| -> u64 {
        counts.slices.0["x-client"].values().map(|it| it.units().total()).sum()
    };
    let before = total(&counts);
    let mut evidence = only(counts);
    evidence.bound_slices().unwrap();
    let counts = &evidence.gates[&CANARY.unseen()];
    let values: Vec<_> = counts.slices.0["x-client"].keys().cloned().collect();
    assert_eq!((values.len(), total(counts)), (18, before));
    assert!(values.contains(&"v24".to_owned()) && !values.contains(&"v23".to_owned()));
    assert!(values.contains(&"(none)".to_owned()) && values.contains(&"(other)".to_owned()));
}
