//! Numbers and answers by slice: what decides, what waits, and what leads the ranking.

use super::drift::{cats, predictions};
use super::fixture::*;
use super::kpi::{revenue, within, worth};
use super::slices::{client, sliced};
use super::{CANARY, fails, report};
use crate::evidence::{Evidence, GateCounts, SliceCounts};
use crate::judge::Judge;
use crate::plan::{Check, Plan};
use crate::ranking::Lift;
use crate::verdict::{CheckVerdict, Decision, Enforced, Verdict};

fn enforcing(checks: &[Check]) -> Plan {
    sliced(checks, client(&["mobile", "web"], Some(0.5)))
}

fn judged(plan: &Plan, evidence: &Evidence) -> Verdict {
    Judge::new(plan).unwrap().gate(evidence, CANARY)
}

/// The whole of `all`, of which `mobile` and `web` are slices.
fn of_slices(all: Evidence, mobile: Evidence, web: Evidence) -> Evidence {
    let mut evidence = all;
    let counts = evidence.gates.get_mut(&CANARY.unseen()).unwrap();
    for (value, mut part) in [("mobile", mobile), ("web", web)] {
        let part = part.gates.remove(&CANARY.unseen()).unwrap();
        let GateCounts { errors, values, matured_values, predictions, .. } = part;
        *counts.slices.of("x-client", value) =
            SliceCounts { errors, values, matured_values, predictions, ..SliceCounts::default() };
    }
    evidence
}

/// Twenty thousand units worth the same, of which as many on mobile are worth `scale` times that.
fn worth_less_on_mobile(mobile: u64, scale: f64) -> Evidence {
    of_slices(worth(20_000, 1.0), worth(mobile, scale), worth(18_000, 1.0))
}

/// So many units on mobile, none of which has a value.
fn without_numbers_on_mobile(units: u64) -> Evidence {
    let mut evidence = worth_less_on_mobile(units, 1.0);
    let counts = evidence.gates.get_mut(&CANARY.unseen()).unwrap();
    let mobile = counts.slices.of("x-client", "mobile");
    mobile.values.clear();
    mobile.matured_values.values_mut().for_each(|due| due.values = Default::default());
    evidence
}

#[test]
fn a_lower_mean_in_an_enforced_slice_alone_fails_by_it() {
    let plan = enforcing(&[revenue(within(0.9))]);
    let verdict = judged(&plan, &worth_less_on_mobile(900, 0.8));
    assert_eq!(verdict.decision, fails("revenue[x-client=mobile]"));
    assert_eq!(report(&verdict, "revenue").verdict, CheckVerdict::Pass);
    let [mobile, web] = verdict.ranking.as_slice() else { panic!("{:?}", verdict.ranking) };
    assert_eq!((mobile.slice.value.as_str(), mobile.kind), ("mobile", Lift::Mean));
    assert!(mobile.stands_out() && (mobile.lift - 0.2).abs() < 0.01, "{mobile:?}");
    assert!(!web.stands_out());
    let warning = sliced(&[revenue(within(0.9))], client(&[], None));
    let verdict = judged(&warning, &worth_less_on_mobile(2_000, 0.8));
    assert_eq!(verdict.decision, Decision::Pass, "{}", verdict.in_words());
    assert_eq!(report(&verdict, "revenue[x-client=mobile]").enforced, Enforced::DryRun);
}

#[test]
fn the_whole_and_the_slices_of_a_mean_share_its_budget() {
    let of = |plan: &Plan, name: &str| {
        report(&judged(plan, &worth_less_on_mobile(900, 1.0)), name).fail_at.unwrap()
    };
    let checks = [revenue(within(0.9))];
    let alone = of(&plan(&checks), "revenue");
    let plan = enforcing(&checks);
    assert!((of(&plan, "revenue") - alone - 2.0_f64.ln()).abs() < 1e-9);
    assert!((of(&plan, "revenue[x-client=web]") - alone - 4.0_f64.ln()).abs() < 1e-9);
}

#[test]
fn a_slice_with_units_enough_and_too_few_numbers_to_be_judged_keeps_its_gate() {
    let plan = enforcing(&[revenue(within(0.9))]);
    let few = judged(&plan, &worth_less_on_mobile(900, 1.0));
    assert_eq!(few.decision, Decision::Inconclusive, "{}", few.in_words());
    let mobile = report(&few, "revenue[x-client=mobile]");
    assert_eq!((mobile.verdict, mobile.enforced), (CheckVerdict::Inconclusive, Enforced::Yes));
    assert!(mobile.limit.ends_with("; fewer than 1000 values"), "{}", mobile.limit);
    let none = judged(&plan, &without_numbers_on_mobile(3_000));
    assert_eq!(none.decision, Decision::Inconclusive, "{}", none.in_words());
    assert_eq!(judged(&plan, &worth_less_on_mobile(1_100, 1.0)).decision, Decision::Pass);
    // With as many as it takes it must be healthy like all the rest.
    let plan = enforcing(&[revenue(within(0.99))]);
    let many = judged(&plan, &worth_less_on_mobile(1_100, 1.0));
    assert_eq!(report(&many, "revenue").verdict, CheckVerdict::Pass);
    let mobile = report(&many, "revenue[x-client=mobile]");
    assert_eq!((mobile.verdict, mobile.enforced), (CheckVerdict::Inconclusive, Enforced::Yes));
    assert_eq!(many.decision, Decision::Inconclusive);
}

#[test]
fn a_slice_with_fewer_units_than_a_gate_needs_keeps_none_whatever_is_counted() {
    let mut plan = enforcing(&[revenue(within(0.9))]);
    plan.analysis.min_units = 950;
    let few = judged(&plan, &worth_less_on_mobile(900, 1.0));
    assert_eq!(few.decision, Decision::Pass, "{}", few.in_words());
    let mobile = report(&few, "revenue[x-client=mobile]");
    assert_eq!(mobile.enforced, Enforced::DryRun);
    assert!(mobile.limit.ends_with("fewer than 950 units: the pass rests on all"));
}

#[test]
fn values_that_are_not_due_in_a_slice_pass_nothing_there() {
    let mut evidence = worth_less_on_mobile(3_000, 1.0);
    let counts = evidence.gates.get_mut(&CANARY.unseen()).unwrap();
    counts.slices.of("x-client", "mobile").matured_values.clear();
    let verdict = judged(&enforcing(&[revenue(within(0.9))]), &evidence);
    assert_eq!(verdict.decision, Decision::Inconclusive);
}

#[test]
fn other_answers_in_an_enforced_slice_alone_fail_by_it_and_lead_the_ranking() {
    let checks = [errors(0.01), predictions()];
    let mobile = |candidate| {
        of_slices(cats(20_000, 500, 500), cats(800, candidate, 500), cats(18_000, 500, 500))
    };
    let plan = enforcing(&checks);
    let verdict = judged(&plan, &mobile(300));
    assert_eq!(verdict.decision, fails("predictions[x-client=mobile]"));
    let words = verdict.in_words();
    assert!(words.contains("70.0 % vs 50.0 % (most in dog"), "{words}");
    let of_it = |verdict: &Verdict| {
        verdict.ranking.iter().find(|one| one.check == "predictions").cloned().unwrap()
    };
    let first = of_it(&verdict);
    assert_eq!((first.slice.value.as_str(), first.kind), ("mobile", Lift::Answers));
    assert!(first.stands_out() && (first.lift - 0.2).abs() < 1e-9);

    let alike = judged(&plan, &mobile(500));
    assert_eq!(alike.decision, Decision::Pass, "a slice's answers keep no gate");
    assert!(!of_it(&alike).stands_out());
}
