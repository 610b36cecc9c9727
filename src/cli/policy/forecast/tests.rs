//! What is told of a plan, and what of it can't be.

use super::*;
use seatrial_domain::policy::parse;

/// The canary's cells and its JSON under this check, without any failures.
fn canary(check: &str) -> ([String; 7], serde_json::Value) {
    let head = "apiVersion: seatrial/v1\nkind: RolloutPolicy\nmetadata: {name: p}\nspec:";
    let policy = parse(&format!("{head}\n  endpoint: e\n  checks: [{check}]\n")).unwrap();
    let plan = policy.plan(Kind::Promote, policy.endpoint()).unwrap();
    let outlook = Outlook {
        units_per_second: 100.0,
        error_rate: 0.0,
        bad_label_rate: 0.1,
        slow_rate: 0.0,
        values: Vec::new(),
    };
    let forecast = forecast::forecast(&plan, &outlook).unwrap();
    let canary = json(&plan, &forecast, &Finds::default())["steps"][3].clone();
    assert_eq!(canary["stage"], "canary");
    (row(&forecast.steps[1]), canary)
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
    let lines = "  checks: [{name: slow, kind: latency, limit: 20ms}]";
    let head = "apiVersion: seatrial/v1\nkind: RolloutPolicy\nmetadata: {name: p}\nspec:";
    let policy = parse(&format!("{head}\n  endpoint: e\n{lines}\n")).unwrap();
    let plan = policy.plan(Kind::Promote, policy.endpoint()).unwrap();
    let law = Law::LogNormal { median: 20_000.0, sigma: 0.5 };
    assert!((slow_part(&plan, &law).unwrap() - 0.5).abs() < 1e-9);
}

#[test]
fn a_plan_says_where_it_has_no_live_control() {
    let text = "apiVersion: seatrial/v1\nkind: RolloutPolicy\nmetadata: {name: p}\nspec:\n  \
        endpoint: e\n  stability: {duration: 1h, holdback: 0}\n";
    let policy = parse(text).unwrap();
    let plan = policy.plan(Kind::Promote, policy.endpoint()).unwrap();
    let outlook = Outlook {
        units_per_second: 100.0,
        error_rate: 0.0,
        bad_label_rate: 0.1,
        slow_rate: 0.0,
        values: Vec::new(),
    };
    let forecast = forecast::forecast(&plan, &outlook).unwrap();
    let last = forecast.steps.last().unwrap();
    assert_eq!((last.stage.as_str(), &row(last)[6]), ("stabilizing", &NO_CONTROL.to_owned()));
    let told = json(&plan, &forecast, &Finds::default());
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
