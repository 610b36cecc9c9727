//! How units are counted, as a policy says it.

use super::{check, faults, plan_of, policy};
use crate::plan::PerUnit;
use std::time::Duration;

const KEYED: &str = "routing: {key: [header:x-user]}\n";

fn settled(lines: &str) -> (Duration, Duration) {
    let analysis = plan_of(lines).analysis;
    (analysis.unit_window, analysis.discard)
}

#[test]
fn a_keyed_units_window_is_a_minute_or_what_the_shortest_gate_leaves_of_it() {
    let seconds = Duration::from_secs;
    assert_eq!(settled(KEYED), (seconds(60), Duration::ZERO));
    let short = format!("{KEYED}ramp: [{{share: 50, minDuration: 20s}}]\n");
    assert_eq!(settled(&short), (seconds(20), Duration::ZERO));
    assert_eq!(settled(&format!("{short}analysis: {{discard: 15s}}")), (seconds(5), seconds(15)));
    assert_eq!(settled(&format!("{short}analysis: {{unitWindow: 0s}}")).0, Duration::ZERO);
    assert_eq!(settled(&format!("{KEYED}analysis: {{unitWindow: 5m}}")).0, seconds(300));
}

#[test]
fn without_a_key_a_request_is_a_unit_and_waits_for_nothing() {
    assert_eq!(settled(""), (Duration::ZERO, Duration::ZERO));
    assert_eq!(settled("analysis: {unitWindow: 5m, discard: 1m}").0, Duration::ZERO);
}

#[test]
fn a_gate_that_is_over_before_its_first_unit_counts_is_refused() {
    let short = "ramp: [{share: 50, minDuration: 20s}]\n";
    check(
        &format!("{short}analysis: {{unitWindow: 21s}}"),
        &["7:26 spec.analysis.unitWindow | the shortest gate's 20s are over before the first unit"],
    );
    check(
        &format!("{short}analysis: {{unitWindow: 15s, discard: 6s}}"),
        &["7:26 spec.analysis.unitWindow | the shortest gate's 20s are over"],
    );
    let alone = faults(&policy(&format!("{short}analysis: {{discard: 21s}}")));
    assert!(alone.len() == 1 && alone[0].contains("the shortest gate's 20s are over"), "{alone:?}");
    check(&format!("{short}analysis: {{unitWindow: 15s, discard: 5s}}"), &[]);
    check("analysis: {discard: 2h}", &["6:23 spec.analysis.discard | "]);
}

fn labelled(check: &str) -> String {
    format!("checks: [{{name: m, metric: m, margin: {{absolute: 0.1}}, {check}}}]\n")
}

#[test]
fn what_a_unit_is_worth_is_its_first_label_or_made_of_all_of_them() {
    let of = |lines: &str| plan_of(lines).per_unit_of("m");
    assert_eq!(of(&labelled("kind: feedback")), PerUnit::First);
    assert_eq!(of(&format!("{KEYED}{}", labelled("kind: feedback, perUnit: any"))), PerUnit::Any);
    assert_eq!(of(&format!("{KEYED}{}", labelled("kind: kpi, perUnit: mean"))), PerUnit::Mean);
    assert_eq!(plan_of("").per_unit_of("m"), PerUnit::First, "a metric of no check");
}

#[test]
fn a_mean_of_yes_and_no_is_refused_with_what_takes_it() {
    let wrong = format!("{KEYED}{}", labelled("kind: feedback, perUnit: mean"));
    check(
        &wrong,
        &[
            "7:83 spec.checks[0].perUnit | a mean of yes and no is neither | first, any; or kind: kpi",
        ],
    );
    let wrong = format!("{KEYED}{}", labelled("kind: kpi, perUnit: any"));
    check(&wrong, &["7:78 spec.checks[0].perUnit | \"any\" is not possible"]);
}

#[test]
fn all_labels_of_a_unit_with_one_request_are_refused() {
    let of = labelled("kind: feedback, perUnit: any");
    let told = "6:12 spec.checks[0] | `m` takes all labels of a unit, which has one request";
    check(&of, &[told]);
    let no_window = format!("{of}{KEYED}analysis: {{unitWindow: 0s}}\n");
    check(&no_window, &[told]);
}

#[test]
fn a_stage_that_is_over_before_a_value_is_closed_is_refused() {
    let of = labelled("kind: feedback, perUnit: any, lateBy: 14m");
    let lines = format!("{of}{KEYED}analysis: {{unitWindow: 90s}}\n");
    let told = "6:12 spec.checks[0] | 15m are over before the first value of `m` is closed";
    check(&lines, &[told]);
    check(&lines.replace("90s", "60s"), &[]);
}

#[test]
fn a_metric_makes_one_value_of_a_unit_in_all_checks() {
    let of = |name: &str, per_unit: &str| {
        format!(
            "{{name: {name}, kind: feedback, metric: m, margin: {{absolute: 0.1}}, {per_unit}}}"
        )
    };
    let both =
        |per_unit| format!("{KEYED}checks: [{}, {}]", of("a", "perUnit: any"), of("b", per_unit));
    let found = faults(&policy(&both("lateBy: 1s")));
    assert!(found.iter().any(|fault| fault.contains("`m` has another perUnit")), "{found:#?}");
    check(&both("perUnit: any"), &[]);
}

#[test]
fn labels_are_awaited_for_as_long_as_the_units_window_and_the_latest_of_them() {
    let of = |name: &str, late: &str, per_unit: &str| {
        format!(
            "{{name: {name}, kind: feedback, metric: {name}, lateBy: {late}, \
              margin: {{absolute: 0.1}}, perUnit: {per_unit}}}"
        )
    };
    let checks = format!("checks: [{}, {}]\n", of("a", "5m", "any"), of("b", "7m", "first"));
    let plan = plan_of(&format!("{KEYED}ramp: []\n{checks}"));
    let awaited: Vec<_> =
        plan.awaited().iter().map(|it| (it.gate.0, it.metric, it.span.as_secs())).collect();
    assert_eq!(awaited, [(0, "a", 360), (0, "b", 420), (1, "a", 360), (1, "b", 420)]);
    assert!(plan.joins_later_labels() && !plan_of(KEYED).joins_later_labels());
    let stored = serde_json::to_string(&plan).unwrap();
    assert_eq!(stored.matches("per_unit").count(), 2, "the first is what is not written");
    assert_eq!(serde_json::from_str::<crate::plan::Plan>(&stored).unwrap(), plan);
}

#[test]
fn plans_of_earlier_versions_are_read_as_they_were() {
    let plan = plan_of("");
    let stored = serde_json::to_string(&plan).unwrap();
    assert!(!stored.contains("unit_window") && !stored.contains("discard"));
    assert_eq!(serde_json::from_str::<crate::plan::Plan>(&stored).unwrap(), plan);
}
