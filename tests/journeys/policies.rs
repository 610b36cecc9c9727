//! Policies at the command line: checked with line and column, forecast, applied, shown.

use crate::harness::{Policy, Server, cli};

fn write(home: &std::path::Path, yaml: &str) -> String {
    let file = home.join("policy.yaml");
    std::fs::write(&file, yaml).unwrap();
    file.display().to_string()
}

#[test]
fn an_unknown_field_is_refused_with_its_place_and_the_nearest_name() {
    let home = tempfile::tempdir().unwrap();
    let yaml = Policy::quick("digits")
        .yaml()
        .replace("minDuration: 300ms, minRe", "minDuratoin: 300ms, minRe");
    let line = 1 + yaml.lines().position(|line| line.contains("minDuratoin")).unwrap();
    let column = 1 + yaml.lines().nth(line - 1).unwrap().find("minDuratoin").unwrap();
    let file = write(home.path(), &yaml);

    let refused = cli(&["policy", "check", &file]).expect(2);
    let place = format!("line {line}, column {column}:");

    assert!(refused.stderr.contains(&place), "{place}: {refused:#?}");
    assert!(refused.stderr.contains("minDuratoin"), "{refused:#?}");
    assert!(refused.stderr.contains("minDuration"), "the nearest name: {refused:#?}");
}

#[test]
fn a_wrong_value_is_refused_with_its_range() {
    let home = tempfile::tempdir().unwrap();
    let yaml = Policy::quick("digits").with("analysis", "{alpha: 1.5}").yaml();
    let refused = cli(&["policy", "check", &write(home.path(), &yaml)]).expect(2);
    let range =
        "spec.analysis.alpha: \"1.5\" is not possible; allowed: a number above 0 and below 1";
    assert!(refused.stderr.contains(range), "{refused:#?}");
}

#[test]
fn what_is_not_built_is_refused_and_listed() {
    let home = tempfile::tempdir().unwrap();
    let checks = "[{name: conversion, kind: prometheus, query: \"up\", margin: {ratio: 0.99}}]";
    let yaml = Policy::quick("digits").with("checks", checks).yaml();
    let refused = cli(&["policy", "check", &write(home.path(), &yaml)]).expect(2);
    assert!(refused.stderr.contains("planned, not available yet"), "{refused:#?}");
    let planned = cli(&["policy", "check", "--planned"]).expect(0);
    assert!(planned.stdout.contains("rometheus"), "{planned:#?}");
    let file = write(home.path(), &Policy::quick("digits").yaml());
    let both = cli(&["policy", "check", "--planned", &file, "-o", "json"]).expect(0).json();
    assert_eq!(both["checked"]["endpoint"], "digits");
    assert_eq!(both["planned"].as_array().map(Vec::len), Some(3), "one document: {both:#}");
}

#[test]
fn a_plan_tells_units_and_times_before_anything_starts() {
    let home = tempfile::tempdir().unwrap();
    let file = write(home.path(), &Policy::quick("digits").yaml());
    cli(&["policy", "check", &file]).expect(0);
    let plan = cli(&["policy", "plan", &file]).expect(0);
    let stages = ["staging", "validating", "shadow", "canary", "ramp(1)", "cutover"];
    for step in stages.into_iter().chain(["stabilizing", "decommissioning", "no live control"]) {
        assert!(plan.stdout.contains(step), "{step}: {plan:#?}");
    }
    let canary = |rate: &str| {
        let plan = cli(&["policy", "plan", &file, "--rps", rate, "-o", "json"]).expect(0).json();
        let steps = plan["steps"].as_array().unwrap();
        let canary = steps.iter().find(|step| step["stage"] == "canary").unwrap();
        (canary["units"].as_u64().unwrap(), canary["expected_s"].as_u64().unwrap())
    };
    let ((units, slow), (same, fast)) = (canary("1"), canary("10"));
    // A fifth of the units reach the candidate.
    let near = |time: u64, expected: u64| time * 4 > expected * 3 && time * 3 < expected * 4;
    assert!(units >= 30 && near(slow, units * 5), "{units} units in {slow} s");
    assert!(same == units && near(10 * fast, slow), "ten times the traffic: {fast} s");
}

#[test]
fn a_plan_at_next_to_no_traffic_is_told_all_the_same() {
    let home = tempfile::tempdir().unwrap();
    let file = write(home.path(), &Policy::quick("digits").yaml());
    let plan = cli(&["policy", "plan", &file, "--rps", "1e-18"]).expect(0);
    assert!(plan.stdout.contains("(after its deadline)"), "{plan:#?}");
}

#[test]
fn an_applied_policy_is_shown_as_it_was_written() {
    let server = Server::start();
    let policy = Policy::quick("digits");
    server.apply(&policy);
    let shown = server.cli(&["policy", "show", "digits-policy"]).expect(0);
    assert_eq!(shown.stdout.trim_end(), policy.yaml().trim_end());
    server.cli(&["policy", "show", "nothing"]).expect(3);
}
