//! Versions that misbehave: each is stopped at the stage that can see it, and `explain` names the
//! check, the value and the limit.

use crate::harness::{Feedback, Load, Outcome, Policy, Server, Slowness, Traffic, fixture, slow};
use serde_json::Value;

/// The check by which a finished rollout was stopped, as `explain` prints it.
fn check<'a>(explained: &'a Value, name: &str) -> &'a Value {
    let checks = explained["verdict"]["checks"].as_array().expect("a verdict has checks");
    let found = checks.iter().find(|check| check["name"] == name);
    found.unwrap_or_else(|| panic!("no check {name} in {explained:#}"))
}

#[track_caller]
fn assert_names(text: &Value, parts: &[&str]) {
    let text = text.as_str().expect("words");
    for part in parts {
        assert!(text.contains(part), "{part:?} is not in {text:?}");
    }
}

/// Rolls out `version`, which no trial survives; `explain` names the step and `how` it ended.
#[track_caller]
fn assert_rejected_in_staging(server: &Server, version: u64, how: &[&str]) {
    let traffic = Traffic::to(server, Load::of(50));
    server.cli(&["rollout", "start", "digits", &version.to_string(), "--wait"]).expect(6);

    let rollout = server.cli(&["rollout", "show", "digits", "-o", "json"]).expect(0).json();
    let id = rollout["id"].as_u64().unwrap();
    assert_eq!(server.path_taken(id), ["queued>staging", "staging>rejected"]);
    assert_eq!(server.serving_version(), "digits/v1");
    let explained = server.explain(id);
    assert_names(&explained["summary"], &["rejected", "trial load"]);
    assert_names(&explained["summary"], how);
    traffic.until_served_by(1, 10);
    let answers = traffic.stop();
    assert!(answers.iter().all(|answer| answer.outcome == Outcome::Served { version: 1 }));
}

/// Other processors divide by zero and go on.
#[cfg(target_arch = "x86_64")]
#[test]
fn a_version_that_crashes_while_loading_is_rejected_in_staging() {
    let server = Server::serving("v1", &Policy::quick("digits"));
    let version = server.push(&fixture("crash"), "digits");
    let how = ["loading it ended the process", "signal: 8 (SIGFPE)", "within 4096 MiB"];
    assert_rejected_in_staging(&server, version, &how);
}

#[test]
fn a_version_that_needs_more_memory_than_there_is_is_rejected_in_staging() {
    let server = Server::serving("v1", &Policy::quick("digits"));
    let version = server.push(&fixture("huge"), "digits");
    assert_rejected_in_staging(&server, version, &["within 4096 MiB"]);
}

#[test]
fn a_version_that_does_not_end_loading_is_killed_and_rejected_in_staging() {
    let config = "[limits.probe]\ntimeout = \"5s\"\n";
    let server = Server::start_with(config).with_first("v1", &Policy::quick("digits"));
    let version = server.push(&slow(&server, Slowness::Endless), "digits");
    assert_rejected_in_staging(&server, version, &["longer than 5000 ms"]);
}

#[test]
fn wrongly_shaped_outputs_are_rejected_in_validating() {
    let server = Server::serving("v1", &Policy::quick("digits"));
    let traffic = Traffic::to(&server, Load::of(50));
    server.push(&fixture("shape"), "digits");

    server.cli(&["rollout", "start", "digits", "2", "--wait"]).expect(6);

    let rollout = server.cli(&["rollout", "show", "digits", "-o", "json"]).expect(0).json();
    let id = rollout["id"].as_u64().unwrap();
    assert_eq!(
        server.path_taken(id),
        ["queued>staging", "staging>validating", "validating>rejected"]
    );
    // The check, what was found, and what was declared.
    assert_names(&server.explain(id)["summary"], &["probabilities", "9", "10"]);
    let answers = traffic.stop();
    assert!(answers.iter().all(|answer| answer.outcome == Outcome::Served { version: 1 }));
}

