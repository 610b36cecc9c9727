//! `trigger`: rollouts that an alias or a tag starts.

use crate::harness::{Server, answer, demo_model, mlflow_model, odd_version};
use reqwest::Method;
use seatrial_domain::{Actor, Timestamp, VersionNumber};
use seatrial_store::aliases::By;
use seatrial_store::{Options, Store};
use serde_json::{Value, json};
use std::process::Command;

/// A server with a policy for the endpoint `digits`, and version 1 of the model of that name.
async fn waiting_for(trigger: &str) -> Server {
    let server = Server::start();
    let text = format!(
        "apiVersion: seatrial/v1\nkind: RolloutPolicy\nmetadata: {{name: eager}}\n\
         spec: {{endpoint: digits, trigger: {trigger}}}\n"
    );
    let applied = server.put("/policies/eager", json!({"text": text})).await;
    assert_eq!(applied.status, 200, "{applied:?}");
    assert_eq!(server.push("digits", &demo_model("v1")).await.status, 201);
    server
}

async fn set_alias(server: &Server, model: &str, version: u64) {
    let path = format!("/models/{model}/aliases/next");
    let set = server.put(&path, json!({"version": version})).await;
    assert_eq!((set.status, &set.body["aliases"]["next"]), (200, &json!(version)), "{set:?}");
}

async fn tag(server: &Server, tags: Value) {
    let path = "/models/digits/versions/1/tags";
    let request = server.request(Method::PATCH, path).json(&json!({"tags": tags}));
    assert_eq!(answer(request).await.status, 200);
}

/// The candidate of every rollout, the first one first.
async fn candidates(server: &Server) -> Vec<u64> {
    let listed = server.get("/rollouts").await;
    let items = listed.body["items"].as_array().unwrap();
    items.iter().rev().map(|rollout| rollout["candidate"].as_u64().unwrap()).collect()
}

#[tokio::test]
async fn an_alias_that_moves_starts_a_rollout_as_its_policy_says() {
    let server = waiting_for("{alias: next}").await;
    set_alias(&server, "digits", 1).await;
    let rollout = server.get("/rollouts/1").await.body;
    assert_eq!((&rollout["candidate"], &rollout["policy"]), (&json!(1), &json!("eager")));
    let history = server.get("/rollouts/1/history").await.body;
    let created = &history["items"][0];
    assert_eq!(created["actor"], "tester (unverified)");
    assert!(created["what"].as_str().unwrap().contains("alias next was set"), "{created}");

    set_alias(&server, "digits", 1).await;
    assert_eq!(candidates(&server).await, [1], "it pointed there before");
    server.push("digits", &demo_model("v2")).await;
    set_alias(&server, "digits", 2).await;
    assert_eq!(candidates(&server).await, [1, 2], "the newer one waits for its turn");
}

#[tokio::test]
async fn a_push_with_the_alias_or_the_tag_starts_a_rollout_once() {
    let server = waiting_for("{alias: next, tag: ready=yes}").await;
    let bytes = std::fs::read(demo_model("v2")).unwrap();
    for _ in 0..2 {
        let upload = server.upload(&[("model.onnx", bytes.clone())]).await;
        let register = json!({"upload": upload, "alias": "next", "tags": {"ready": "yes"}});
        let pushed = server.post("/models/digits/versions", register).await;
        assert_eq!(pushed.body["version"], 2, "{pushed:?}");
    }
    assert_eq!(candidates(&server).await, [2]);
}

#[tokio::test]
async fn a_tag_starts_a_rollout_when_it_gets_the_value() {
    let server = waiting_for("{tag: ready=yes}").await;
    tag(&server, json!({"ready": "no", "yes": "ready"})).await;
    assert_eq!(candidates(&server).await, [0; 0]);
    tag(&server, json!({"ready": "yes"})).await;
    tag(&server, json!({"ready": "yes", "owner": "ada"})).await;
    assert_eq!(candidates(&server).await, [1]);
}

#[tokio::test]
async fn an_alias_or_a_tag_of_an_mlflow_client_starts_a_rollout() {
    let server = waiting_for("{alias: next, tag: ready}").await;
    server.push("digits", &demo_model("v2")).await;
    let alias = json!({"name": "digits", "alias": "next", "version": "2"});
    let tag = json!({"name": "digits", "version": "1", "key": "ready", "value": ""});
    for (path, body) in [("registered-models/alias", alias), ("model-versions/set-tag", tag)] {
        let path = format!("/api/2.0/mlflow/{path}");
        let set = answer(server.at(Method::POST, &path).json(&body)).await;
        assert_eq!(set.status, 200, "{set:?}");
    }
    assert_eq!(candidates(&server).await, [2, 1]);
}

