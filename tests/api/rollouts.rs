//! Rollouts.

use crate::harness::{Answer, Server, answer, demo_model};
use reqwest::Method;
use serde_json::{Value, json};

async fn started(server: &Server) -> Value {
    assert_eq!(server.push("digits", &demo_model("v1")).await.status, 201);
    let started = server.post("/rollouts", json!({"model": "digits", "version": 1})).await;
    assert_eq!(started.status, 200, "{started:?}");
    started.body["rollout"].clone()
}

async fn say(server: &Server, revision: &str, word: Value) -> Answer {
    let request = server.request(Method::POST, "/rollouts/1/commands");
    answer(request.header("if-match", revision).json(&word)).await
}

#[tokio::test]
async fn a_version_that_is_not_there_is_not_rolled_out() {
    let server = Server::start();
    let missing = server.post("/rollouts", json!({"model": "digits", "version": 1})).await;
    assert_eq!(missing.status, 404, "{missing:?}");
    assert!(missing.body["hint"].is_string());
    assert_eq!(server.get("/rollouts/1").await.status, 404);
}

#[tokio::test]
async fn a_policy_that_is_not_there_is_named() {
    let server = Server::start();
    server.push("digits", &demo_model("v1")).await;
    let start = json!({"model": "digits", "version": 1, "policy": "nope"});
    let missing = server.post("/rollouts", start).await;
    assert_eq!(missing.status, 404, "{missing:?}");
    assert_eq!(missing.body["detail"], "no policy named nope");
    assert_eq!(missing.body["hint"], "seatrial policy show");
}

#[tokio::test]
async fn a_started_rollout_is_listed_shown_and_explained() {
    let server = Server::start();
    let rollout = started(&server).await;
    assert_eq!((&rollout["kind"], &rollout["attempt"]), (&json!("first"), &json!(1)));
    let listed = server.get("/rollouts?endpoint=digits").await;
    assert_eq!(listed.body["items"][0]["id"], 1);
    let shown = server.get("/rollouts/1").await;
    assert_eq!(shown.etag, Some(format!("\"{}\"", shown.body["revision"])));
    let explained = server.get("/rollouts/1/explain").await;
    assert!(explained.body["summary"].is_string(), "{explained:?}");
    let history = server.get("/rollouts/1/history").await;
    assert!(!history.body["items"].as_array().unwrap().is_empty(), "{history:?}");
}

#[tokio::test]
async fn a_word_about_a_revision_that_passed_changes_nothing() {
    let server = Server::start();
    started(&server).await;
    let abort = json!({"command": "abort", "reason": "test"});
    let stale = say(&server, "\"0\"", abort.clone()).await;
    assert_eq!(stale.status, 412, "{stale:?}");
    let garbled = say(&server, "yesterday", abort.clone()).await;
    assert_eq!(garbled.status, 400, "{garbled:?}");
    let aborted = say(&server, "*", abort).await;
    assert_eq!((aborted.status, &aborted.body["reason"]), (200, &json!("test")), "{aborted:?}");
    let twice = say(&server, "*", json!({"command": "resume"})).await;
    assert_eq!(twice.status, 409, "{twice:?}");
}

#[tokio::test]
async fn a_word_without_its_reason_is_not_heard() {
    let server = Server::start();
    started(&server).await;
    for word in [json!({"command": "abort"}), json!({"command": "abort", "reason": " "})] {
        let refused = server.post("/rollouts/1/commands", word.clone()).await;
        assert!(matches!(refused.status, 400 | 422), "{word}: {refused:?}");
    }
}

#[tokio::test]
async fn the_reasons_people_give_are_in_the_history() {
    let server = Server::start();
    assert_eq!(server.push("digits", &demo_model("v1")).await.status, 201);
    let start = json!({"model": "digits", "version": 1, "reason": "the  weekly one"});
    assert_eq!(server.post("/rollouts", start).await.status, 200);
    for word in [
        json!({"command": "pause", "reason": "lunch"}),
        json!({"command": "resume", "reason": "coffee is over"}),
        json!({"command": "abort", "reason": "never mind"}),
        json!({"command": "retry", "reason": "I did mind"}),
    ] {
        let said = server.post("/rollouts/1/commands", word.clone()).await;
        assert_eq!(said.status, 200, "{word}: {said:?}");
    }
    let told = async |id: u64| {
        let history = server.get(&format!("/rollouts/{id}/history")).await.body;
        let rows = history["items"].as_array().unwrap().clone();
        rows.iter().map(|row| row["what"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let (first, second) = (told(1).await, told(2).await);
    for reason in ["started: the weekly one", "lunch", "resumed: coffee is over", "never mind"] {
        assert!(first.iter().any(|what| what.contains(reason)), "{reason}: {first:?}");
    }
    assert!(second.iter().any(|what| what.contains("rollout 1 again: I did mind")), "{second:?}");
}
