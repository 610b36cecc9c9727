//! Names of versions, and who moves them.

use crate::harness::{Server, answer, demo_model};
use reqwest::Method;
use serde_json::json;

#[tokio::test]
async fn the_alias_of_rollouts_is_theirs_also_without_a_policy() {
    let server = Server::start();
    server.push("digits", &demo_model("v1")).await;
    let champion = "/models/digits/aliases/champion";
    let by_hand = || server.put(champion, json!({"version": 1}));
    assert_eq!(by_hand().await.status, 200, "no endpoint serves the model yet");

    let started = server.post("/rollouts", json!({"model": "digits", "version": 1})).await;
    assert_eq!(started.status, 200, "{started:?}");

    let refused = by_hand().await;
    assert_eq!((refused.status, refused.body["title"].as_str()), (403, Some("denied")));
    assert_eq!(answer(server.request(Method::DELETE, champion)).await.status, 403);
    let client = server.at(Method::POST, "/api/2.0/mlflow/registered-models/alias");
    let alias = json!({"name": "digits", "alias": "champion", "version": "1"});
    assert_eq!(answer(client.json(&alias)).await.status, 403);
    let other = server.put("/models/digits/aliases/best", json!({"version": 1})).await;
    assert_eq!(other.status, 200, "{other:?}");
}
