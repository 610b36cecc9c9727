//! Policies.

mod trigger;

use crate::harness::{Server, redacted};
use serde_json::json;

const POLICY: &str = "apiVersion: seatrial/v1\nkind: RolloutPolicy\nmetadata: {name: quick}\n\
                      spec: {endpoint: digits}\n";

#[tokio::test]
async fn an_applied_policy_is_in_force_with_its_text() {
    let server = Server::start();
    let applied = server.put("/policies/quick", json!({"text": POLICY})).await;
    assert_eq!(applied.status, 200, "{applied:?}");
    insta::assert_json_snapshot!("applied", redacted(applied.body));
    assert_eq!(server.get("/policies/quick").await.body["text"], POLICY);
    assert_eq!(server.get("/policies/none").await.status, 404);
}

#[tokio::test]
async fn a_faulty_policy_is_refused_with_line_and_nearest_name() {
    let server = Server::start();
    let text = POLICY.replace("endpoint: digits", "endpoint: digits, canry: {share: 5}");
    for answer in [
        server.post("/policies/check", json!({"text": text})).await,
        server.put("/policies/quick", json!({"text": text})).await,
    ] {
        assert_eq!(answer.status, 422, "{answer:?}");
        let detail = answer.body["detail"].as_str().unwrap();
        assert!(detail.contains("line 4") && detail.contains("canary"), "{detail}");
    }
    assert_eq!(server.get("/policies/quick").await.status, 404);
}

#[tokio::test]
async fn a_policy_is_applied_under_its_own_name() {
    let server = Server::start();
    assert_eq!(server.put("/policies/other", json!({"text": POLICY})).await.status, 400);
}
