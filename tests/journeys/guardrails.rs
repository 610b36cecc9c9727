//! Guardrails: limits the gateway enforces by itself, and whom the blame falls on afterwards.

use crate::harness::{Load, Outcome, Policy, Server, Traffic, fixture, variant};

/// The guardrail is to be first: the statistics look on, and do nothing. At half of the traffic
/// both arms have alike many requests when it trips, so that chance blames nobody.
pub(crate) fn policy() -> Policy {
    Policy::quick("digits")
        .long_canary(50)
        // No check is enforced, so a person would have to say go.
        .with("canary", "{share: 50, minDuration: 10m, maxDuration: 20m, gate: approval}")
        .with("analysis", "{minUnits: 30, unitWindow: 0s, dryRun: [errorRate, latencyP90]}")
        .with("guardrails", "[{name: consecutiveErrors, limit: 60}]")
}

#[test]
fn a_candidate_that_fails_alone_is_rolled_back_and_quarantined() {
    let server = Server::serving("v1", &policy());
    let traffic = Traffic::to(&server, Load::of(150));
    let id = server.roll_out("flaky");
    server.until_stage(id, "canary");
    traffic.until_served_by(2, 20);

    traffic.fail(1000);

    server.until_stage(id, "rolled_back");
    let reason = server.rollout(id)["reason"].as_str().unwrap().to_owned();
    assert!(reason.starts_with("guardrail consecutiveErrors: candidate "), "{reason}");
    traffic.fail(0);
    // The incumbent answered every request that the candidate could not.
    assert!(traffic.stop().iter().all(|answer| matches!(answer.outcome, Outcome::Served { .. })));

    let id = id.to_string();
    let refused = server.cli(&["rollout", "retry", &id]).expect(5);
    assert!(refused.stderr.contains("quarantined"), "{refused:#?}");
    assert!(refused.stderr.contains("--override-quarantine"), "the way on is named: {refused:#?}");
    server.cli(&["rollout", "start", "digits", "2"]).expect(5);
    server.cli(&["rollout", "retry", &id, "--override-quarantine"]).expect(2);
    let reason = "the scanner was broken, not the model";
    let retry = ["rollout", "retry", &id, "--override-quarantine", "--reason", reason];
    server.cli(&retry).expect(0);
    let retried = server.cli(&["rollout", "show", "digits", "-o", "json"]).expect(0).json();
    assert_eq!((&retried["attempt"], &retried["candidate"]), (&2.into(), &2.into()));
    let rows = server.cli(&["audit", "--limit", "1000", "-o", "json"]).expect(0);
    assert!(rows.stdout.contains(reason), "the override's reason is journalled");
    server.cli(&["rollout", "abort", "digits", "--reason", "seen enough", "--wait"]).expect(9);
    server.assert_journal_verifies();
}

#[test]
fn an_incident_on_both_arms_takes_the_share_away_and_blames_nobody() {
    let server = Server::serving("flaky", &policy());
    let traffic = Traffic::to(&server, Load::of(150));
    let version = server.push(&variant(&server, "flaky", "other"), "digits");
    let id = server.start_rollout(version);
    server.until_stage(id, "canary");
    // Ten seconds of both arms: a guardrail compares what is bad within that window.
    traffic.until_served_by(2, 500);

    traffic.fail(1000);

    server.until_overlay(id, "paused(incident)");
    let paused = server.rollout(id);
    assert_eq!((&paused["stage"], &paused["share"]), (&"canary".into(), &0.into()), "{paused:#}");
    server.cli(&["rollout", "watch", &id.to_string()]).expect(8);
    traffic.fail(0);
    traffic.until_served_by(1, 100);

    server.cli(&["rollout", "resume", "digits"]).expect(0);

    assert_eq!(server.rollout(id)["share"], 5000, "the share is restored");
    traffic.until_served_by(2, 20);
    let rows = server.cli(&["audit", "--limit", "1000", "-o", "json"]).expect(0);
    assert!(!rows.stdout.contains("quarantine\""), "nobody is to blame");
    server.cli(&["rollout", "abort", "digits", "--reason", "enough", "--wait"]).expect(9);
    server.assert_journal_verifies();
}

#[test]
fn a_candidate_may_be_rolled_out_again_after_an_abort() {
    let server = Server::serving("v1", &Policy::quick("digits").long_canary(30));
    let traffic = Traffic::to(&server, Load::of(150));
    let version = server.push(&fixture("v4"), "digits");
    let id = server.start_rollout(version);
    server.until_stage(id, "canary");
    server.cli(&["rollout", "retry", &id.to_string()]).expect(5);
    server.cli(&["rollout", "abort", "digits", "--reason", "not today", "--wait"]).expect(9);
    server.apply(&Policy::quick("digits"));

    server.cli(&["rollout", "retry", &id.to_string(), "--wait"]).expect(0);

    let retried = server.cli(&["rollout", "show", "digits", "-o", "json"]).expect(0).json();
    assert_eq!((&retried["attempt"], &retried["stage"]), (&2.into(), &"completed".into()));
    assert!(traffic.stop().iter().all(|answer| matches!(answer.outcome, Outcome::Served { .. })));
}
