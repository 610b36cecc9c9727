//! What is registered, as the command line shows it, and that only sealed bytes are served.

use crate::harness::{Policy, Server, fixture, variant};
use serde_json::json;
use std::path::PathBuf;

/// Where the bytes of a version's model file are.
fn blob(server: &Server, version: u64) -> PathBuf {
    let sealed = server.get(&format!("/models/digits/versions/{version}"));
    let files = sealed["files"].as_array().unwrap();
    let model = files.iter().find(|file| file["path"].as_str().unwrap().ends_with(".onnx"));
    let digest = model.unwrap()["digest"].as_str().unwrap();
    server.data().join("blobs/sha256").join(digest.strip_prefix("sha256:").unwrap())
}

#[test]
fn models_are_shown_compared_and_verified_by_the_command_line() {
    let server = Server::start();
    server.push(&fixture("v1"), "digits");
    server.push(&variant(&server, "v1", "noted"), "digits");
    let shown = server.cli(&["model", "show", "digits", "1"]).expect(0).stdout;
    assert!(shown.contains("image FP32[-1,64]") && shown.contains("sha256:"), "{shown}");
    let diff = server.cli(&["model", "diff", "digits", "1", "2"]).expect(0).stdout;
    assert!(diff.contains("+ note.txt"), "{diff}");
    let verified = server.cli(&["model", "verify", "digits", "2"]).expect(0).stdout;
    assert_eq!(verified.matches("intact").count(), 2, "{verified}");

    std::fs::write(blob(&server, 2), "other bytes").unwrap();
    let broken = server.cli(&["model", "verify", "digits", "2"]).expect(1).stdout;
    assert!(broken.contains("corrupt") && broken.contains("intact"), "{broken}");
}

#[test]
fn datasets_are_listed_and_shown_by_the_command_line() {
    let server = Server::start();
    let file = server.home().join("rows.csv");
    std::fs::write(&file, "x,y\n1,2\n3,4\n").unwrap();
    let path = file.display().to_string();
    server.cli(&["dataset", "push", &path, "--name", "holdout", "--label", "x"]).expect(0);
    let listed = server.cli(&["dataset", "list"]).expect(0).stdout;
    assert!(listed.contains("holdout@1") && listed.contains("csv"), "{listed}");
    let shown = server.cli(&["dataset", "show", "holdout@1", "-o", "json"]).expect(0).json();
    assert_eq!((&shown["columns"], &shown["label"]), (&json!(["x", "y"]), &json!("x")));
    let newest = server.cli(&["dataset", "show", "holdout", "-o", "json"]).expect(0).json();
    assert_eq!(newest, shown);
    server.cli(&["dataset", "show", "holdout@2"]).expect(3);
}

#[test]
fn bytes_that_were_altered_are_never_served() {
    let server = Server::start();
    server.push(&fixture("v1"), "digits");
    server.apply(&Policy::quick("digits"));
    // Another model, whole and loadable: only its digest tells.
    std::fs::copy(fixture("v2"), blob(&server, 1)).unwrap();
    let start = ["rollout", "start", "digits", "1", "--bootstrap", "--wait"];
    let refused = server.cli(&start);
    assert_ne!(refused.status, 0, "{refused:#?}");
    let rollout = server.cli(&["rollout", "show", "digits", "-o", "json"]).expect(0).json();
    assert_eq!(rollout["stage"], "rejected", "{rollout:#}");
    let id = rollout["id"].as_u64().unwrap();
    let told = server
        .history(id)
        .iter()
        .any(|row| row["what"].as_str().is_some_and(|what| what.contains("was altered")));
    assert!(told, "{:#?}", server.history(id));
    assert_eq!(server.serving_version(), "none");
}
