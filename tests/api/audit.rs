//! The journal and the quarantine.

use crate::harness::{Server, answer, demo_model, redacted};
use reqwest::Method;
use seatrial_domain::Digest;
use serde_json::{Value, json};

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
async fn a_row_can_be_proven_from_the_answer_alone() {
    let server = Server::start();
    server.push("digits", &demo_model("v1")).await;
    server.put("/models/digits/aliases/best", json!({"version": 1})).await;
    let rows = server.get("/audit").await.body["items"].take();
    let mut previous = Digest::of(b"").to_string();
    for row in rows.as_array().unwrap() {
        let canonical = row["canonical"].as_str().unwrap();
        assert_eq!(row["hash"], Digest::of(canonical.as_bytes()).to_string());
        let columns: Value = serde_json::from_str(canonical).unwrap();
        assert_eq!((&columns["seq"], &columns["previous"]), (&row["seq"], &json!(previous)));
        assert_eq!((&columns["event"], &columns["subject"]), (&row["event"], &row["subject"]));
        assert!(columns.as_object().unwrap().contains_key("serving"));
        previous = row["hash"].as_str().unwrap().to_owned();
    }
    assert_eq!(rows.as_array().unwrap().len(), 2);
    assert_eq!(server.get("/audit/verify").await.body["head"], previous);
}

#[tokio::test]
async fn what_names_a_version_is_journalled_whoever_sets_it() {
    let server = Server::start();
    server.push("digits", &demo_model("v1")).await;
    let alias = "/models/digits/aliases/best";
    assert_eq!(server.put(alias, json!({"version": 1})).await.status, 200);
    assert_eq!(answer(server.request(Method::DELETE, alias)).await.status, 204);
    let tags = server.request(Method::PATCH, "/models/digits/versions/1/tags");
    assert_eq!(answer(tags.json(&json!({"tags": {"ready": "yes"}}))).await.status, 200);
    let client = server.at(Method::DELETE, "/api/2.0/mlflow/model-versions/delete-tag");
    let tag = json!({"name": "digits", "version": "1", "key": "ready"});
    assert_eq!(answer(client.json(&tag)).await.status, 200);
    let client = server.at(Method::POST, "/api/2.0/mlflow/registered-models/rename");
    let names = json!({"name": "digits", "new_name": "numerals"});
    assert_eq!(answer(client.json(&names)).await.status, 200);

    let rows = server.get("/audit").await.body["items"].take();
    let told = rows.as_array().unwrap().iter().skip(1).map(|row| row["what"].as_str().unwrap());
    let expected = [
        "digits/v1  alias_set: alias best set by hand",
        "digits  alias_removed: alias best removed by hand",
        "digits/v1  tag_set: tag ready set by hand",
        "digits/v1  tag_removed: tag ready removed by a registry client",
        "numerals  renamed: was digits",
    ];
    assert_eq!(told.collect::<Vec<_>>(), expected);
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

#[tokio::test]
async fn a_rollout_that_is_not_there_has_no_verdicts_to_replay() {
    let server = Server::start();
    assert_eq!(server.get("/audit/replay/7").await.status, 404);
    assert_eq!(server.get("/rollouts/7/verdicts").await.status, 404);
    assert_eq!(server.get("/audit/replay/nonsense").await.status, 400);
}
