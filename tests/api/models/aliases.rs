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

const STRICT: &str = "apiVersion: seatrial/v1\nkind: RolloutPolicy\nmetadata: {name: strict}\n\
    spec: {endpoint: digits, cutover: {alias: ALIAS}}\n";

#[tokio::test]
async fn a_rollout_keeps_what_it_moves_whatever_is_applied_or_set_meanwhile() {
    let server = Server::start();
    server.push("digits", &demo_model("v1")).await;
    server.push("other", &demo_model("v2")).await;
    let apply = async |alias: &str| {
        let text = STRICT.replace("ALIAS", alias);
        assert_eq!(server.put("/policies/strict", json!({"text": text})).await.status, 200);
    };
    apply("champion").await;
    let start = json!({"model": "digits", "version": 1, "policy": "strict"});
    let started = server.post("/rollouts", start).await;
    assert_eq!(started.status, 200, "{started:?}");

    apply("best").await;
    let patched = server.request(Method::PATCH, "/endpoints/digits");
    assert_eq!(answer(patched.json(&json!({"model": "other"}))).await.status, 200);

    for alias in ["champion", "canary", "standby"] {
        let alias = format!("/models/digits/aliases/{alias}");
        let moved = server.put(&alias, json!({"version": 1})).await;
        assert_eq!(moved.status, 403, "{alias}: {moved:?}");
    }
    let stage = server.at(Method::POST, "/api/2.0/mlflow/model-versions/transition-stage");
    let archived = json!({"name": "digits", "version": "1", "stage": "Archived"});
    assert_eq!(answer(stage.json(&archived)).await.status, 403);
    let others = server.put("/models/other/aliases/best", json!({"version": 1})).await;
    assert_eq!(others.status, 403, "the endpoint is to serve it: {others:?}");
}
