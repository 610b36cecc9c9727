//! Live traffic told apart by what clients send, from the request to what `explain` says.

use crate::harness::{Feedback, Load, PATIENCE, Policy, Server, Traffic, eventually};
use serde_json::Value;
use std::collections::BTreeSet;

#[test]
fn live_units_and_their_labels_are_judged_by_what_clients_send() {
    let analysis = "{minUnits: 30, unitWindow: 0s, look: {growth: 0.01, every: 200ms}, \
        slices: [{key: header:x-client, values: [mobile, tablet], enforce: true}, header:x-user-agent]}";
    let checks = "[{name: errorRate, kind: errors, margin: {absolute: 0.2}, weight: 0.5}, \
        {name: correct, kind: feedback, metric: correct, margin: {absolute: 0.2}}]";
    let policy = Policy::quick("digits").long_canary(50).with("analysis", analysis);
    let server = Server::serving("v1", &policy.with("checks", checks));
    let load = Load { per_second: 150, failing_permille: 0, feedback: Feedback::Correct };
    let traffic = Traffic::to(&server, load);
    let id = server.roll_out("v4");
    server.until_stage(id, "canary");

    let verdict = eventually("both checks have units of mobile clients", PATIENCE, || {
        let verdict = server.explain(id)["verdict"].clone();
        let ranked = |check: &str| ranked(&verdict, check).contains(&label("x-client", "mobile"));
        (ranked("errorRate") && ranked("correct")).then_some(verdict)
    });
    traffic.stop();

    let reports = verdict["checks"].as_array().unwrap();
    let of_mobile = |check: &str| {
        let name = format!("{check}[x-client=mobile]");
        reports.iter().find(|report| report["name"] == name.as_str()).unwrap()
    };
    for check in ["errorRate", "correct"] {
        let (whole, mobile) = (named(reports, check), of_mobile(check));
        let total = |report: &Value| report["counts"]["candidate_total"].as_u64().unwrap();
        // One request in four is of a mobile client.
        assert!((1..total(whole)).contains(&total(mobile)), "{verdict:#}");
        assert!(mobile["fail_at"].as_f64() > whole["fail_at"].as_f64(), "{verdict:#}");
    }
    assert!(ranked(&verdict, "errorRate").contains(&label("x-user-agent", "(none)")));
}

fn label(column: &str, value: &str) -> (String, String) {
    (column.to_owned(), value.to_owned())
}

fn ranked(verdict: &Value, check: &str) -> BTreeSet<(String, String)> {
    let ranking = verdict["ranking"].as_array().map(Vec::as_slice).unwrap_or_default();
    let of_check = ranking.iter().filter(|one| one["check"] == check);
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    of_check.map(|one| (text(&one["column"]), text(&one["value"]))).collect()
}

fn named<'a>(reports: &'a [Value], name: &str) -> &'a Value {
    reports.iter().find(|report| report["name"] == name).unwrap()
}
