//! Endpoints.

use crate::harness::{Answer, Server, answer};
use reqwest::Method;
use serde_json::{Value, json};

async fn set(server: &Server, change: Value) -> Answer {
    answer(server.request(Method::PATCH, "/endpoints/digits").json(&change)).await
}

#[tokio::test]
async fn a_setting_changes_alone_and_within_its_range() {
    let server = Server::start();
    assert_eq!(server.get("/endpoints/digits").await.status, 404);
    let made = set(&server, json!({"sessions": 3})).await;
    insta::assert_json_snapshot!("endpoint", made.body);
    let changed = set(&server, json!({"deadline_ms": 250})).await;
    assert_eq!((&changed.body["sessions"], &changed.body["deadline_ms"]), (&json!(3), &json!(250)));
    for change in [json!({"sessions": 0}), json!({"deadline_ms": 600_001})] {
        assert_eq!(set(&server, change.clone()).await.status, 422, "{change}");
    }
    let unknown = set(&server, json!({"sesions": 3})).await;
    assert_eq!(unknown.status, 400, "{unknown:?}");
}

#[tokio::test]
async fn an_endpoint_that_never_served_has_no_way_back() {
    let server = Server::start();
    set(&server, json!({"sessions": 1})).await;
    let refused = server.post("/endpoints/digits/rollback", json!({})).await;
    assert!((400..500).contains(&refused.status), "{refused:?}");
}

#[tokio::test]
async fn an_endpoint_that_never_served_is_unavailable_and_not_unknown() {
    let server = Server::start();
    set(&server, json!({"sessions": 1})).await;
    let inference = server.get("/status").await.body["inference"].as_str().unwrap().to_owned();
    let ask = async |model: &str| {
        let url = format!("{inference}/v2/models/{model}/infer");
        reqwest::Client::new().post(url).json(&json!({"inputs": []})).send().await.unwrap().status()
    };
    // The endpoint is looked after from the moment it is set.
    while ask("digits").await == 404 {}
    assert_eq!(ask("digits").await, 503);
    assert_eq!(ask("nothing").await, 404);
}
