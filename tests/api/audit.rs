//! The journal and the quarantine.

use crate::harness::{Server, demo_model, redacted};
use serde_json::json;

#[tokio::test]
async fn every_change_is_in_the_journal_and_the_chain_holds() {
    let server = Server::start();
    server.push("digits", &demo_model("v1")).await;
    let rows = server.get("/audit").await;
    insta::assert_json_snapshot!("journal", redacted(rows.body));
    let chain = server.get("/audit/verify").await;
    assert_eq!((&chain.body["verified"], &chain.body["rows"]), (&json!(true), &json!(1)));
}

#[tokio::test]
async fn the_past_is_asked_for_by_an_instant() {
    let server = Server::start();
    assert_eq!(server.get("/audit/at?time=2026-03-01T12:00:00Z").await.body, json!([]));
    assert_eq!(server.get("/audit/at?time=yesterday").await.status, 400);
}

#[tokio::test]
async fn a_digest_without_a_mark_is_not_in_quarantine() {
    let server = Server::start();
    let digest = format!("sha256:{}", "0".repeat(64));
    assert_eq!(server.get(&format!("/quarantine/{digest}")).await.status, 404);
    let lift = server.post(&format!("/quarantine/{digest}/lift"), json!({"reason": "x"})).await;
    assert_eq!(lift.status, 404);
    assert_eq!(server.get("/quarantine/nonsense").await.status, 400);
}
