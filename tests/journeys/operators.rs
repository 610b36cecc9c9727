//! People at work: pausing, resuming, and two of them at once.

use crate::harness::{Load, Outcome, PATIENCE, Policy, Server, Traffic, eventually};
use serde_json::{Value, json};

#[test]
fn a_paused_rollout_keeps_its_share_until_it_is_resumed() {
    let canary = "{share: 30, minDuration: 1s, maxDuration: 60s}";
    let server = Server::serving("v1", &Policy::quick("digits").with("canary", canary));
    let traffic = Traffic::to(&server, Load::of(150));
    let id = server.roll_out("v4");
    server.until_stage(id, "canary");

    server.cli(&["rollout", "pause", "digits", "--reason", "lunch"]).expect(0);

    // Far more than the gate asks for, and longer.
    traffic.until_served_by(2, 150);
    let paused = server.rollout(id);
    assert_eq!((&paused["stage"], &paused["share"]), (&"canary".into(), &3000.into()));
    assert_eq!(paused["overlays"], json!(["paused(operator)"]));
    server.cli(&["rollout", "pause", "digits", "--reason", "again"]).expect(5);

    server.cli(&["rollout", "resume", "digits", "--wait"]).expect(0);

    assert_eq!(server.rollout(id)["stage"], "completed");
    server.cli(&["rollout", "resume", "digits"]).expect(5);
    assert!(traffic.stop().iter().all(|answer| matches!(answer.outcome, Outcome::Served { .. })));
}

#[test]
fn the_second_of_two_operators_is_told_that_it_changed_meanwhile() {
    let server = Server::serving("v1", &Policy::quick("digits").long_canary(30));
    let _traffic = Traffic::to(&server, Load::of(100));
    let id = server.roll_out("v4");
    let epoch = server.until_stage(id, "canary")["epoch"].clone();
    // Both look at the same state, and both act on it.
    let revision = eventually("the epoch is acknowledged", PATIENCE, || {
        let acknowledged =
            |row: &Value| row["event"] == "acknowledged" && row["entry"]["epoch"] == epoch;
        let settled = server.history(id).iter().any(acknowledged);
        settled.then(|| server.rollout(id)["revision"].as_u64()).flatten()
    });
    let text = revision.to_string();

    let pause = ["rollout", "pause", "digits", "--reason", "first", "--if-revision", &text];
    server.cli_as("ada", &pause).expect(0);

    let abort = ["rollout", "abort", "digits", "--reason", "second", "--if-revision", &text];
    let refused = server.cli_as("grace", &abort).expect(5);
    assert!(refused.stderr.contains("changed meanwhile"), "{refused:#?}");
    let command = json!({"command": "abort", "reason": "second"});
    let refused = server.say_if(id, revision, &command);
    assert_eq!(refused.status, 412, "{refused:#?}");
    assert_eq!(refused.body["type"], "urn:seatrial:problem:stale");
    let now = server.rollout(id);
    assert_eq!((&now["stage"], &now["share"]), (&"canary".into(), &3000.into()));

    let now = now["revision"].as_u64().unwrap();
    assert_eq!(server.say_if(id, now, &command).status, 200);
    server.until_stage(id, "aborted");
}

#[test]
fn a_gate_is_overridden_with_a_reason_that_is_journalled() {
    let server = Server::serving("v1", &Policy::quick("digits").long_canary(30));
    let traffic = Traffic::to(&server, Load::of(150));
    let id = server.roll_out("v4");
    server.until_stage(id, "canary");
    server.cli(&["rollout", "promote", "digits"]).expect(2);

    let promote = ["rollout", "promote", "digits", "--reason", "the board wants it", "--wait"];
    server.cli(&promote).expect(0);

    let left = server
        .history(id)
        .into_iter()
        .find(|row| row["entry"]["from"] == "canary" && row["entry"]["to"] != "canary");
    let what = left.expect("the canary was left")["what"].as_str().unwrap().to_owned();
    assert!(what.contains("overridden: the board wants it"), "{what}");
    assert!(traffic.stop().iter().all(|answer| matches!(answer.outcome, Outcome::Served { .. })));
}
