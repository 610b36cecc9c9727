//! A candidate that ends the process with certain requests: what is lost each time counts against it.

use crate::harness::{Load, PATIENCE, Policy, Server, Traffic, eventually};

/// More than are needed: three of the candidate's and none of the incumbent's would do.
const CRASHES_MAX: usize = 12;

/// Waits for the process to end, or for the rollout to leave the canary; whether it was the first.
fn ends(server: &mut Server, id: u64) -> bool {
    eventually("it ends, or rolls back", PATIENCE, || {
        if server.has_ended() {
            return Some(true);
        }
        let rollout = server.api().get(&server.url(&format!("/rollouts/{id}")))?;
        (rollout.status == 200 && rollout.body["stage"] != "canary").then_some(false)
    })
}

#[test]
fn a_candidate_that_kills_its_process_again_and_again_is_rolled_back() {
    let errors = "[{name: errorRate, kind: errors, margin: {absolute: 0.01}}]";
    let policy = Policy::quick("digits").long_canary(20).with("checks", errors);
    let mut server = Server::serving("v1", &policy);
    let traffic = Traffic::to(&server, Load::of(100));
    let id = server.roll_out("fatal");
    server.until_stage(id, "canary");
    traffic.until_served_by(2, 20);

    let mut crashes = 0;
    traffic.fail(1000);
    while ends(&mut server, id) && crashes < CRASHES_MAX {
        crashes += 1;
        traffic.fail(0);
        server.restart();
        traffic.until_served_by(1, 50);
        traffic.fail(1000);
    }

    server.until_stage(id, "rolled_back");
    assert!(crashes > 1, "one crash is no evidence");
    let explained = server.explain(id);
    let checks = explained["verdict"]["checks"].as_array().expect("a verdict has checks");
    let check = checks.iter().find(|check| check["name"] == "errorRate").expect("its check");
    assert_eq!(check["verdict"], "fail", "{check:#}");
    drop(traffic);
    server.assert_journal_verifies();
    server.assert_verdicts_derive_again(id, 2);
}
