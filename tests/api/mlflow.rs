//! The registry as MLflow's clients call it: over HTTP, in their JSON, against the real binary.

mod artifacts;
mod downloads;
mod faults;
mod flavors;
mod multipart;
mod naming;
mod sealing;
mod searching;
mod shapes;
mod split;
mod tracking;
mod tracking_models;
mod tracking_refusals;
mod uploads;
mod versions;

use crate::harness::{Answer, Server, answer};
use reqwest::Method;
use serde_json::Value;

/// A request below MLflow's base.
pub(super) async fn call(server: &Server, method: Method, path: &str, body: Value) -> Answer {
    answer(server.at(method, &format!("/api/2.0/mlflow/{path}")).json(&body)).await
}

pub(super) async fn post(server: &Server, path: &str, body: Value) -> Answer {
    call(server, Method::POST, path, body).await
}

/// A GET, whose arguments are in the query.
pub(super) async fn get(server: &Server, path: &str, query: &[(&str, &str)]) -> Answer {
    answer(server.at(Method::GET, &format!("/api/2.0/mlflow/{path}")).query(query)).await
}

/// The status and MLflow's code of a refusal.
pub(super) fn refusal(answer: &Answer) -> (u16, &str) {
    (answer.status, answer.body["error_code"].as_str().unwrap_or_default())
}
