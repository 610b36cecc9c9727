//! The shadow's own gate: what a slice may stop, and what is kept to be looked at.

use crate::harness::{Feedback, Load, Outcome, Policy, Server, Traffic};
use serde_json::Value;

#[test]
fn a_slice_beyond_its_own_limit_rejects_the_version_and_its_pairs_are_kept_to_look_at() {
    let shadow = "{compare: [{by: class, maxDisagreement: 0.9}, \
                             {output: probabilities, by: numeric, rtol: 0.001, maxExceed: 1.0}], \
                   slices: [{key: header:x-client, maxDisagreement: 0.001}], \
                   minDuration: 300ms, minRequests: 200, maxDuration: 60s, onFail: reject}";
    let server = Server::serving("v1", &Policy::quick("digits").with("shadow", shadow));
    let traffic = Traffic::to(&server, Load::of(150));
    let id = server.roll_out("v4");

    server.cli(&["rollout", "watch", &id.to_string(), "--timeout", "60s"]).expect(6);

    assert_eq!(server.path_taken(id).last().unwrap(), "shadow>rejected");
    let answers = traffic.stop();
    assert!(answers.iter().all(|answer| answer.outcome == Outcome::Served { version: 1 }));
    let explained = server.explain(id);
    let failed = explained["verdict"]["decision"]["check"].as_str().unwrap();
    assert!(failed.contains("[x-client="), "{failed}");
    let slice = check(&explained, failed);
    assert_eq!((&slice["verdict"], &slice["enforced"]), (&"fail".into(), &"yes".into()));
    assert_eq!(check(&explained, "disagreement")["verdict"], "pass");
    let numeric = check(&explained, "numeric disagreement of probabilities");
    assert!(numeric["counts"]["candidate_total"].as_u64().unwrap() >= 200, "{numeric:#}");
    assert!(numeric["counts"]["candidate_bad"].as_u64().unwrap() > 0, "{numeric:#}");

    let examples = explained["shadow"]["examples"].as_array().unwrap();
    assert_eq!(examples.len(), 20, "the first ones, and no more");
    for example in examples {
        assert_ne!(example["incumbent"], example["candidate"], "{example:#}");
        let client = example["slices"]["x-client"].as_str().unwrap();
        assert!(["mobile", "web"].contains(&client), "{example:#}");
    }
}

/// Digits that clients tell afterwards decide which of a pair was right, and all may disagree.
fn shadow_by_labels(min_duration: &str) -> Policy {
    let shadow = format!(
        "{{compare: [{{by: class, maxDisagreement: 0.9}}], labels: {{metric: digit, enforce: true}}, \
          minDuration: {min_duration}, minRequests: 200, maxDuration: 120s, onFail: reject}}"
    );
    Policy::quick("digits").with("shadow", &shadow)
}

const TOLD_DIGITS: Load = Load { per_second: 150, failing_permille: 0, feedback: Feedback::Digit };

#[test]
fn a_candidate_that_is_wrong_where_the_incumbent_is_right_is_rejected_by_what_clients_tell() {
    let server = Server::serving("v1", &shadow_by_labels("10s"));
    let traffic = Traffic::to(&server, TOLD_DIGITS);
    // The network that was exported without its scaler.
    let id = server.roll_out("v3");

    server.cli(&["rollout", "watch", &id.to_string(), "--timeout", "60s"]).expect(6);

    assert_eq!(server.path_taken(id).last().unwrap(), "shadow>rejected");
    let answers = traffic.stop();
    assert!(answers.iter().all(|answer| answer.outcome == Outcome::Served { version: 1 }));
    let explained = server.explain(id);
    let failed = &explained["verdict"]["decision"];
    assert_eq!((&failed["kind"], &failed["check"]), (&"fail".into(), &"paired labels".into()));
    let (wrong_alone, either) = directions(check(&explained, "paired labels"));
    assert!(2 * wrong_alone > either, "{explained:#}");
    // Labels went on to come after the look that decided.
    let labelled = &explained["shadow"]["labelled"];
    assert!(labelled["incumbent_only"].as_u64() >= Some(wrong_alone), "{labelled:#}");
    server.assert_verdicts_derive_again(id, 1);
}

#[test]
fn a_candidate_that_is_right_more_often_passes_the_shadow_by_what_clients_tell() {
    let server = Server::serving("v1", &shadow_by_labels("3s"));
    let traffic = Traffic::to(&server, TOLD_DIGITS);
    let id = server.roll_out("v4");

    server.until_stage(id, "completed");

    drop(traffic);
    let all = server.cli(&["rollout", "explain", "digits", "--all", "-o", "json"]).expect(0).json();
    let mut all = all.as_array().unwrap().iter();
    let left = all.find(|past| past["step"] == "shadow -> canary at 20 %").unwrap();
    let labels = check(left, "paired labels");
    assert_eq!((&labels["verdict"], &labels["enforced"]), (&"inconclusive".into(), &"yes".into()));
    let (wrong_alone, either) = directions(labels);
    assert!(either > 0 && 2 * wrong_alone < either, "{labels:#}");
    server.assert_verdicts_derive_again(id, 3);
}

/// The pairs in which the candidate alone was wrong, of those in which only one was right.
fn directions(labels: &Value) -> (u64, u64) {
    let of = |name: &str| labels["counts"][name].as_u64().unwrap();
    (of("candidate_bad"), of("candidate_total"))
}

fn check<'a>(explained: &'a Value, name: &str) -> &'a Value {
    let checks = explained["verdict"]["checks"].as_array().unwrap();
    let found = checks.iter().find(|check| check["name"] == name);
    found.unwrap_or_else(|| panic!("no check {name}: {explained:#}"))
}
