//! Numbers that clients send: what they are worth decides.

use crate::harness::{Feedback, Load, Policy, Server, Traffic};

#[test]
fn a_candidate_after_which_clients_spend_half_as_much_is_rolled_back() {
    let checks = "[{name: errorRate, kind: errors, margin: {absolute: 0.2}, weight: 0.5}, \
                   {name: revenue, kind: kpi, metric: revenue, margin: {ratio: 0.9}, weight: 0.4}, \
                   {name: predictions, kind: drift, weight: 0.1}]";
    let canary = "{share: 50, minDuration: 300ms, maxDuration: 60s}";
    let policy = Policy::quick("digits").with("checks", checks).with("canary", canary);
    let server = Server::serving("v1", &policy.with("ramp", "[]"));
    let load = Load { per_second: 300, failing_permille: 0, feedback: Feedback::Revenue };
    let traffic = Traffic::to(&server, load);
    let id = server.roll_out("v4");
    server.until_stage(id, "rolled_back");

    let reason = server.rollout(id)["reason"].as_str().unwrap().to_owned();
    assert!(reason.contains("revenue: ") && reason.contains("(margin ×0.9)"), "{reason}");
    assert_eq!(server.serving_version(), "digits/v1");
    let tally = traffic.tally();
    assert_eq!((tally.refused, tally.lost), (0, 0), "no client failed: {tally:?}");
    assert!(tally.labelled > 1_000, "the values found their requests: {tally:?}");
    server.assert_journal_verifies();
}
