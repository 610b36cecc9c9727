//! What is told of a plan, and what of it can't be.

use super::*;
use seatrial_domain::policy::parse;

const OUTLOOK: Outlook =
    Outlook { error_rate: 0.0, bad_label_rate: 0.1, slow_rate: 0.0, values: Vec::new() };

fn plan(lines: &str) -> plan::Plan {
    let head = "apiVersion: seatrial/v1\nkind: RolloutPolicy\nmetadata: {name: p}\nspec:";
    let policy = parse(&format!("{head}\n  endpoint: e\n{lines}\n")).unwrap();
    policy.plan(Kind::Promote, policy.endpoint()).unwrap()
}

/// A step's cells and the whole JSON under these lines, without any failures.
fn told_of(lines: &str, step: usize) -> ([String; 7], serde_json::Value) {
    let plan = plan(lines);
    let steps = forecast::forecast(&plan, &OUTLOOK).unwrap();
    let endpoint = endpoint(100.0, &OUTLOOK, (None, Vec::new()));
    let expected = Expected::of(&plan, &steps, &endpoint).unwrap();
    let cells = row(&steps[step], &expected);
    (cells, json(&Told { plan: &plan, steps: &steps, expected, finds: Finds::default() }))
}

/// The canary's under this check.
fn canary(check: &str) -> ([String; 7], serde_json::Value) {
    let (cells, told) = told_of(&format!("  checks: [{check}]"), 1);
    let canary = told["steps"][3].clone();
    assert_eq!(canary["stage"], "canary");
    (cells, canary)
}

#[test]
fn what_cannot_be_told_is_unknown_with_its_reason() {
    let (cells, json) = canary("{name: slow, kind: latency, margin: {ratio: 1.2}}");
    assert_eq!([&cells[3], &cells[5], &cells[6]], ["unknown", "unknown", "slow unknown"]);
    assert!(json["units"].is_null() && json["expected_s"].is_null());
    assert!(json["unknown"].as_str().unwrap().contains("spread"));
    assert_eq!(json["checks"][0]["unknown"], json["unknown"]);
}

#[test]
fn a_latencys_shape_tells_the_part_over_the_smallest_limit() {
    let plan = plan("  checks: [{name: slow, kind: latency, limit: 20ms}]");
    let law = Law::LogNormal { median: 20_000.0, sigma: 0.5 };
    assert!((slow_part(&plan, &law).unwrap() - 0.5).abs() < 1e-9);
}

#[test]
fn a_plan_says_where_it_has_no_live_control() {
    let (last, told) = told_of("  stability: {duration: 1h, holdback: 0}", 5);
    assert_eq!((last[0].as_str(), &last[6]), ("stabilizing", &NO_CONTROL.to_owned()));
    let controlled = |stage: &str| {
        let steps = told["steps"].as_array().unwrap().iter();
        steps.filter(|step| step["stage"] == stage).all(|step| step["live_control"] == true)
    };
    assert!(controlled("canary") && !controlled("stabilizing"), "{told}");
}

#[test]
fn what_never_comes_is_never() {
    let (cells, json) = canary("{name: bad, kind: errors, margin: {ratio: 2}}");
    assert_eq!(&cells[3], "never");
    assert_eq!([&cells[5], &cells[6]], ["never (after its deadline)", "bad never"]);
    assert!(json["unknown"].is_null() && json["checks"][0]["unknown"].is_null());
}

#[test]
fn a_ratio_beside_a_limit_has_units_and_its_time_is_unknown_without_a_shape() {
    let (cells, json) = canary("{name: slow, kind: latency, limit: 250ms, margin: {ratio: 1.2}}");
    assert!(json["units"].is_u64(), "{json}");
    assert_eq!(cells[5], "unknown");
    assert!(json["unknown"].as_str().unwrap().contains("--latency"), "{json}");
}

#[test]
fn an_expected_time_is_a_median_with_its_tenths() {
    let errors = "{name: bad, kind: errors, margin: {absolute: 0.005}}";
    let lines = format!(
        "  checks: [{errors}]\n  shadow: {{minDuration: 1s, minRequests: 10}}\n  \
         canary: {{minDuration: 1s}}\n  ramp: []\n  stability: {{duration: 1h}}\n  \
         standby: {{keep: {{duration: 1h}}}}"
    );
    let (cells, told) = told_of(&lines, 1);
    let canary = &told["steps"][3];
    let of = |name: &str| canary[name].as_u64().unwrap();
    let (p10, median, p90) = (of("expected_s_p10"), of("expected_s"), of("expected_s_p90"));
    // Five candidate units a second.
    let expected = of("units") / 5;
    assert!(p10 < median && median < p90 && median.abs_diff(expected) < expected / 10, "{canary}");
    assert!(cells[5].contains(" to ") && !cells[5].contains("time"), "{cells:?}");
    assert_eq!((canary["in_time"].as_f64(), canary["late"].as_bool()), (Some(1.0), Some(false)));
    let of = |name: &str| told[name].as_u64().unwrap();
    assert!(of("to_cutover_s") > median && of("to_cutover_s_p90") > p90, "{told}");
    assert_eq!(of("to_completed_s"), of("to_cutover_s") + 3_600);
}
