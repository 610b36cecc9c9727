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
    assert!(refused.stderr.contains("alpha"), "{refused:#?}");
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
}

#[test]
fn a_plan_tells_units_and_times_before_anything_starts() {
    let home = tempfile::tempdir().unwrap();
    let file = write(home.path(), &Policy::quick("digits").yaml());
    cli(&["policy", "check", &file]).expect(0);
    let plan = cli(&["policy", "plan", &file]).expect(0);
    for step in ["shadow", "canary", "ramp"] {
        assert!(plan.stdout.contains(step), "{step}: {plan:#?}");
    }
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
