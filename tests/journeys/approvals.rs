//! Gates that a person opens.

use crate::harness::{Load, Policy, Server, Traffic};

fn policy(approval: &str) -> Policy {
    let canary = "{share: 20, minDuration: 300ms, maxDuration: 60s, gate: approval}";
    Policy::quick("digits").with("canary", canary).with("ramp", "[]").with("approval", approval)
}

#[test]
fn an_approved_gate_is_left_and_the_rollout_completes() {
    let server = Server::serving("v1", &policy("{count: 2, expiresAfter: 60s}"));
    let _traffic = Traffic::to(&server, Load::of(150));
    let id = server.roll_out("v4");
    let watch = ["rollout", "watch", &id.to_string(), "--timeout", "60s"];
    server.cli(&watch).expect(7);
    assert_eq!(server.rollout(id)["stage"], "canary");

    server.cli_as("ada", &["rollout", "approve", "digits", "--reason", "seen it"]).expect(0);
    server.cli_as("ada", &["rollout", "approve", "digits"]).expect(5);
    assert_eq!(server.rollout(id)["stage"], "canary", "two people are needed");
    server.cli_as("grace", &["rollout", "approve", "digits", "--wait"]).expect(0);

    assert_eq!(server.rollout(id)["stage"], "completed");
    let actors: Vec<_> = server
        .history(id)
        .iter()
        .filter(|row| row["event"] == "approve")
        .map(|row| row["actor"].as_str().unwrap().to_owned())
        .collect();
    assert!(actors[0].contains("ada") && actors[1].contains("grace"), "{actors:?}");
    let history = server.cli(&["rollout", "history", "digits"]).expect(0);
    assert!(history.stdout.contains("approved by ada: 1 of 2: seen it"), "{history:#?}");
    assert!(actors[0].contains("unverified"), "nothing proves who it was: {actors:?}");
}

#[test]
fn an_approval_that_nobody_gives_expires_and_promotes_nothing() {
    let server = Server::serving("v1", &policy("{expiresAfter: 1s}"));
    let _traffic = Traffic::to(&server, Load::of(150));
    let id = server.roll_out("v4");

    server.until_overlay(id, "paused(approval_expired)");

    server.cli(&["rollout", "watch", &id.to_string()]).expect(8);
    let paused = server.rollout(id);
    assert_eq!((&paused["stage"], &paused["share"]), (&"canary".into(), &2000.into()));
    server.cli(&["rollout", "approve", "digits"]).expect(5);
    server.cli(&["rollout", "resume", "digits"]).expect(0);
    server.until_overlay(id, "awaiting_approval");
    server.cli(&["rollout", "approve", "digits", "--wait"]).expect(0);
    assert_eq!(server.serving_version(), "digits/v2");
}

#[test]
fn a_divergence_waits_for_a_person_and_an_accepted_one_goes_on() {
    let shadow = "{compare: [{by: class, maxDisagreement: 0.001}], \
                   minDuration: 300ms, minRequests: 200, maxDuration: 60s}";
    let server = Server::serving("v1", &Policy::quick("digits").with("shadow", shadow));
    let traffic = Traffic::to(&server, Load::of(150));
    let id = server.roll_out("v4");

    server.cli(&["rollout", "watch", &id.to_string(), "--timeout", "60s"]).expect(7);

    server.until_overlay(id, "paused(divergence)");
    let explained = server.explain(id);
    assert!(explained["shadow"]["mirror"]["offered"].as_u64().unwrap() >= 200, "{explained:#}");
    let of_candidate = traffic
        .answers()
        .iter()
        .filter(|a| matches!(a.outcome, crate::harness::Outcome::Served { version: 2 }))
        .count();
    assert_eq!(of_candidate, 0, "a shadow answers no client");
    server.cli(&["rollout", "approve", "digits", "--wait"]).expect(0);
    assert_eq!(server.rollout(id)["stage"], "completed");
}
