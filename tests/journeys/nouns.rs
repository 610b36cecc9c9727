//! Every noun answers programs in JSON, and people who ask for help.

use crate::harness::{Policy, Server, cli, fixture};
use serde_json::Value;
use std::path::Path;

fn json(server: &Server, words: &[&str]) -> Value {
    let mut words = words.to_vec();
    words.extend(["-o", "json"]);
    server.cli(&words).expect(0).json()
}

#[test]
fn models_and_datasets_are_told_in_json() {
    let server = Server::start();
    server.push(&fixture("v1"), "digits");
    server.push(&fixture("v4"), "digits");
    let models = json(&server, &["model", "list"]);
    assert_eq!((&models[0]["name"], &models[0]["latest"]), (&"digits".into(), &2.into()));
    let versions = json(&server, &["model", "list", "digits"]);
    assert_eq!(versions.as_array().map(Vec::len), Some(2), "{versions:#}");
    let newest = json(&server, &["model", "show", "digits"]);
    assert_eq!((&newest["model"], &newest["version"]), (&"digits".into(), &2.into()));
    let diff = json(&server, &["model", "diff", "digits", "1", "2"]);
    assert_eq!(diff["files"][0]["change"], "removed", "{diff:#}");
    let verified = json(&server, &["model", "verify", "digits", "1"]);
    assert_eq!(verified["files"][0]["state"], "intact", "{verified:#}");
    assert_eq!(json(&server, &["model", "list", "--quarantined"]), Value::Array(Vec::new()));

    let holdout = Path::new(env!("CARGO_MANIFEST_DIR")).join("demo/data/holdout.csv");
    let holdout = holdout.display().to_string();
    let push = ["dataset", "push", &holdout, "--name", "holdout", "--label", "label"];
    let pushed = json(&server, &push);
    assert_eq!((&pushed["rows"], &pushed["label"]), (&359.into(), &"label".into()));
    assert_eq!(json(&server, &["dataset", "list"])[0], pushed);
    assert_eq!(json(&server, &["dataset", "show", "holdout@1"]), pushed);
}

#[test]
fn policies_and_endpoints_are_told_in_json() {
    let policy = Policy::quick("digits").with("concurrency", "{onSameArtifact: rollout}");
    let server = Server::serving("v1", &policy);
    let policies = json(&server, &["policy", "show"]);
    assert_eq!(policies[0]["endpoint"], "digits", "{policies:#}");
    let text = json(&server, &["policy", "show", "digits-policy"])["text"].clone();
    assert_eq!(text, policy.yaml());
    let endpoints = json(&server, &["endpoint", "list"]);
    assert_eq!(endpoints[0]["serving"], "digits/v1", "{endpoints:#}");
    let set = ["endpoint", "set", "digits", "--deadline", "2s", "--max-body", "1MiB"];
    let settings = json(&server, &set);
    assert_eq!(
        (&settings["deadline_ms"], &settings["max_body"]),
        (&2000.into(), &1_048_576.into())
    );
    assert_eq!(json(&server, &["endpoint", "show", "digits"]), settings);

    // The same bytes as serve already: this policy wants them all the same.
    assert_eq!(server.rollout(server.start_rollout(1))["attempt"], 2);
    server.cli(&["rollout", "abort", "digits", "--reason", "seen", "--wait"]).expect(9);
    server.apply(&Policy::quick("digits"));
    let same = json(&server, &["rollout", "start", "digits", "1"]);
    assert_eq!(same["outcome"], "same_artifact", "{same:#}");
}

#[test]
fn a_healthy_machine_passes_its_doctor() {
    let server = Server::start();
    let data = server.data().display().to_string();
    let findings = json(&server, &["doctor", "--data", &data]);
    let of = |check: &str| {
        let findings = findings.as_array().unwrap();
        findings.iter().find(|found| found["check"] == check).unwrap()["state"].clone()
    };
    assert_eq!((of("server"), of("data directory")), ("well".into(), "well".into()));
}

#[test]
fn completions_know_the_verbs() {
    for shell in ["bash", "zsh", "fish"] {
        let script = cli(&["completions", shell]).expect(0).stdout;
        for verb in ["serve", "rollout", "rollback", "completions", "explain", "verify"] {
            assert!(script.contains(verb), "{shell}: {verb}");
        }
    }
}
