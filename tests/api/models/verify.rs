//! Whether the stored bytes are the sealed ones.

use crate::harness::{Server, demo_model};
use serde_json::json;

#[tokio::test]
async fn an_altered_blob_is_found() {
    let server = Server::start();
    let pushed = server.push("digits", &demo_model("v1")).await;
    let verify = || server.post("/models/digits/versions/1/verify", json!({}));
    assert_eq!(verify().await.body["files"][0]["state"], "intact");
    let digest = pushed.body["files"][0]["digest"].as_str().unwrap();
    let hex = digest.strip_prefix("sha256:").unwrap();
    let blob = server.data.path().join("blobs/sha256").join(hex);
    std::fs::write(&blob, "other bytes").unwrap();
    assert_eq!(verify().await.body["files"][0]["state"], "corrupt");
    std::fs::remove_file(&blob).unwrap();
    assert_eq!(verify().await.body["files"][0]["state"], "missing");
}
