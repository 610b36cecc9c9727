//! What may be deleted, and that its number is gone with it.

use crate::harness::{Server, answer, demo_model};
use reqwest::Method;
use serde_json::json;

#[tokio::test]
async fn what_a_rollout_uses_is_not_deleted_and_the_rollout_is_named() {
    let server = Server::start();
    server.push("digits", &demo_model("v1")).await;
    server.push("digits", &demo_model("v2")).await;
    let started = server.post("/rollouts", json!({"model": "digits", "version": 1})).await;
    assert_eq!(started.status, 200, "{started:?}");
    for path in ["/models/digits/versions/1", "/models/digits"] {
        let refused = answer(server.request(Method::DELETE, path)).await;
        assert_eq!((refused.status, refused.kind.as_str()), (409, "application/problem+json"));
        let detail = refused.body["detail"].as_str().unwrap();
        assert!(detail.ends_with("is referred to by rollout 1"), "{detail}");
    }
    assert_eq!(server.get("/models/digits/versions/2").await.status, 200, "all of it stays");
}

#[tokio::test]
async fn a_deleted_version_takes_its_aliases_along_and_its_number_never_returns() {
    let server = Server::start();
    server.push("digits", &demo_model("v1")).await;
    server.put("/models/digits/aliases/best", json!({"version": 1})).await;
    let version = "/models/digits/versions/1";
    assert_eq!(answer(server.request(Method::DELETE, version)).await.status, 204);
    assert_eq!(server.get("/models/digits").await.body["aliases"], json!({}));
    for gone in [version, "/models/digits/versions/9", "/models/other"] {
        assert_eq!(answer(server.request(Method::DELETE, gone)).await.status, 404, "{gone}");
    }
    assert_eq!(server.push("digits", &demo_model("v1")).await.body["version"], 2);
    assert_eq!(answer(server.request(Method::DELETE, "/models/digits")).await.status, 204);
    assert_eq!(server.push("digits", &demo_model("v1")).await.body["version"], 3);
}