#[test]
fn slow_answers_are_rolled_back_in_the_canary() {
    let limit = "[{name: latencyP99, kind: latency, quantile: 0.99, limit: 250ms}]";
    let shadow = "{compare: [{by: class, maxDisagreement: 0.6}], \
                   minDuration: 300ms, minRequests: 4, maxDuration: 60s}";
    let policy = Policy::quick("digits")
        .long_canary(4)
        .with("checks", limit)
        .with("shadow", shadow)
        .with("validation", "{contract: {concurrency: 1}, timeout: 120s}");
    let server = Server::serving("v1", &policy);
    let traffic = Traffic::to(&server, Load::of(40));
    let version = server.push(&slow(&server, Slowness::Measured), "digits");
    let id = server.start_rollout(version);

    server.until_stage(id, "canary");
    let watch = ["rollout", "watch", &id.to_string(), "--timeout", "60s"];
    server.cli(&watch).expect(6);

    assert_eq!(server.path_taken(id).last().unwrap(), "rolling_back>rolled_back");
    assert!(server.path_taken(id).contains(&"canary>rolling_back".to_owned()));
    let explained = server.explain(id);
    let check = check(&explained, "latencyP99");
    assert_eq!((&check["verdict"], &check["limit"]), (&"fail".into(), &"limit 250 ms".into()));
    assert!(check["candidate"].as_f64().unwrap() >= 300.0, "{check:#}");
    assert_names(&explained["summary"], &["latencyP99", "250 ms"]);
    assert!(traffic.stop().iter().all(|answer| matches!(answer.outcome, Outcome::Served { .. })));
}

#[test]
fn failures_that_the_holdout_does_not_know_are_rolled_back_in_the_canary() {
    let holdout = concat!(env!("CARGO_MANIFEST_DIR"), "/demo/data/holdout.csv");
    let errors = "[{name: errorRate, kind: errors, margin: {absolute: 0.01}}]";
    // What it cannot answer is told apart in the shadow, where a person lets it pass.
    let shadow = "{compare: [{by: class, maxDisagreement: 0.01}], \
                   minDuration: 300ms, minRequests: 200, maxDuration: 60s}";
    let policy = Policy::quick("digits").long_canary(20).with("checks", errors);
    let policy = policy.with("shadow", shadow);
    let server = Server::serving("v1", &policy);
    let push = ["dataset", "push", holdout, "--name", "holdout", "--label", "label"];
    server.cli(&push).expect(0);
    let metrics = "metrics: [{name: accuracy, maxDrop: 0.03}]";
    let validation = format!("{{holdout: {{dataset: holdout@1, {metrics}}}, timeout: 60s}}");
    server.apply(&policy.with("validation", &validation));
    let load = Load { per_second: 200, failing_permille: 50, feedback: Feedback::None };
    let traffic = Traffic::to(&server, load);

    let id = server.roll_out("flaky");
    server.until_overlay(id, "paused(divergence)");
    server.cli(&["rollout", "approve", "digits"]).expect(0);
    server.until_stage(id, "canary");
    server.cli(&["rollout", "watch", &id.to_string(), "--timeout", "60s"]).expect(6);

    assert!(server.path_taken(id).contains(&"canary>rolling_back".to_owned()));
    let explained = server.explain(id);
    let check = check(&explained, "errorRate");
    assert_eq!((&check["verdict"], &check["limit"]), (&"fail".into(), &"margin +1 %".into()));
    let (candidate, incumbent) = (&check["candidate"], &check["incumbent"]);
    assert!(candidate.as_f64().unwrap() > 0.0, "{check:#}");
    assert_eq!(incumbent.as_f64(), Some(0.0), "{check:#}");
    assert_names(&explained["summary"], &["errorRate", "margin +1 %"]);
    let passed = explained["validation"]["summary"].as_str().unwrap();
    assert!(passed.contains("n=359"), "the holdout was evaluated, and passed: {passed}");
    // The incumbent answered what the candidate could not.
    assert!(traffic.stop().iter().all(|answer| matches!(answer.outcome, Outcome::Served { .. })));
}
