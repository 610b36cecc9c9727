//! The server is killed without warning in every stage, and started again: it goes on where its
//! journal stands, and never gives the candidate more than was committed.

mod asking;
mod brief;
/// Other processors divide by zero and go on.
#[cfg(target_arch = "x86_64")]
mod fatal;
mod guardrail;
mod registry;

use crate::endings::WHOLE_WAY;
use crate::harness::{
    Answer, Load, Outcome, Policy, Server, Traffic, assert_never_above_the_committed_share,
    fixture, now,
};
use serde_json::Value;

/// Lets validation take two seconds, so that it can be met.
const COMMANDS: &str = "[commands.linger]\nargv = [\"sleep\", \"2\"]\n";

/// Microseconds at which the rollout left `stage`.
fn left_at(server: &Server, id: u64, stage: &str) -> i64 {
    let leaves =
        |row: &&Value| row["entry"]["from"] == stage && row["entry"]["to"] != row["entry"]["from"];
    let rows = server.history(id);
    let at = rows.iter().find(leaves).expect("it was left")["at"].clone();
    let at: jiff::Timestamp = at.as_str().unwrap().parse().unwrap();
    at.as_microsecond()
}

/// Kills the server once the rollout is in `stage`, and expects it to complete all the same.
fn killed_in(stage: &str, policy: &Policy) {
    let mut server = Server::start_with(COMMANDS).with_first("v1", &Policy::quick("digits"));
    server.apply(policy);
    let traffic = Traffic::to(&server, Load::of(150));
    let id = server.roll_out("v4");
    server.until_stage(id, stage);
    server.kill9();
    let killed_at = now();
    server.restart();

    server.until_stage(id, "completed");

    assert!(left_at(&server, id, stage) > killed_at, "it was killed in {stage}");
    assert_eq!(server.path_taken(id), WHOLE_WAY);
    assert_eq!(server.serving_version(), "digits/v2");
    traffic.until_served_by(2, 50);
    let answers = traffic.stop();
    let refused = answers.iter().find(|a| matches!(a.outcome, Outcome::Refused { .. }));
    assert!(refused.is_none(), "requests are lost with the process, never refused: {refused:?}");
    assert_never_above_the_committed_share(&server, id, &answers);
    server.assert_journal_verifies();
    // The shadow, the canary and the ramp were left by one each, some before the kill.
    server.assert_verdicts_derive_again(id, 3);
}

#[test]
fn killed_in_staging_it_stages_anew() {
    killed_in("staging", &Policy::quick("digits").with("staging", "{warmup: 100000}"));
}

#[test]
fn killed_in_validating_it_validates_anew() {
    let policy = Policy::quick("digits");
    killed_in("validating", &policy.with("validation", "{command: linger, timeout: 60s}"));
}

#[test]
fn killed_in_the_shadow_it_compares_on() {
    let shadow = "{compare: [{by: class, maxDisagreement: 0.9}], \
                   minDuration: 1500ms, minRequests: 30, maxDuration: 60s}";
    killed_in("shadow", &Policy::quick("digits").with("shadow", shadow));
}

#[test]
fn killed_in_the_canary_it_keeps_the_share() {
    let canary = "{share: 20, minDuration: 1500ms, maxDuration: 60s}";
    killed_in("canary", &Policy::quick("digits").with("canary", canary));
}

#[test]
fn killed_in_the_ramp_it_keeps_the_share() {
    let ramp = "[{share: 50, minDuration: 1500ms, maxDuration: 60s}]";
    killed_in("ramp", &Policy::quick("digits").with("ramp", ramp));
}

#[test]
fn killed_after_the_cutover_it_serves_the_candidate() {
    killed_in("stabilizing", &Policy::quick("digits").with("stability", "{duration: 1500ms}"));
}

#[track_caller]
fn assert_none_of_candidate_after(at: i64, answers: &[Answer]) {
    let candidate = Outcome::Served { version: 2 };
    let back = answers.iter().find(|answer| answer.at > at && answer.outcome == candidate);
    assert!(back.is_none(), "the candidate came back: {back:?}");
}

#[test]
fn killed_while_decommissioning_waits_it_waits_on() {
    let mut server = Server::serving("v1", &Policy::quick("digits"));
    // Another endpoint answers with the same version: it cannot be retired before that one goes.
    server.apply(&Policy::quick("other"));
    let other = ["rollout", "start", "digits", "1", "--endpoint", "other", "--bootstrap", "--wait"];
    server.cli(&other).expect(0);
    let traffic = Traffic::to(&server, Load::of(150));
    let id = server.roll_out("v4");
    server.until_overlay(id, "held(referenced)");
    assert_eq!(server.rollout(id)["stage"], "decommissioning");
    server.kill9();
    server.restart();

    traffic.until_served_by(2, 50);
    let held = server.until_overlay(id, "held(referenced)");
    assert_eq!((&held["stage"], &held["share"]), (&"decommissioning".into(), &10_000.into()));
    let said = server.explain(id)["summary"].as_str().unwrap().to_owned();
    assert!(said.contains("endpoint other answers with"), "the referrer is named: {said}");
    server.cli(&["rollback", "digits", "--wait"]).expect(6);
    assert_eq!(server.serving_version(), "digits/v1");
    traffic.until_served_by(1, 50);
    assert_never_above_the_committed_share(&server, id, &traffic.stop());
    server.assert_journal_verifies();
}

#[test]
fn a_rollback_that_was_acknowledged_outlives_the_process() {
    let mut server = Server::serving("v1", &Policy::quick("digits").long_canary(50));
    let traffic = Traffic::to(&server, Load::of(150));
    let id = server.roll_out("v4");
    server.until_stage(id, "canary");
    traffic.until_served_by(2, 20);
    let answer = server.post("/endpoints/digits/rollback", &serde_json::json!({}));
    server.kill9();
    let killed_at = now();
    assert_eq!(answer.status, 200, "{answer:#?}");
    server.restart();

    server.until_stage(id, "rolled_back");

    traffic.until_served_by(1, 100);
    assert_none_of_candidate_after(killed_at, &traffic.stop());
    assert_eq!(server.serving_version(), "digits/v1");
    server.assert_journal_verifies();
}

#[test]
fn a_queue_outlives_the_process() {
    let mut server = Server::serving("v1", &Policy::quick("digits").long_canary(30));
    let traffic = Traffic::to(&server, Load::of(150));
    let first = server.roll_out("v2");
    server.until_stage(first, "canary");
    server.apply(&Policy::quick("digits"));
    let waiting = server.start_rollout(server.push(&fixture("v4"), "digits"));
    server.kill9();
    server.restart();
    assert_eq!(server.rollout(waiting)["stage"], "queued");

    server.cli(&["rollback", "digits", "--wait"]).expect(6);

    server.until_stage(waiting, "completed");
    drop(traffic);
    assert_eq!(server.serving_version(), "digits/v3");
}
