//! Several versions for one endpoint: one rollout at a time, in their order.

use crate::harness::{Load, Policy, Server, Traffic, fixture};

#[test]
fn rollouts_of_one_endpoint_take_their_turns() {
    let server = Server::serving("v1", &Policy::quick("digits").long_canary(30));
    let _traffic = Traffic::to(&server, Load::of(100));
    let first = server.roll_out("v2");
    server.until_stage(first, "canary");
    let second = server.roll_out("v4");
    let third = server.roll_out("flaky");
    for waiting in [second, third] {
        assert_eq!(server.rollout(waiting)["stage"], "queued");
    }

    server.cli(&["rollback", "digits", "--wait"]).expect(6);

    server.until(second, "its turn", |rollout| rollout["stage"] != "queued");
    assert_eq!(server.rollout(third)["stage"], "queued");
    // What waits can be given up without disturbing what runs.
    let id = third.to_string();
    server.cli(&["rollout", "abort", &id, "--reason", "not needed", "--wait"]).expect(9);
    server.until_stage(second, "canary");
    assert_eq!(server.path_taken(third), ["queued>aborted"]);
    assert_eq!(server.rollout(second)["incumbent"], 1);
    server.assert_journal_verifies();
}

#[test]
fn a_newer_version_is_turned_away_where_the_policy_says_so() {
    let policy = Policy::quick("digits").with("concurrency", "{onNewerVersion: reject}");
    let server = Server::serving("v1", &policy.long_canary(30));
    let _traffic = Traffic::to(&server, Load::of(100));
    let first = server.roll_out("v4");
    server.until_stage(first, "canary");
    server.push(&fixture("v2"), "digits");

    server.cli(&["rollout", "start", "digits", "3"]).expect(5);

    let all = server.cli(&["rollout", "list", "-o", "json"]).expect(0).json();
    assert_eq!(all.as_array().map(Vec::len), Some(2), "nothing was created: {all:#}");
}

#[test]
fn the_serving_bytes_are_not_rolled_out_again() {
    let server = Server::serving("v1", &Policy::quick("digits"));
    let again = server.push(&fixture("v1"), "digits");
    assert_eq!(again, 1, "the same bytes are the same version");
    let told = server.cli(&["rollout", "start", "digits", "1", "-o", "json"]).expect(0).json();
    assert_eq!(told["outcome"], "same_artifact", "{told:#}");
}