#[tokio::test]
async fn without_a_trigger_or_for_another_model_nothing_starts() {
    let server = waiting_for("{alias: next}").await;
    server.push("letters", &demo_model("v1")).await;
    set_alias(&server, "letters", 1).await;
    assert_eq!(candidates(&server).await, [0; 0]);
    let server = waiting_for("{alias: null, tag: null}").await;
    set_alias(&server, "digits", 1).await;
    assert_eq!(candidates(&server).await, [0; 0]);
}

#[tokio::test]
async fn a_version_in_quarantine_gets_its_alias_and_no_rollout() {
    let server = waiting_for("{alias: next}").await;
    let pushed = server.push("digits", &odd_version("shape")).await;
    let started = server.post("/rollouts", json!({"model": "digits", "version": 2})).await;
    assert_eq!(started.status, 200, "{started:?}");
    until_rejected(&server).await;
    let digest = pushed.body["digest"].as_str().unwrap();
    let mark = server.get(&format!("/quarantine/{digest}")).await;
    assert_eq!(mark.status, 200);
    let listed = server.get("/quarantine").await;
    assert_eq!(listed.body, json!({"items": [mark.body], "next": null}));

    set_alias(&server, "digits", 2).await;

    assert_eq!(candidates(&server).await, [2], "only the one started by hand");
    assert_eq!(server.get("/models/digits").await.body["aliases"], json!({"next": 2}));
}

#[tokio::test]
async fn a_version_that_cannot_be_served_gets_its_alias_and_no_rollout() {
    let server = waiting_for("{alias: next}").await;
    let pushed = server.push_directory("digits", &mlflow_model("sklearn"), "").await;
    assert_eq!(pushed.body["version"], 2, "{pushed:?}");

    set_alias(&server, "digits", 2).await;

    assert_eq!(candidates(&server).await, [0; 0]);
    assert_eq!(server.get("/models/digits").await.body["aliases"], json!({"next": 2}));
    set_alias(&server, "digits", 1).await;
    assert_eq!(candidates(&server).await, [1], "and the next start is not held up");
}

#[tokio::test]
async fn an_alias_set_right_before_a_crash_starts_its_rollout_after_it_and_only_once() {
    let mut server = waiting_for("{alias: next}").await;
    server.kill();
    // As far as a crash comes between the commit and all that follows it.
    let store = Store::open(server.data.path(), Options::default()).await.unwrap();
    let (digits, actor) = ("digits".parse().unwrap(), Actor::Unverified("ada".to_owned()));
    let by = By { actor: &actor, cause: "set by hand", now: Timestamp::from_micros(1) };
    store.set_alias((&digits, VersionNumber(1)), "next", by).await.unwrap();
    store.close().await;
    drop(store);

    server.restart();
    until_told(&server, r#""event":"created""#).await;
    let created = server.get("/rollouts/1/history").await.body["items"][0].take();
    assert_eq!(created["actor"], "ada (unverified)");

    // As far as a crash comes between the start and the note of it.
    server.kill();
    forget_what_was_delivered(&server);
    server.restart();
    set_alias(&server, "digits", 1).await;
    assert_eq!(candidates(&server).await, [1], "read again, and not repeated");
}

fn forget_what_was_delivered(server: &Server) {
    const FORGET: &str = "import sqlite3, sys\n\
                          with sqlite3.connect(sys.argv[1]) as database:\n    \
                          database.execute('DELETE FROM outbox')";
    let file = server.data.path().join("seatrial.db");
    let forgot = Command::new("python3").args(["-c", FORGET]).arg(file).status().unwrap();
    assert!(forgot.success());
}

async fn until_rejected(server: &Server) {
    until_told(server, r#""to":"rejected""#).await;
}

/// Reads the events of rollout 1 until one says so.
async fn until_told(server: &Server, what: &str) {
    let request = server.at(Method::GET, "/events?rollout=1&after=0");
    let mut stream = request.send().await.unwrap();
    let mut text = String::new();
    while !text.contains(what) {
        let chunk = stream.chunk().await.unwrap().expect("the stream stays open");
        text.push_str(&String::from_utf8_lossy(&chunk));
    }
}
