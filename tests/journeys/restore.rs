//! After a rollout is over: back to a version that is known to be good.

use crate::harness::{Load, Outcome, Policy, Server, Traffic, fixture};

/// A server that went from version 1 to version 2, and retired version 1.
fn completed() -> (Server, Traffic) {
    let server = Server::serving("v1", &Policy::quick("digits"));
    let traffic = Traffic::to(&server, Load::of(150));
    let id = server.roll_out("v4");
    server.until_stage(id, "completed");
    (server, traffic)
}

#[test]
fn an_endpoint_returns_to_its_last_known_good_version_and_forth_again() {
    let (server, traffic) = completed();

    server.cli(&["rollback", "digits", "--reason", "customers complain", "--wait"]).expect(0);

    let restored = server.cli(&["rollout", "show", "digits", "-o", "json"]).expect(0).json();
    assert_eq!((&restored["kind"], &restored["stage"]), (&"restore".into(), &"completed".into()));
    assert_eq!(server.serving_version(), "digits/v1");
    assert_eq!(server.get("/models/digits")["aliases"]["champion"], 1);
    traffic.until_served_by(1, 50);
    assert_eq!(traffic.answers().last().unwrap().outcome, Outcome::Served { version: 1 });

    server.cli(&["rollback", "digits", "--to", "2", "--wait"]).expect(0);

    assert_eq!(server.serving_version(), "digits/v2");
    traffic.until_served_by(2, 50);
    assert!(traffic.stop().iter().all(|answer| matches!(answer.outcome, Outcome::Served { .. })));
    server.assert_journal_verifies();
}

#[test]
fn a_version_that_never_served_cannot_be_restored() {
    let (server, traffic) = completed();
    drop(traffic);
    let never = server.push(&fixture("v2"), "digits").to_string();
    server.cli(&["rollback", "digits", "--to", &never]).expect(5);
    server.cli(&["rollback", "digits", "--to", "99"]).expect(5);
    server.cli(&["rollback", "nothing"]).expect(3);
    assert_eq!(server.serving_version(), "digits/v2");
}
