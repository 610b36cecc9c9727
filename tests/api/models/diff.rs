//! How versions differ, and what names them.

use crate::harness::{Server, answer, demo_model, redacted};
use reqwest::Method;
use serde_json::json;

#[tokio::test]
async fn a_diff_names_files_signature_and_tags() {
    let server = Server::start();
    server.push("digits", &demo_model("v1")).await;
    server.push("digits", &demo_model("v2")).await;
    let tags = json!({"tags": {"trained": "today"}});
    let path = "/models/digits/versions/2/tags";
    let tagged = answer(server.request(Method::PATCH, path).json(&tags)).await;
    assert_eq!(tagged.status, 200, "{tagged:?}");
    let diff = server.get("/models/digits/versions/1/diff/2").await;
    insta::assert_json_snapshot!("diff", redacted(diff.body));
}

#[tokio::test]
async fn an_alias_is_a_word_that_names_a_version_there_is() {
    let server = Server::start();
    server.push("digits", &demo_model("v1")).await;
    let set = |alias: &'static str, version: u64| {
        let path = format!("/models/digits/aliases/{alias}");
        answer(server.request(Method::PUT, &path).json(&json!({"version": version})))
    };
    assert_eq!(set("best", 1).await.body["aliases"], json!({"best": 1}));
    assert_eq!(set("best", 9).await.status, 404);
    assert_eq!(set("v3", 1).await.status, 400);
    assert_eq!(set("latest", 1).await.status, 400);
}
