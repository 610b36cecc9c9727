//! Names of versions, and who moves them.

use crate::harness::{Server, answer, demo_model};
use reqwest::Method;
use serde_json::json;

#[tokio::test]
async fn the_alias_and_the_stages_of_rollouts_are_theirs_also_without_a_policy() {
    let server = Server::start();
    server.push("digits", &demo_model("v1")).await;
    let champion = "/models/digits/aliases/champion";
    let by_hand = || server.put(champion, json!({"version": 1}));
    assert_eq!(by_hand().await.status, 200, "no endpoint serves the model yet");

    let started = server.post("/rollouts", json!({"model": "digits", "version": 1})).await;
    assert_eq!(started.status, 200, "{started:?}");

    let asked = [("name", "digits"), ("version", "1")];
    let shown = server.at(Method::GET, "/api/2.0/mlflow/model-versions/get").query(&asked);
    let tags = answer(shown).await.body["model_version"]["tags"].clone();
    let tag = |key: &str| {
        let found = tags.as_array().into_iter().flatten().find(|tag| tag["key"] == key);
        found.and_then(|tag| tag["value"].as_str()).unwrap_or_default().to_owned()
    };
    assert_eq!(tag("rollout.id"), started.body["rollout"]["id"].to_string().trim_matches('"'));
    assert!(!tag("rollout.stage").is_empty() && tag("rollout.share").ends_with('%'), "{tags}");
    let refused = by_hand().await;
    assert_eq!((refused.status, refused.body["title"].as_str()), (403, Some("denied")));
    assert_eq!(answer(server.request(Method::DELETE, champion)).await.status, 403);
    let client = server.at(Method::POST, "/api/2.0/mlflow/registered-models/alias");
    let alias = json!({"name": "digits", "alias": "champion", "version": "1"});
    assert_eq!(answer(client.json(&alias)).await.status, 403);
    let stage = server.at(Method::POST, "/api/2.0/mlflow/model-versions/transition-stage");
    let archived = json!({"name": "digits", "version": "1", "stage": "Archived"});
    let refused = answer(stage.json(&archived)).await;
    assert_eq!(
        (refused.status, refused.body["error_code"].as_str()),
        (403, Some("PERMISSION_DENIED"))
    );
    let other = server.put("/models/digits/aliases/best", json!({"version": 1})).await;
    assert_eq!(other.status, 200, "{other:?}");
}
