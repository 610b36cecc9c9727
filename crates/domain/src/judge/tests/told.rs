//! What is told beside a verdict: of whose units, and from which of their counts.

use super::drift::{cats, predictions};
use super::fixture::*;
use super::kpi::{counted, revenue, within, worth};
use super::{CANARY, fails, report};
use crate::evidence::{Evidence, GateCounts, GateIndex, MaturedValues, Predictions};
use crate::exposure::Exposure;
use crate::judge::Judge;
use crate::looks::Subject;
use crate::plan::{KeySource, Plan};
use crate::verdict::{Account, CheckVerdict, Range, Verdict};
use seatrial_analysis::confidence::{self, Interval, TUNED_UNITS};
use seatrial_analysis::latency::Edges;
use seatrial_analysis::two_outcome::Margin;
use seatrial_analysis::{Alpha, Stratum, kpi};

const RAMP: GateIndex = GateIndex(1);
/// 50 %, after 5 and 25 %.
const HALF: GateIndex = GateIndex(2);

fn told(plan: &Plan, evidence: &Evidence, gate: GateIndex) -> (Verdict, Account) {
    let judge = Judge::new(plan).unwrap();
    let mut accounts = judge.accounts(Subject::Gate(gate), evidence, None);
    (judge.gate(evidence, gate), accounts.remove(0))
}

fn of_revenue(evidence: &Evidence) -> kpi::Check {
    let reference = &evidence.references["revenue"];
    kpi::Check::new(reference, kpi::Better::Higher, Margin::Ratio(0.9)).unwrap()
}

/// It is all the same whose mean is taken at its worst: before any history is measured nothing passes.
#[test]
fn before_any_mean_is_measured_there_is_no_note_on_those_that_are_not() {
    let evidence = worth(40, 1.4);
    let values = &evidence.gates[&CANARY.unseen()].values["revenue"];
    let strata = [Stratum::new(0.05, values).unwrap()];
    assert_eq!(of_revenue(&evidence).unmeasured(&strata).unwrap(), 760, "all of the incumbent's");
    let (verdict, account) = told(&plan(&[revenue(within(0.9))]), &evidence, CANARY);
    assert_eq!(report(&verdict, "revenue").verdict, CheckVerdict::Inconclusive);
    assert_eq!(account.notes, Vec::<String>::new());
}

/// The candidate's values that are not due yet are none of those a pass rests on.
#[test]
fn when_a_kpi_is_healthy_is_told_by_the_values_that_wait_for_none() {
    let plan = plan(&[revenue(within(0.9))]);
    let due = worth(600, 1.0);
    let early = |units: u64| {
        let mut evidence = due.clone();
        let more = counted(&due.references["revenue"], arms(units, 0), 1.0);
        let counts = evidence.gates.get_mut(&CANARY.unseen()).unwrap();
        counts.values.get_mut("revenue").unwrap().merge(&more).unwrap();
        told(&plan, &evidence, CANARY).1.outlook.healthy_after
    };
    let after = early(0).unwrap();
    assert!(after > 300, "the burn-in is of a thousand: {after}");
    assert_eq!(early(900), Some(after));
}

/// Gates count by how surely each one's difference is known, and the histories of one gate by their units.
#[test]
fn a_kpis_fail_is_told_by_the_means_over_all_gates() {
    let mut evidence = worth(2_000, 0.9);
    let units = arms(3_000, 9_000);
    let values = counted(&evidence.references["revenue"], units, 0.7);
    let due = MaturedValues { units, labelled: units, values: values.clone() };
    let mut ramp = gate(units, arms(1_900, 1_800));
    ramp.values.insert("revenue".to_owned(), values.clone());
    ramp.matured_values.insert("revenue".to_owned(), due);
    evidence.gates.insert(RAMP.unseen(), ramp);
    let plan = plan(&[revenue(within(0.9))]);
    let (verdict, account) = told(&plan, &evidence, RAMP);
    assert_eq!(verdict.decision, fails("revenue"));
    let (test, alpha) = (of_revenue(&evidence), Alpha::new(plan.analysis.healthy_alpha).unwrap());
    let canary = &evidence.gates[&CANARY.unseen()].values["revenue"];
    let strata = [Stratum::new(0.05, canary).unwrap(), Stratum::new(0.25, &values).unwrap()];
    let over = test.effect_over_gates(&strata, alpha).unwrap().unwrap();
    let shown = report(&verdict, "revenue");
    assert_eq!((shown.candidate, shown.incumbent), (Some(over.candidate), Some(over.incumbent)));
    let range = |of: kpi::Effect| of.difference.map(|it| Range::new(it.lower, it.upper));
    let told = account.confidence.unwrap().difference;
    assert_eq!(told, range(over));
    let as_of_one_gate = test.effect(&strata, alpha).unwrap().unwrap();
    assert_ne!(told, range(as_of_one_gate), "gates are not the histories of one");
}

