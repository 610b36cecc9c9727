//! The ends of a voyage that people or time bring about.

use crate::harness::{
    Feedback, Load, Outcome, Policy, Server, Traffic, assert_never_above_the_committed_share,
    fixture,
};

/// Every step of a voyage that completes.
pub(crate) const WHOLE_WAY: [&str; 9] = [
    "queued>staging",
    "staging>validating",
    "validating>shadow",
    "shadow>canary",
    "canary>ramp",
    "ramp>cutover",
    "cutover>stabilizing",
    "stabilizing>decommissioning",
    "decommissioning>completed",
];

#[test]
fn a_good_candidate_goes_through_every_stage_and_completes() {
    let checks = "[{name: errorRate, kind: errors, margin: {absolute: 0.2}}, \
                   {name: latencyP90, kind: latency, quantile: 0.9, limit: 250ms}, \
                   {name: correct, kind: feedback, metric: correct, margin: {absolute: 0.2}}]";
    let server = Server::serving("v1", &Policy::quick("digits").with("checks", checks));
    let load = Load { per_second: 150, failing_permille: 0, feedback: Feedback::Correct };
    let traffic = Traffic::to(&server, load);
    let version = server.push(&fixture("v4"), "digits").to_string();

    let start = ["rollout", "start", "digits", &version, "--wait", "--timeout", "60s"];
    server.cli(&start).expect(0);

    let rollout = server.cli(&["rollout", "show", "digits", "-o", "json"]).expect(0).json();
    let id = rollout["id"].as_u64().unwrap();
    assert_eq!(server.path_taken(id), WHOLE_WAY);
    assert_eq!(server.serving_version(), "digits/v2");
    let champion = server.get("/models/digits")["aliases"]["champion"].clone();
    assert_eq!(champion, 2, "the alias moves with the endpoint");

    traffic.until_served_by(2, 50);
    let tally = traffic.tally();
    assert_eq!((tally.refused, tally.lost), (0, 0), "no client failed: {tally:?}");
    assert!(tally.labelled > 100, "the labels found their requests: {tally:?}");
    let answers = traffic.stop();
    assert_never_above_the_committed_share(&server, id, &answers);
    assert_eq!(answers.last().unwrap().outcome, Outcome::Served { version: 2 });
    server.assert_journal_verifies();
}

#[test]
fn a_person_can_abort_and_the_incumbent_serves_on() {
    let server = Server::serving("v1", &Policy::quick("digits").long_canary(50));
    let traffic = Traffic::to(&server, Load::of(100));
    let id = server.roll_out("v4");
    server.until_stage(id, "canary");
    traffic.until_served_by(2, 10);

    let abort = ["rollout", "abort", "digits", "--reason", "second thoughts", "--wait"];
    server.cli(&abort).expect(9);

    assert_eq!(server.rollout(id)["stage"], "aborted");
    assert_eq!(server.rollout(id)["share"], 0);
    assert_eq!(server.explain(id)["summary"], "aborted: second thoughts");
    assert_eq!(server.path_taken(id).last().unwrap(), "rolling_back>aborted");
    assert_eq!(server.serving_version(), "digits/v1");
    traffic.until_served_by(1, 50);
    let last = traffic.stop();
    assert_eq!(last.last().unwrap().outcome, Outcome::Served { version: 1 });
    server.assert_journal_verifies();
}

#[test]
fn a_newer_version_supersedes_the_running_one_where_the_policy_says_so() {
    let policy = Policy::quick("digits").with("concurrency", "{onNewerVersion: supersede}");
    let server = Server::serving("v1", &policy.clone().long_canary(50));
    let traffic = Traffic::to(&server, Load::of(150));
    let older = server.roll_out("v2");
    server.until_stage(older, "canary");
    server.apply(&policy);

    let newer = server.roll_out("v4");

    server.until_stage(older, "superseded");
    let why = server.rollout(older)["reason"].as_str().unwrap().to_owned();
    assert!(why.contains(&format!("rollout {newer}")), "{why}");
    server.cli(&["rollout", "watch", &older.to_string()]).expect(5);
    server.until_stage(newer, "completed");
    assert_eq!(server.serving_version(), "digits/v3");
    assert!(traffic.stop().iter().all(|answer| matches!(answer.outcome, Outcome::Served { .. })));
    server.assert_journal_verifies();
}
