//! Killed after a guardrail tripped: the share stays zero, and the cause is remembered.

use super::assert_none_of_candidate_after;
use crate::guardrails;
use crate::harness::{Load, Server, StoreLock, Traffic, now, variant};

#[test]
fn killed_in_an_incident_the_share_stays_zero() {
    let mut server = Server::serving("flaky", &guardrails::policy());
    let traffic = Traffic::to(&server, Load::of(150));
    let version = server.push(&variant(&server, "flaky", "other"), "digits");
    let id = server.start_rollout(version);
    server.until_stage(id, "canary");
    // Ten seconds of both arms: a guardrail compares what is bad within that window.
    traffic.until_served_by(2, 500);
    traffic.fail(1000);
    server.until_overlay(id, "paused(incident)");
    server.kill9();
    let killed_at = now();
    traffic.fail(0);
    server.restart();

    traffic.until_served_by(1, 200);

    let paused = server.rollout(id);
    assert_eq!((&paused["stage"], &paused["share"]), (&"canary".into(), &0.into()));
    assert_none_of_candidate_after(killed_at, &traffic.stop());
}

#[test]
fn killed_between_a_guardrails_latch_and_its_commit_it_rolls_back_for_that_guardrail() {
    let mut server = Server::serving("v1", &guardrails::policy());
    let traffic = Traffic::to(&server, Load::of(150));
    let id = server.roll_out("flaky");
    server.until_stage(id, "canary");
    traffic.until_served_by(2, 20);
    let lock = StoreLock::on(&server);
    traffic.fail(1000);
    let held = server.until_overlay(id, "held(storage)");
    assert_eq!(held["stage"], "canary", "what is stored still stands: {held:#}");
    server.kill9();
    let killed_at = now();
    traffic.fail(0);
    lock.release();
    server.restart();

    server.until_stage(id, "rolled_back");

    let reason = server.rollout(id)["reason"].as_str().unwrap().to_owned();
    assert!(reason.starts_with("guardrail consecutiveErrors: candidate "), "{reason}");
    traffic.until_served_by(1, 50);
    assert_none_of_candidate_after(killed_at, &traffic.stop());
    server.assert_journal_verifies();
}
