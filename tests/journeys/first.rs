//! The first version of an endpoint: there is nothing to compare with, so a person says yes.

use crate::harness::{Policy, Rows, Server, fixture};

#[test]
fn a_first_version_serves_nobody_until_it_is_approved() {
    let server = Server::start();
    server.push(&fixture("v1"), "digits");
    server.apply(&Policy::quick("digits"));
    server.cli(&["rollout", "start", "digits", "1", "--wait"]).expect(7);
    let (infer, request) = (server.v2("/models/digits/infer"), Rows::live().json(0));
    assert_eq!(server.api().post(&infer, &request).status, 503);

    server.cli(&["rollout", "approve", "digits", "--wait"]).expect(0);

    let answer = server.api().post(&infer, &request);
    assert_eq!((answer.status, answer.version), (200, Some(1)), "{answer:#?}");
    let rollout = server.cli(&["rollout", "show", "digits", "-o", "json"]).expect(0).json();
    assert_eq!(rollout["kind"], "first");
    let id = rollout["id"].as_u64().unwrap();
    assert_eq!(
        server.path_taken(id),
        [
            "queued>staging",
            "staging>validating",
            "validating>cutover",
            "cutover>stabilizing",
            "stabilizing>decommissioning",
            "decommissioning>completed"
        ]
    );
    let skipped = server.history(id).iter().any(|row| {
        row["what"].as_str().is_some_and(|what| what.contains("not applicable: no incumbent"))
    });
    assert!(skipped, "what was skipped is journalled");
    server.assert_journal_verifies();
}

#[test]
fn a_first_version_can_be_approved_beforehand() {
    let server = Server::serving("v1", &Policy::quick("digits"));
    let infer = server.v2("/models/digits/infer");
    let answer = server.api().post(&infer, &Rows::live().json(1));
    assert_eq!((answer.status, answer.version), (200, Some(1)), "{answer:#?}");
    assert_eq!(server.serving_version(), "digits/v1");
    assert_eq!(server.get("/models/digits")["aliases"]["champion"], 1);
}

#[test]
fn a_first_version_that_is_refused_serves_nobody() {
    let server = Server::start();
    server.push(&fixture("v1"), "digits");
    server.apply(&Policy::quick("digits"));
    server.cli(&["rollout", "start", "digits", "1", "--wait"]).expect(7);

    let reject = ["rollout", "reject", "digits", "--reason", "not this one", "--wait"];
    server.cli(&reject).expect(6);

    let infer = server.v2("/models/digits/infer");
    assert_eq!(server.api().post(&infer, &Rows::live().json(0)).status, 503);
    assert_eq!(server.serving_version(), "none");
}
