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

#[test]
fn a_candidate_whose_visitors_never_buy_is_rolled_back_by_any_of_their_requests() {
    let checks = "[{name: errorRate, kind: errors, margin: {absolute: 0.2}, weight: 0.5}, \
        {name: bought, kind: feedback, metric: bought, margin: {absolute: 0.1}, perUnit: any}]";
    let analysis = "{minUnits: 30, unitWindow: 500ms, look: {growth: 0.01, every: 200ms}}";
    let policy = Policy::quick("digits").with("checks", checks).with("analysis", analysis);
    let policy = policy
        .with("canary", "{share: 50, minDuration: 1s, maxDuration: 60s}")
        .with("ramp", "[]")
        .with("stability", "{duration: 1s}");
    let server = Server::serving("v1", &policy);
    let load = Load { per_second: 150, failing_permille: 0, feedback: Feedback::Bought };
    let traffic = Traffic::to(&server, load);
    let id = server.roll_out("v4");
    server.until_stage(id, "rolled_back");
    drop(traffic);

    let all = server.cli(&["rollout", "explain", "digits", "--all", "-o", "json"]).expect(0).json();
    let last =
        all.as_array().unwrap().iter().rfind(|it| it["verdict"]["decision"]["kind"] == "fail");
    let verdict = &last.unwrap()["verdict"];
    assert_eq!(verdict["decision"]["check"], "bought", "{verdict:#}");
    let reports = verdict["checks"].as_array().unwrap();
    let counts = &reports.iter().find(|report| report["name"] == "bought").unwrap()["counts"];
    let of = |name: &str| counts[name].as_u64().unwrap();
    // One request of each visitor bought nothing: by first requests alone half of them would be bad.
    assert!(of("incumbent_total") > 10 * of("incumbent_bad"), "{counts:#}");
    assert_eq!(of("candidate_total"), of("candidate_bad"), "{counts:#}");
    server.assert_journal_verifies();
}
