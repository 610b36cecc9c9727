//! What the scrub has found, as clients and Prometheus see it.

use crate::harness::{Answer, Server, demo_model};
use reqwest::Method;
use serde_json::Value;
use std::time::Duration;

const EAGER: &str = "[limits.blobs]\nscrub_every = \"1ms\"\nscrub_rate = 1_000_000_000\n";

/// Asks until the answer is such.
async fn until(server: &Server, is_such: impl Fn(&Value) -> bool) -> Answer {
    let asking = async {
        loop {
            let answer = server.get("/scrub").await;
            if is_such(&answer.body) {
                return answer;
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(60), asking).await.unwrap()
}

#[tokio::test]
async fn a_corrupt_artifact_is_told_and_counted_until_it_is_pushed_again() {
    let server = Server::start_with(EAGER);
    let pushed = server.push("digits", &demo_model("v1")).await;
    until(&server, |body| body["finished_at"].is_string()).await;
    let digest = pushed.body["files"][0]["digest"].as_str().unwrap();
    let hex = digest.strip_prefix("sha256:").unwrap();
    std::fs::write(server.data.path().join("blobs/sha256").join(hex), "other bytes").unwrap();
    let found = until(&server, |body| body["corrupt"][0].is_object()).await;
    assert_eq!(found.body["corrupt"][0]["digest"], digest);
    let metrics = server.at(Method::GET, "/metrics").send().await.unwrap().text().await.unwrap();
    for line in ["seatrial_corrupt_blobs 1\n", "seatrial_mended_blobs_total{copy=\"stored\"} 0\n"] {
        assert!(metrics.contains(line), "{line}{metrics}");
    }
    server.push("digits", &demo_model("v1")).await;
    until(&server, |body| body["corrupt"].as_array().is_some_and(Vec::is_empty)).await;
}

#[tokio::test]
async fn a_lost_artifact_is_told_until_it_is_pushed_again() {
    let server = Server::start_with(EAGER);
    let pushed = server.push("digits", &demo_model("v1")).await;
    let digest = pushed.body["files"][0]["digest"].as_str().unwrap();
    let hex = digest.strip_prefix("sha256:").unwrap();
    std::fs::remove_file(server.data.path().join("blobs/sha256").join(hex)).unwrap();
    let lost = until(&server, |body| body["corrupt"][0].is_object()).await;
    assert_eq!(lost.body["corrupt"][0]["digest"], digest);
    assert_eq!(lost.body["corrupt"][0]["found"], Value::Null);
    server.push("digits", &demo_model("v1")).await;
    until(&server, |body| body["corrupt"].as_array().is_some_and(Vec::is_empty)).await;
}
