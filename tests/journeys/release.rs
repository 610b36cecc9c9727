//! `keepArtifacts: false`: what is left of a version that was replaced.

use crate::harness::{Load, Policy, Server, Traffic, age_blobs, eventually, fixture};
use std::time::Duration;

#[test]
fn a_replaced_version_and_its_bytes_are_released() {
    let decommission = "{drainTimeout: 0s, keepArtifacts: false}";
    let standby = "{probeEvery: 1s, keep: {duration: 300ms, versions: 0}}";
    let policy = Policy::quick("digits").with("decommission", decommission);
    let server = Server::serving("v1", &policy.with("standby", standby));
    // What was stored within the grace would stay for a day.
    age_blobs(&server);
    let path = server.data().join("blobs/sha256");
    let blobs = || std::fs::read_dir(&path).unwrap().count();
    let traffic = Traffic::to(&server, Load::of(150));
    let id = server.roll_out("v4");
    server.until_stage(id, "completed");

    eventually("version 1 is released", Duration::from_secs(30), || {
        let versions = server.get("/models/digits/versions");
        let versions = versions["items"].as_array()?;
        (versions.len() == 1 && blobs() == 1).then_some(())
    });

    server.cli(&["rollback", "digits"]).expect(3);
    assert_eq!(server.push(&fixture("v1"), "digits"), 3, "its number never returns");
    traffic.until_served_by(2, 50);
    drop(traffic);
    server.assert_journal_verifies();
}
