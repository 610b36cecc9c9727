//! The shadow's own gate: what a slice may stop, and what is kept to be looked at.

use crate::harness::{Load, Outcome, Policy, Server, Traffic};
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

fn check<'a>(explained: &'a Value, name: &str) -> &'a Value {
    let checks = explained["verdict"]["checks"].as_array().unwrap();
    let found = checks.iter().find(|check| check["name"] == name);
    found.unwrap_or_else(|| panic!("no check {name}: {explained:#}"))
}