#[test]
fn answers_that_drifted_are_shown_as_they_were_under_all_gates() {
    let mut evidence = cats(2_000, 200, 500);
    let mut ramp = gate(arms(2_000, 6_000), arms(1_900, 1_800));
    let alike = [("cat".to_owned(), arms(1_000, 3_000)), ("dog".to_owned(), arms(1_000, 3_000))];
    ramp.predictions.insert("predictions".to_owned(), Predictions(alike.into()));
    evidence.gates.insert(RAMP.unseen(), ramp);
    let (verdict, _) = told(&plan(&[predictions()]), &evidence, RAMP);
    assert_eq!(verdict.decision, fails("predictions"));
    let shown = report(&verdict, "predictions");
    assert_eq!((shown.counts.candidate_bad, shown.counts.candidate_total), (2_600, 4_000), "dogs");
    assert!((shown.candidate.unwrap() - 0.65).abs() < 1e-12, "{shown:?}");
    assert!((shown.incumbent.unwrap() - 0.5).abs() < 1e-12, "{shown:?}");
}

/// Units of two histories, of whom those seen before are twice as many on the incumbent.
fn of_two_histories(new: GateCounts, seen: GateCounts) -> Evidence {
    let before = HALF.after(Exposure::up_to(share(2_500)));
    Evidence { gates: [(HALF.unseen(), new), (before, seen)].into(), ..Evidence::default() }
}

fn of_users(plan: Plan) -> Plan {
    let mut plan = plan;
    plan.routing.key = vec![KeySource::Header("x-user-id".to_owned())];
    plan
}

#[test]
fn why_quantiles_are_weighed_is_told_as_the_verdict_weighs_them() {
    let plan = of_users(plan(&[latency(250)]));
    let answered = |units| gate(units, arms(1_900, 1_800));
    let mut evidence = of_two_histories(answered(arms(900, 900)), answered(arms(500, 1_000)));
    let note = |evidence: &Evidence| told(&plan, evidence, HALF).1.notes.remove(0);
    let of_gate = note(&evidence);
    assert!(of_gate.starts_with("histories differ: the candidate is told for"), "{of_gate}");
    evidence.maxima.insert("latencyP99".to_owned(), 9.0);
    let of_all = note(&evidence);
    assert!(of_all.starts_with("shares and histories differ: the incumbent"), "{of_all}");
}

/// So many quick answers, and one in each of these slower buckets, all within the limit.
fn tailed(quick: u64, from: usize, to: usize) -> Vec<u64> {
    let mut buckets = vec![0; Edges::default().buckets()];
    buckets[300] = quick;
    buckets[from..to].iter_mut().for_each(|count| *count = 1);
    buckets
}

/// Of strata with these parts, the edges' own confidence sequences weighed and added up.
fn of_mix(strata: &[(f64, &[u64])], alpha: Alpha) -> Range {
    let slower = |edge: usize, end: fn(Interval) -> f64| -> f64 {
        let of = |(part, arm): &(f64, &[u64])| {
            let slower = arm[edge + 1..].iter().sum();
            part * end(confidence::rate(slower, arm.iter().sum(), TUNED_UNITS, alpha))
        };
        strata.iter().map(of).sum()
    };
    let edges = Edges::default();
    let ms = |edge: usize| edges.thresholds()[edge] as f64 / 1_000.0;
    let all = || 0..edges.thresholds().len();
    let surely_more = all().filter(|edge| slower(*edge, |it| it.lower) > 0.01).max();
    let surely_less = all().find(|edge| slower(*edge, |it| it.upper) < 0.01);
    Range::new(ms(surely_more.unwrap()), ms(surely_less.unwrap()))
}

#[test]
fn a_quantile_of_several_histories_lies_where_their_parts_say() {
    let (new, seen) = (tailed(3_800, 310, 500), tailed(9_500, 320, 538));
    let answered = |arm: &[u64], incumbent: u64| {
        let mut counts = gate(arms(arm.iter().sum(), incumbent), arms(1_900, 1_900));
        counts.latency.candidate = arm.to_vec();
        counts
    };
    let evidence = of_two_histories(answered(&new, 4_000), answered(&seen, 20_000));
    let plan = of_users(plan(&[latency(250)]));
    let (verdict, account) = told(&plan, &evidence, HALF);
    assert_ne!(report(&verdict, "latencyP99").verdict, CheckVerdict::Fail, "told of one gate");
    // New units are a sixth of the incumbent's; a third history may come.
    let third = Alpha::new(plan.analysis.healthy_alpha / 3.0).unwrap();
    let parts = [(4.0 / 24.0, new.as_slice()), (20.0 / 24.0, seen.as_slice())];
    let candidate = account.confidence.unwrap().candidate;
    assert_eq!(candidate, Some(of_mix(&parts, third)));
    let unweighed = parts.map(|(_, arm)| (1.0, arm));
    assert_ne!(candidate, Some(of_mix(&unweighed, third)));
}
