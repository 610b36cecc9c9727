//! Killed while a person is asked: the question stands, and nothing goes on without the answer.

use crate::harness::{
    Load, Policy, Rows, Server, Traffic, assert_never_above_the_committed_share, fixture,
};

#[test]
fn killed_while_a_person_is_asked_it_asks_on() {
    let canary = "{share: 20, minDuration: 300ms, maxDuration: 60s, gate: approval}";
    let policy = Policy::quick("digits").with("canary", canary).with("ramp", "[]");
    let mut server = Server::serving("v1", &policy);
    let traffic = Traffic::to(&server, Load::of(150));
    let id = server.roll_out("v4");
    server.until_overlay(id, "awaiting_approval");
    server.kill9();
    server.restart();

    let asking = server.until_overlay(id, "awaiting_approval");
    assert_eq!((&asking["stage"], &asking["share"]), (&"canary".into(), &2000.into()));
    traffic.until_served_by(2, 20);
    server.cli(&["rollout", "approve", "digits", "--wait"]).expect(0);

    assert_eq!(server.serving_version(), "digits/v2");
    assert_never_above_the_committed_share(&server, id, &traffic.stop());
    server.assert_journal_verifies();
}

#[test]
fn killed_before_its_first_version_is_approved_it_serves_nobody_and_asks_on() {
    let mut server = Server::start();
    server.push(&fixture("v1"), "digits");
    server.apply(&Policy::quick("digits"));
    server.cli(&["rollout", "start", "digits", "1", "--wait"]).expect(7);
    server.kill9();
    server.restart();

    let (infer, request) = (server.v2("/models/digits/infer"), Rows::live().json(0));
    assert_eq!(server.api().post(&infer, &request).status, 503);
    server.cli(&["rollout", "approve", "digits", "--wait"]).expect(0);

    let answer = server.api().post(&infer, &request);
    assert_eq!((answer.status, answer.version), (200, Some(1)), "{answer:#?}");
    server.assert_journal_verifies();
}
