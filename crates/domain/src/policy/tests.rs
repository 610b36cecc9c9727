//! What `policy` promises, as tests.

mod faults;
mod kinds;
mod slices;
mod units;

use super::*;
use crate::plan::{GateMode, Rule};
use proptest::prelude::*;
use std::time::Duration;

const EVERY_FIELD: &str = include_str!("../../../../docs/reference/policy.yaml");
const HEAD: &str = "apiVersion: seatrial/v1\nkind: RolloutPolicy\nmetadata: {name: p}\nspec:\n";

/// A policy with these lines below `spec`, beside the endpoint; they start in line 6.
fn policy(lines: &str) -> String {
    let indented: String = lines.lines().map(|line| format!("  {line}\n")).collect();
    format!("{HEAD}  endpoint: e\n{indented}")
}

fn plan_of(lines: &str) -> Plan {
    let policy = parse(&policy(lines)).unwrap();
    policy.plan(Kind::Promote, policy.endpoint()).unwrap()
}

/// Every fault of `yaml` as `line:column field | what | allowed | nearest`.
fn faults(yaml: &str) -> Vec<String> {
    let Err(error) = parse(yaml) else { return Vec::new() };
    let show = |fault: &Fault| {
        let Position { line, column } = fault.at;
        let allowed = fault.allowed.as_deref().unwrap_or("-");
        let nearest = fault.nearest.as_deref().unwrap_or("-");
        format!("{line}:{column} {} | {} | {allowed} | {nearest}", fault.field, fault.what)
    };
    error.faults().iter().map(show).collect()
}

/// The faults of these lines below `spec` each start with the expected text.
fn check(lines: &str, expected: &[&str]) {
    let found = faults(&policy(lines));
    let fits = found.len() == expected.len()
        && found.iter().zip(expected).all(|(found, expected)| found.starts_with(expected));
    assert!(fits, "{lines}\nfound {found:#?}\nexpected {expected:#?}");
}

#[test]
fn every_field_is_valid_by_schema() {
    let policy = parse(EVERY_FIELD).unwrap();
    assert_eq!(policy.name(), "standard");
    assert_eq!(policy.endpoint().as_str(), "fraud-scorer");
    assert_eq!(policy.trigger(), &Trigger::default());
    assert_eq!(policy.source(), &Digest::of(EVERY_FIELD.as_bytes()));
}

#[test]
fn only_the_outside_provider_of_the_example_is_planned() {
    let policy = parse(EVERY_FIELD).unwrap();
    let fields: Vec<_> = policy.planned().iter().map(|planned| planned.field.as_str()).collect();
    assert_eq!(fields, ["spec.checks[3].kind"]);
    let refusal = policy.plan(Kind::Promote, policy.endpoint()).unwrap_err();
    assert!(refusal.to_string().contains("planned, not available yet"), "{refusal}");
}

#[test]
fn every_planned_field_is_refused_by_plan_and_listed() {
    let cases = [
        "approval: {roles: [approver, owner]}",
        "notifications: {to: ['hook']}",
        "canary: {checks: [{name: c, kind: prometheus, query: q, margin: {ratio: 0.9}}]}",
    ];
    for lines in cases {
        let policy = parse(&policy(lines)).unwrap();
        assert_eq!(policy.planned().len(), 1, "{lines}");
        assert!(policy.plan(Kind::Promote, policy.endpoint()).is_err(), "{lines}");
    }
    assert_eq!(planned_fields().len(), 3);
}

#[test]
fn what_the_page_writes_out_is_the_default() {
    let example = ["conversion", "correct", "revenue", "predictions"];
    let checks = example.map(|name| format!("    - {{name: {name}"));
    let is_example = |line: &str| {
        line.starts_with("    - {kind: deny") || checks.iter().any(|check| line.starts_with(check))
    };
    let without: String = EVERY_FIELD
        .lines()
        .filter(|line| !is_example(line))
        .map(|line| match line.trim_start().split(':').next() {
            Some("key") => "    key: []\n".to_owned(),
            Some("windows") => "  windows: []\n".to_owned(),
            Some("endpoint") => "  endpoint: e\n".to_owned(),
            Some("metadata") => "metadata: {name: p}\n".to_owned(),
            Some(_) | None => format!("{line}\n"),
        })
        .collect();
    let written = parse(&without).unwrap();
    let written = written.plan(Kind::Promote, written.endpoint()).unwrap();
    assert_eq!(written, plan_of(""));
}

#[test]
fn the_hash_of_the_default_plan_is_golden() {
    let plan = plan_of("");
    let text = serde_json::to_string(&plan).unwrap();
    assert_eq!(serde_json::from_str::<Plan>(&text).unwrap(), plan);
    assert_eq!(plan.hash().as_str(), GOLDEN_HASH, "{text}");
}

