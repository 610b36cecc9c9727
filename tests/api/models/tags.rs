//! Tags by the control API keep to the rules that registry clients are held to.

use crate::harness::{Server, demo_model};
use reqwest::Method;
use serde_json::json;

#[tokio::test]
async fn a_tag_that_nobody_may_set_is_refused_at_the_push_and_later() {
    let server = Server::start();
    server.push("m", &demo_model("v1")).await;
    let bytes = std::fs::read(demo_model("v2")).unwrap();
    let upload = server.upload(&[("model.onnx", bytes)]).await;
    for (key, value, status) in [
        ("", "v".to_owned(), 400),
        ("a*b", "v".to_owned(), 400),
        ("team", "v".repeat(100_001), 400),
        ("rollout.stage", "live".to_owned(), 403),
    ] {
        let tags = json!({"tags": {key: value}});
        let set = server.request(Method::PATCH, "/models/m/versions/1/tags").json(&tags);
        assert_eq!(crate::harness::answer(set).await.status, status, "{key:?}");
        let register = json!({"upload": upload, "tags": {key: value}});
        let refused = server.post("/models/m/versions", register).await;
        assert_eq!(refused.status, status, "{key:?}");
    }
    let register = json!({"upload": upload, "tags": {"team": "vision"}});
    let registered = server.post("/models/m/versions", register).await;
    assert_eq!(registered.status, 201, "the upload is as it was: {registered:?}");
}
