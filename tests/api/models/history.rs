//! What a model's past looks like, and that it outlives the model.

use crate::harness::{Server, answer, demo_model};
use reqwest::Method;
use serde_json::{Value, json};

#[tokio::test]
async fn moves_of_aliases_are_listed_by_page_also_of_a_deleted_model() {
    let server = Server::start();
    server.push("digits", &demo_model("v1")).await;
    server.push("digits", &demo_model("v2")).await;
    for version in [1, 2, 1] {
        server.put("/models/digits/aliases/best", json!({"version": version})).await;
    }
    server.put("/models/digits/aliases/history", json!({"version": 2})).await;
    let moves = |answer: &Value| {
        let items = answer["items"].as_array().unwrap().iter();
        items.map(|one| (one["alias"].clone(), one["version"].clone())).collect::<Vec<_>>()
    };
    let first = server.get("/models/digits/history?limit=2&alias=best").await.body;
    assert_eq!(moves(&first), [(json!("best"), json!(1)), (json!("best"), json!(2))]);
    let one = &first["items"][0];
    assert_eq!(
        (&one["actor"], &one["why"]),
        (&json!("tester (unverified)"), &json!("set by hand"))
    );
    let next = first["next"].as_str().unwrap();
    let path = format!("/models/digits/history?limit=2&alias=best&cursor={next}");
    let second = server.get(&path).await.body;
    assert_eq!((moves(&second), &second["next"]), (vec![(json!("best"), json!(1))], &Value::Null));

    let gone = answer(server.request(Method::DELETE, "/models/digits")).await;
    assert_eq!(gone.status, 204, "{gone:?}");
    assert_eq!(server.get("/models/digits").await.status, 404);
    let all = server.get("/models/digits/history").await.body;
    assert_eq!(moves(&all).len(), 6, "and two removals: {all:#}");
    assert_eq!(all["items"][0]["version"], Value::Null);
    assert_eq!(server.get("/models/other/history").await.status, 404);
    assert_eq!(server.get("/models/digits/history?cursor=x").await.status, 400);
}

#[tokio::test]
async fn the_past_of_a_model_is_told_by_instant() {
    let server = Server::start();
    server.push("digits", &demo_model("v1")).await;
    server.put("/models/digits/aliases/best", json!({"version": 1})).await;
    let since = server.get("/models/digits/history").await.body["items"][0]["at"].clone();
    let at = |time: &str| format!("/models/digits/history/at?time={time}");
    let now = server.get(&at("2999-01-01T00:00:00Z")).await;
    assert_eq!(now.status, 200, "{now:?}");
    assert_eq!((&now.body["model"], &now.body["endpoints"]), (&json!("digits"), &json!([])));
    let best = &now.body["aliases"][0];
    assert_eq!(
        (&best["alias"], &best["version"], &best["at"]),
        (&json!("best"), &json!(1), &since)
    );
    let before = server.get(&at("2020-01-01T00:00:00Z")).await;
    assert_eq!(before.body["aliases"], json!([]));
    assert_eq!(server.get(&at("whenever")).await.status, 400);
    assert_eq!(server.get("/models/other/history/at?time=2020-01-01T00:00:00Z").await.status, 404);
}
