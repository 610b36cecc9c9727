//! What a foreign web page could send.

use crate::harness::{Server, answer};
use reqwest::Method;

#[tokio::test]
async fn a_rebound_name_and_a_foreign_page_are_denied() {
    let server = Server::start();
    let rebound = server.request(Method::GET, "/models").header("host", "evil.example");
    assert_eq!(answer(rebound).await.status, 403);
    let page = server.request(Method::POST, "/uploads").json(&serde_json::json!({}));
    let page = answer(page.header("origin", "https://evil.example")).await;
    assert_eq!((page.status, page.kind.as_str()), (403, "application/problem+json"));
    let form = server.request(Method::POST, "/uploads").header("content-type", "text/plain");
    assert_eq!(answer(form.body("{}")).await.status, 415);
    assert_eq!(server.files_in("uploads"), 0);
}

#[tokio::test]
async fn a_body_beyond_its_limit_is_refused() {
    let server = Server::start();
    let text = "x".repeat(2 << 20);
    let large = server.post("/policies/check", serde_json::json!({"text": text})).await;
    assert_eq!(large.status, 413, "{large:?}");
}
