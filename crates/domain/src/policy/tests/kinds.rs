//! Checks of KPIs and drift: what a policy says, and what the plan then holds.

use super::{check, faults, plan_of, policy};
use crate::plan::{Better, DriftBy, Margin, PerUnit, Rule};
use std::time::Duration;

const ERRORS: &str = "{name: errorRate, kind: errors, margin: {ratio: 2}}";
const DRIFT: &str = "{name: d, kind: drift}";

#[test]
fn a_kpis_ratio_lies_on_the_side_that_is_worse() {
    let rule = |written: &str| {
        let check = format!("{{name: m, kind: kpi, metric: revenue, {written}}}");
        plan_of(&format!("checks: [{check}]")).gates[0].checks[0].rule.clone()
    };
    let kpi = |better, ratio, absolute| Rule::Kpi {
        metric: "revenue".to_owned(),
        better,
        margin: Margin { ratio, absolute },
        late_by: Duration::ZERO,
        min_coverage: 0.5,
        per_unit: PerUnit::First,
    };
    assert_eq!(rule("margin: {ratio: 0.98}"), kpi(Better::Higher, Some(0.98), None));
    assert_eq!(
        rule("better: lower, margin: {ratio: 1.02, absolute: 250}"),
        kpi(Better::Lower, Some(1.02), Some(250.0))
    );
}

#[test]
fn drift_is_by_class_or_by_buckets_of_the_score() {
    let by = |written: &str| {
        let check = format!("{{name: d, kind: drift{written}}}");
        let plan = plan_of(&format!("checks: [{ERRORS}, {check}]"));
        let Rule::Drift { output, by } = plan.gates[0].checks[1].rule.clone() else {
            panic!("{plan:?}");
        };
        (output, by)
    };
    assert_eq!(by(""), ("*".to_owned(), DriftBy::Class));
    let edges = vec![-1.0, 0.5];
    let scores = ("score".to_owned(), DriftBy::Score { edges });
    assert_eq!(by(", output: score, by: score, edges: [-1, 0.5]"), scores);
    let (_, DriftBy::Score { edges }) = by(", by: score") else { panic!("not by score") };
    assert_eq!((edges.len(), edges[0], edges[18]), (19, 0.05, 0.95));
}

#[test]
fn nothing_passes_by_drift_alone() {
    let only = "has only checks of drift, by which nothing passes";
    check(&format!("canary: {{checks: [{DRIFT}]}}"), &[&format!("6:11 spec.canary | {only}")]);
    let dry = format!("analysis: {{dryRun: [errorRate]}}\nchecks: [{ERRORS}, {DRIFT}]");
    let left = "leaves spec.canary, spec.ramp no check that is enforced";
    check(&dry, &[&format!("6:23 spec.analysis.dryRun[0] | {left}")]);
    check(&format!("checks: [{ERRORS}, {DRIFT}]"), &[]);
}

#[test]
fn a_metric_is_yes_or_no_or_a_number_in_all_checks() {
    let of = |name: &str, kind: &str| {
        format!("{{name: {name}, kind: {kind}, metric: m, margin: {{absolute: 0.1}}}}")
    };
    let both = format!("checks: [{}, {}]", of("a", "feedback"), of("b", "kpi"));
    let found = faults(&policy(&both));
    assert!(found.iter().any(|fault| fault.contains("`m` is of another kind")), "{found:#?}");
    check(&format!("checks: [{}, {}]", of("a", "kpi"), of("b", "kpi")), &[]);
}

#[test]
fn a_gate_waits_for_its_late_values() {
    let late = "checks: [{name: c, kind: kpi, metric: c, margin: {absolute: 1}, lateBy: 20m}]";
    let found = faults(&policy(late));
    assert_eq!(found.len(), 1, "{found:#?}");
    assert!(found[0].contains("15m are over before the labels of `c`"));
}
