//! The server itself, and what it does not have yet.

use crate::harness::{Server, answer};
use reqwest::Method;
use serde_json::json;
use std::io::{Read as _, Write as _};

#[tokio::test]
async fn the_document_is_served_as_it_is_generated() {
    let server = Server::start();
    let served = server.get("/openapi.json").await;
    let generated: serde_json::Value = serde_json::from_str(&seatrial::api::document()).unwrap();
    assert_eq!(served.body, generated);
}

#[tokio::test]
async fn what_is_planned_says_so() {
    let server = Server::start();
    let planned = answer(server.at(Method::GET, "/")).await;
    assert_eq!((planned.status, &planned.body["title"]), (501, &json!("not available yet")));
}

#[tokio::test]
async fn what_mlflow_has_and_this_server_has_not_is_said_in_mlflows_words() {
    let server = Server::start();
    for path in ["/api/2.0/mlflow/runs/search", "/api/3.0/mlflow/traces/search"] {
        let absent = answer(server.at(Method::POST, path).json(&json!({}))).await;
        assert_eq!(absent.status, 501, "a status that its client does not try again");
        assert_eq!(absent.body["error_code"], "NOT_IMPLEMENTED", "{path}");
        let message = absent.body["message"].as_str().unwrap();
        assert!(message.contains(path), "{message}");
    }
}

#[tokio::test]
async fn an_unknown_path_and_method_are_problems_too() {
    let server = Server::start();
    let nowhere = server.get("/nowhere").await;
    assert_eq!((nowhere.status, nowhere.kind.as_str()), (404, "application/problem+json"));
    let method = answer(server.request(Method::DELETE, "/models")).await;
    assert_eq!((method.status, method.kind.as_str()), (405, "application/problem+json"));
}

#[tokio::test]
async fn what_no_endpoint_is_asked_is_refused_to_a_registry_client_in_its_own_shape() {
    let server = Server::start();
    let create = "/api/2.0/mlflow/registered-models/create";
    let method = answer(server.at(Method::GET, create)).await;
    let page = server.at(Method::POST, create).header("origin", "https://evil.example");
    let page = answer(page.json(&json!({"name": "m"}))).await;
    for (refused, status, code) in [(method, 405, "BAD_REQUEST"), (page, 403, "PERMISSION_DENIED")]
    {
        assert_eq!((refused.status, refused.body["error_code"].as_str()), (status, Some(code)));
        assert!(refused.body["message"].is_string(), "{refused:?}");
    }
}

#[tokio::test]
async fn metrics_are_prometheus_text() {
    let server = Server::start();
    let response = server.at(Method::GET, "/metrics").send().await.unwrap();
    let text = response.text().await.unwrap();
    for line in [
        "seatrial_journal_rows 0\n",
        "seatrial_dropped_assignments_total{by=\"gateway\"} 0\n",
        "seatrial_dropped_assignments_total{by=\"store\"} 0\n",
    ] {
        assert!(text.contains(line), "{line}{text}");
    }
}

#[tokio::test]
async fn a_connection_outlives_what_is_not_answered_on_it() {
    let server = Server::start();
    let address = server.control.replace("http://", "");
    let mut connection = std::net::TcpStream::connect(&address).unwrap();
    let body = "x".repeat(1 << 20);
    let post = format!(
        "POST /api/2.0/mlflow/runs/search HTTP/1.1\r\nhost: {address}\r\n\
         content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    let get =
        format!("GET /api/v1/status HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n");
    connection.write_all(post.as_bytes()).unwrap();
    connection.write_all(get.as_bytes()).unwrap();
    let mut answers = String::new();
    connection.read_to_string(&mut answers).unwrap();
    assert!(answers.starts_with("HTTP/1.1 501"), "{answers}");
    assert!(answers.contains("HTTP/1.1 200"), "the next request was not answered: {answers}");
}