const GOLDEN_HASH: &str = "sha256:05ce28b357003c8affebc272db610b91f8e40755c08012807e322b763f1a0a4c";

#[test]
fn plans_without_an_incumbent_or_back_have_no_gates() {
    let policy = parse(&policy("stability: {holdback: 5}")).unwrap();
    let plan = |kind| policy.plan(kind, policy.endpoint()).unwrap();
    assert_eq!(plan(Kind::Promote).gates.len(), 4);
    assert_eq!(plan(Kind::Promote).stability.holdback.basis_points(), 500);
    for kind in [Kind::First, Kind::Restore] {
        assert!(plan(kind).gates.is_empty());
        assert_eq!(plan(kind).stability.holdback, Share::ZERO);
    }
    assert!(plan(Kind::Restore).stability.checks.is_empty());
    let other = EndpointName::new("other").unwrap();
    assert!(matches!(policy.plan(Kind::First, &other), Err(Refusal::Endpoint { .. })));
}

#[test]
fn a_required_signature_is_in_the_plan_of_every_kind_and_in_its_hash() {
    let signed = parse(&policy("signature: {key: release}")).unwrap();
    for kind in [Kind::Promote, Kind::First, Kind::Restore] {
        let plan = signed.plan(kind, signed.endpoint()).unwrap();
        let required = plan.signature.clone().unwrap();
        assert_eq!((required.key.as_str(), &required.id), ("release", &None));
        let without = Plan { signature: None, ..plan.clone() };
        assert_ne!(plan.hash(), without.hash());
        let text = serde_json::to_string(&plan).unwrap();
        assert_eq!(serde_json::from_str::<Plan>(&text).unwrap(), plan);
    }
    assert_eq!(plan_of("signature: {key: null}").signature, None);
}

#[test]
fn latency_has_a_limit_a_ratio_or_both() {
    let cases = [
        ("limit: 250ms", Some(250), None),
        ("margin: {ratio: 1.2}", None, Some(1.2)),
        ("limit: 40s, margin: {ratio: 1.5, absolute: null}", Some(40_000), Some(1.5)),
    ];
    for (written, limit_ms, ratio) in cases {
        let plan = plan_of(&format!("checks: [{{name: a, kind: latency, {written}}}]"));
        let rule = Rule::Latency { quantile: 0.99, limit_ms, ratio };
        assert!(plan.gates.iter().all(|gate| gate.checks[0].rule == rule), "{written}");
        assert_eq!(plan.stability.checks[0].rule, rule);
    }
}

#[test]
fn a_gate_waits_for_its_late_labels() {
    let late =
        "checks: [{name: c, kind: feedback, metric: c, margin: {absolute: 0.1}, lateBy: 20m}]";
    let found = faults(&policy(late));
    // Two default steps of the ramp are too short, at one place; 30 minutes elsewhere are enough.
    assert!(found.iter().all(|fault| fault.contains("15m are over before the labels of `c`")));
    assert_eq!(found.len(), 1, "{found:#?}");
    check(&format!("{late}\nramp: [{{share: 20, minDuration: 20m}}]"), &[]);
}

#[test]
fn weights_are_filled_in_over_all_distinct_checks() {
    let errors = |name: &str, weight: &str| {
        format!("{{name: {name}, kind: errors, margin: {{ratio: 2}}{weight}}}")
    };
    let list = [errors("a", ", weight: 0.5"), errors("b", ""), errors("c", "")].join(", ");
    let plan = plan_of(&format!("checks: [{list}]\ncanary: {{checks: [{}]}}", errors("b", "")));
    let weights = |checks: &[crate::plan::Check]| -> Vec<f64> {
        checks.iter().map(|check| check.weight).collect()
    };
    assert_eq!(weights(&plan.gates[1].checks), [0.5, 0.25, 0.25]);
    assert_eq!(weights(&plan.gates[0].checks), [0.25]);
    let over = [errors("a", ", weight: 0.6"), errors("b", ", weight: 0.6")].join(", ");
    check(&format!("checks: [{over}]"), &["6:70 spec.checks[1] | the weights of all distinct"]);
    let none_left = [errors("a", ", weight: 1"), errors("b", "")].join(", ");
    check(&format!("checks: [{none_left}]"), &["6:68 spec.checks[1] | the other checks leave no"]);
}

#[test]
fn one_name_is_one_test_in_every_stage() {
    let stage = |limit| {
        format!("canary: {{checks: [{{name: latencyP99, kind: latency, limit: {limit}}}]}}")
    };
    for other in ["100ms", "250ms, margin: {ratio: 2}"] {
        check(&stage(other), &["5:3 spec.checks | another check is already called `latencyP99`"]);
    }
    let plan = plan_of(&stage("250ms"));
    assert_eq!(plan.gates[0].checks.len(), 1);
    assert!((plan.gates[0].checks[0].weight - 0.3).abs() < 1e-12);
}

