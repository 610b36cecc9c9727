//! The disk is full, to the last byte: what comes in is refused with 507 and leaves nothing behind,
//! what is there stays whole, and all of it works once there is room.

use crate::harness::{SOURCE, Server, UPLOADED, age_blobs, fixture};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::path::Path;

const MIB: usize = 1 << 20;

impl Server {
    /// Every blob, whole or in part.
    fn blobs(&self) -> BTreeSet<String> {
        let mut names = BTreeSet::new();
        files(&self.data().join("blobs"), &mut names);
        names
    }
}

fn files(directory: &Path, names: &mut BTreeSet<String>) {
    for entry in std::fs::read_dir(directory).expect("the server made it") {
        let path = entry.expect("the server made it").path();
        if path.is_dir() {
            files(&path, names);
        } else {
            names.insert(path.display().to_string());
        }
    }
}

fn model() -> Vec<u8> {
    std::fs::read(fixture("v1")).expect("the fixture is there")
}

#[test]
fn an_upload_to_a_full_disk_leaves_nothing_and_works_once_there_is_room() {
    let server = Server::start_on_a_disk_of(24);
    assert_eq!(server.upload(UPLOADED, model()).status, 200);
    let before = server.blobs();
    let filler = server.fill(2 * MIB as u64);
    let big = UPLOADED.replace("model.onnx", "big.bin");

    let refused = server.upload(&big, vec![7; 8 * MIB]);

    assert_eq!(refused.status, 507, "{refused:?}");
    let said = refused.body["message"].as_str().unwrap();
    assert!(said.contains("free some disk space"), "{said}");
    assert_eq!(server.blobs(), before);
    let url = format!("{}{big}", server.control_origin());
    assert_eq!(server.api().get(&url).unwrap().status, 404);

    drop(filler);
    assert_eq!(server.upload(&big, vec![7; 8 * MIB]).status, 200);
    assert_eq!(server.blobs().len(), before.len() + 1);
}

#[test]
fn a_push_to_a_full_disk_leaves_nothing_and_works_once_there_is_room() {
    let server = Server::start_on_a_disk_of(24);
    let before = server.blobs();
    let filler = server.fill(0);
    let path = fixture("v1").display().to_string();
    let push = ["model", "push", &path, "--name", "digits"];

    let refused = server.cli(&push);

    assert_ne!(refused.status, 0, "{refused:?}");
    assert!(refused.stderr.contains("free some disk space"), "{refused:?}");
    assert_eq!(server.blobs(), before);
    assert_eq!(server.get("/models")["items"], json!([]));

    drop(filler);
    server.cli(&push).expect(0);
}

#[test]
fn a_version_is_sealed_on_a_full_disk_wholly_or_not_at_all() {
    let server = Server::start_on_a_disk_of(24);
    server.mlflow("registered-models/create", &json!({"name": "digits"}));
    assert_eq!(server.upload(UPLOADED, model()).status, 200);
    let before = server.blobs();
    // More than the store's log may still have room for.
    let tags: Vec<Value> = (0..8)
        .map(|number| json!({"key": format!("t{number}"), "value": "v".repeat(100_000)}))
        .collect();
    let create = json!({"name": "digits", "source": SOURCE, "tags": tags});
    let filler = server.fill(0);

    let refused = server.mlflow("model-versions/create", &create);

    assert_eq!(refused.status, 507, "{refused:?}");
    assert_eq!(server.get("/models/digits/versions")["items"], json!([]));
    assert_eq!(server.blobs(), before);

    drop(filler);
    let made = server.mlflow("model-versions/create", &create);
    assert_eq!(made.body["model_version"]["status"], "READY", "{made:?}");
    assert_eq!(made.body["model_version"]["version"], "1", "no number was lost");
    server.cli(&["model", "verify", "digits", "1"]).expect(0);
}

#[test]
fn garbage_goes_from_a_full_disk_and_nothing_else_does() {
    let server = Server::start_on_a_disk_of(24);
    server.push(&fixture("v1"), "digits");
    server.push(&fixture("v2"), "digits");
    server.cli(&["model", "delete", "digits", "1"]).expect(0);
    age_blobs(&server);
    let before = server.blobs().len();
    let filler = server.fill(0);

    let collected = server.cli(&["model", "gc", "--delete"]).expect(0);

    assert_eq!(server.blobs().len(), before - 1, "{collected:?}");
    server.cli(&["model", "verify", "digits", "2"]).expect(0);

    drop(filler);
    server.cli(&["model", "gc", "--delete"]).expect(0);
    assert_eq!(server.blobs().len(), before - 1);
    server.cli(&["model", "verify", "digits", "2"]).expect(0);
    server.assert_journal_verifies();
}
