//! What the tests of uploads share: files sent, read and listed by path.

use super::post;
use crate::harness::{Answer, Server, answer, demo_model};
use reqwest::{Method, Response};
use serde_json::json;

pub(super) const BASE: &str = "/api/2.0/mlflow-artifacts";
/// Where a client puts what a run logs.
pub(super) const RUN: &str = "0/11112222333344445555666677778888/artifacts";

pub(super) async fn put(server: &Server, path: &str, bytes: Vec<u8>) -> Answer {
    let request = server.at(Method::PUT, &format!("{BASE}/artifacts/{path}"));
    answer(request.header("content-type", "text/plain").body(bytes)).await
}

pub(super) async fn delete(server: &Server, path: &str) -> Answer {
    answer(server.at(Method::DELETE, &format!("{BASE}/artifacts/{path}"))).await
}

pub(super) async fn list(server: &Server, path: &str) -> Answer {
    answer(server.at(Method::GET, &format!("{BASE}/artifacts")).query(&[("path", path)])).await
}

pub(super) async fn fetch(server: &Server, path: &str, headers: &[(&str, &str)]) -> Response {
    let request = server.at(Method::GET, &format!("{BASE}/artifacts/{path}"));
    let with = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
    with.send().await.unwrap()
}

/// The bytes at a path.
pub(super) async fn bytes(server: &Server, path: &str) -> Vec<u8> {
    let response = fetch(server, path, &[]).await;
    assert_eq!(response.status(), 200, "{path}");
    response.bytes().await.unwrap().into()
}

/// A model of the demo.
pub(super) fn onnx() -> Vec<u8> {
    std::fs::read(demo_model("v1")).unwrap()
}

/// Uploads a model's directory, and registers nothing yet.
pub(super) async fn log(server: &Server, directory: &str) {
    for (name, content) in [("model.onnx", onnx()), ("requirements.txt", b"onnx".to_vec())] {
        let put = put(server, &format!("{directory}/{name}"), content).await;
        assert_eq!(put.status, 200, "{put:?}");
    }
}

/// A server with a model `m` that has no version yet.
pub(super) async fn server() -> Server {
    server_with("").await
}

pub(super) async fn server_with(config: &str) -> Server {
    let server = Server::start_with(config);
    let made = post(&server, "registered-models/create", json!({"name": "m"})).await;
    assert_eq!(made.status, 200, "{made:?}");
    server
}

pub(super) async fn register(server: &Server, source: &str) -> Answer {
    post(server, "model-versions/create", json!({"name": "m", "source": source})).await
}
