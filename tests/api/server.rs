//! The server itself, and what it does not have yet.

use crate::harness::{Server, answer};
use reqwest::Method;

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
    for path in ["/", "/api/2.0/mlflow/experiments/search", "/api/3.0/mlflow/server-info"] {
        let planned = answer(server.at(Method::GET, path)).await;
        assert_eq!(planned.status, 501, "{path}");
        assert_eq!(planned.body["title"], "not available yet", "{path}");
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