#[test]
fn a_margin_may_differ_from_stage_to_stage_and_its_weight_counts_once() {
    let errors = "{name: errorRate, kind: errors, weight: 0.4, margin: {absolute: 0.05}}";
    let latency = "{name: latencyP99, kind: latency, weight: 0.3, limit: 250ms}";
    let label = |margin| {
        format!(
            "{{name: ok, kind: feedback, metric: ok, weight: 0.3, margin: {{absolute: {margin}}}}}"
        )
    };
    let standard =
        "{name: errorRate, kind: errors, weight: 0.4, margin: {ratio: 2, absolute: 0.005}}";
    let plan = plan_of(&format!(
        "checks: [{standard}, {latency}, {}]\ncanary: {{checks: [{errors}, {latency}, {}]}}",
        label(0.02),
        label(0.1),
    ));
    let margin = |gate: usize, check: usize| plan.gates[gate].checks[check].rule.margin().unwrap();
    assert_eq!((margin(0, 0).absolute, margin(1, 0).absolute), (Some(0.05), Some(0.005)));
    assert_eq!((margin(0, 2).absolute, margin(1, 2).absolute), (Some(0.1), Some(0.02)));
}

#[test]
fn more_than_64_checks_are_refused() {
    let checks = |prefix: &str, count: u32| -> String {
        let check = |i| format!("{{name: {prefix}{i}, kind: errors, margin: {{ratio: 2}}}}");
        (0..count).map(check).collect::<Vec<_>>().join(", ")
    };
    check(&format!("checks: [{}]", checks("a", 65)), &["6:11 spec.checks | 65 items are too many"]);
    let both = format!("checks: [{}]\ncanary: {{checks: [{}]}}", checks("a", 60), checks("b", 5));
    let found = faults(&policy(&both));
    assert!(
        found.iter().any(|fault| fault.contains("65 distinct checks are too many")),
        "{found:#?}"
    );
}

#[test]
fn a_policy_says_what_the_plan_then_holds() {
    let plan = plan_of(
        "canary: {share: 0.1, minDuration: 500ms, maxDuration: 1h, gate: auto+approval}\n\
         trigger: {alias: null}\n\
         routing: {key: ['header:X-User-Id'], match: [{header: X-Dark, value: on}]}\n\
         checks: [{name: ok, kind: feedback, metric: ok, better: lower, margin: {absolute: 0.02}}]",
    );
    let canary = &plan.gates[0];
    assert_eq!(canary.share.basis_points(), 10);
    assert_eq!(canary.min_duration, Duration::from_millis(500));
    assert_eq!(canary.mode, GateMode::AutoAndApproval);
    assert!(matches!(canary.checks[0].rule, Rule::Feedback { .. }));
    assert_eq!(plan.routing.key, [crate::plan::KeySource::Header("x-user-id".to_owned())]);
    assert_eq!(plan.routing.rules[0].header, "x-dark");
}

/// Lies within the file: a line it has, a column up to one beyond its text.
fn lies_within(yaml: &str, fault: &Fault) -> bool {
    let lines: Vec<_> = yaml.lines().collect();
    let width = lines.get(fault.at.line.wrapping_sub(1)).map_or(0, |line| line.chars().count());
    (1..=lines.len().max(1)).contains(&fault.at.line) && (1..=width + 1).contains(&fault.at.column)
}

proptest! {
    #[test]
    fn any_text_is_read_without_panic_and_faults_lie_within_it(
        text in prop_oneof![any::<String>(), "[a-z:{}\\[\\],&*!|>'\"#%@ \n\t\r0-9-]{0,200}"],
    ) {
        let error = parse(&text).unwrap_err();
        prop_assert!(!error.faults().is_empty());
        prop_assert!(error.faults().iter().all(|fault| lies_within(&text, fault)), "{error:?}");
    }

    #[test]
    fn a_damaged_policy_is_read_without_panic_and_faults_lie_within_it(
        start in 0..EVERY_FIELD.len(), length in 0_usize..40, patch in "[a-z:{}\\[\\], \n0-9.-]{0,20}",
    ) {
        let (before, after) = (EVERY_FIELD.chars().take(start), EVERY_FIELD.chars().skip(start + length));
        let text: String = before.chain(patch.chars()).chain(after).collect();
        if let Err(error) = parse(&text) {
            prop_assert!(error.faults().iter().all(|fault| lies_within(&text, fault)), "{error:?}");
        }
    }
}
