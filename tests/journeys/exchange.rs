//! Models that come from elsewhere and go elsewhere, by the command line alone.

use crate::harness::{Server, fixture, variant};
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};

fn shown(server: &Server, name: &str, version: u64) -> Value {
    server.get(&format!("/models/{name}/versions/{version}"))
}

/// An exported layout of a version of two files.
fn exported(server: &Server, dir: &Path) -> Value {
    server.push(&variant(server, "v1", "noted"), "digits");
    let dir = dir.display().to_string();
    server.cli(&["model", "export", "digits@1", "--oci", &dir, "-o", "json"]).expect(0).json()
}

fn blobs(dir: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(dir.join("blobs/sha256")).unwrap();
    let mut paths: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort_by_key(|path| fs::metadata(path).unwrap().len());
    paths
}

#[test]
fn a_version_of_another_server_is_pushed_by_its_alias() {
    let (there, here) = (Server::start(), Server::start());
    let model = fixture("v1").display().to_string();
    let tagged = ["--alias", "best", "--tag", "team=vision"];
    there.cli(&[&["model", "push", &model, "--name", "digits"], &tagged[..]].concat()).expect(0);
    let from = there.control_origin();
    let push = ["model", "push", "mlflow:models:/digits@best", "--from", &from];
    here.cli(&push).expect(0);
    let (theirs, ours) = (shown(&there, "digits", 1), shown(&here, "digits", 1));
    assert_eq!((&ours["digest"], &ours["files"]), (&theirs["digest"], &theirs["files"]));
    assert_eq!(ours["tags"], theirs["tags"]);
    assert_eq!(ours["source"], format!("models:/digits/1 at {from}"));
    here.cli(&[&push[..], &["--name", "renamed"]].concat()).expect(0);
    assert_eq!(shown(&here, "renamed", 1)["digest"], theirs["digest"]);
}

#[test]
fn what_another_server_does_not_have_or_serve_is_told_by_the_exit_status() {
    let (there, here) = (Server::start(), Server::start());
    let from = there.control_origin();
    let push = |uri: &str, from: &[&str]| {
        here.cli(&[&["model", "push", uri, "--name", "m"], from].concat())
    };
    push("mlflow:models:/none@best", &["--from", &from]).expect(3);
    push("mlflow:s3://bucket/model", &["--from", &from]).expect(2);
    push("mlflow:models:/m/1", &["--from", "ftp://127.0.0.1"]).expect(2);
    push("mlflow:models:/m/1", &["--from", "http://127.0.0.1:9"]).expect(10);
    push("mlflow:models:/m/1", &[]).expect(2);
    assert_eq!(here.get("/models")["items"], serde_json::json!([]));
}

#[test]
fn an_exported_version_comes_back_with_the_same_digest() {
    let (there, here) = (Server::start(), Server::start());
    let dir = there.home().join("layout");
    let told = exported(&there, &dir);
    let text = dir.display().to_string();
    here.cli(&["model", "push", &format!("oci:{text}")]).expect(0);
    let ours = shown(&here, "digits", 1);
    assert_eq!(ours["digest"], told["digest"]);
    assert_eq!(ours["files"], shown(&there, "digits", 1)["files"]);
    assert_eq!(ours["source"], format!("oci:{}", told["manifest"].as_str().unwrap()));
    assert_eq!(blobs(&dir).len(), 4, "two files, the manifest, the config");
    let again = there.home().join("again");
    let again = again.display().to_string();
    here.cli(&["model", "export", "digits", "--oci", &again]).expect(0);
    here.cli(&["model", "verify", "digits"]).expect(0);
}

#[test]
fn an_export_overwrites_nothing_and_leaves_nothing_half_done() {
    let server = Server::start();
    let dir = server.home().join("out").join("layout");
    fs::create_dir_all(&dir).unwrap();
    exported(&server, &dir);
    let kept = fs::read(dir.join("index.json")).unwrap();
    let text = dir.display().to_string();
    server.cli(&["model", "export", "digits@1", "--oci", &text]).expect(2);
    assert_eq!(fs::read(dir.join("index.json")).unwrap(), kept);

    let sealed = shown(&server, "digits", 1);
    let digest = sealed["files"][0]["digest"].as_str().unwrap().strip_prefix("sha256:").unwrap();
    fs::write(server.data().join("blobs/sha256").join(digest), "other bytes").unwrap();
    let other = server.home().join("out").join("other").display().to_string();
    server.cli(&["model", "export", "digits@1", "--oci", &other]).expect(1);
    let left = fs::read_dir(server.home().join("out")).unwrap().count();
    assert_eq!(left, 1, "only the first layout is there");
    server.cli(&["model", "export", "digits@9", "--oci", &other]).expect(3);
    server.cli(&["model", "export", "digits@none", "--oci", &other]).expect(3);
}

#[test]
fn a_layout_that_was_altered_registers_nothing() {
    let (there, here) = (Server::start(), Server::start());
    let dir = there.home().join("layout");
    exported(&there, &dir);
    let source = format!("oci:{}", dir.display());
    let largest = blobs(&dir).pop().unwrap();
    let mut bytes = fs::read(&largest).unwrap();
    bytes[100] ^= 1;
    fs::write(&largest, &bytes).unwrap();
    let refused = here.cli(&["model", "push", &source]).expect(2);
    assert!(refused.stderr.contains("the bytes have digest"), "{refused:#?}");
    bytes.pop();
    fs::write(&largest, &bytes).unwrap();
    here.cli(&["model", "push", &source]).expect(2);
    let index = dir.join("index.json");
    let text = fs::read_to_string(&index).unwrap();
    fs::write(&index, text.replace("\"size\":", "\"size\":1")).unwrap();
    here.cli(&["model", "push", &source]).expect(2);
    assert_eq!(here.get("/models")["items"], serde_json::json!([]));
    let left = fs::read_dir(here.data().join("uploads")).unwrap().count();
    assert_eq!(left, 0, "the upload was taken back");
}
