//! The tracking server of split mode, behind TLS.

use super::{Authority, trusting};
use crate::harness::{Answer, Server, demo_model};
use crate::mlflow::{post, refusal};
use reqwest::Method;
use serde_json::json;
use std::path::Path;

const MODEL: &str = "0/11112222333344445555666677778888/artifacts/model";

/// A tracking server with a model among its artifacts.
async fn tracking() -> Server {
    let server = Server::start();
    let path = format!("/api/2.0/mlflow-artifacts/artifacts/{MODEL}/model.onnx");
    let bytes = std::fs::read(demo_model("v1")).unwrap();
    let put = server.at(Method::PUT, &path).body(bytes).send().await.unwrap();
    assert_eq!(put.status(), 200);
    server
}

/// What comes of a version made of that model by a server that trusts `authorities`.
async fn made(port: u16, authorities: &Path) -> (Answer, usize) {
    let config =
        format!("[upstream]\ntracking = \"https://localhost:{port}\"\nallow_private = true\n");
    let server = Server::start_among(&config, &trusting(authorities));
    post(&server, "registered-models/create", json!({"name": "m"})).await;
    let source = format!("mlflow-artifacts:/{MODEL}");
    let made = post(&server, "model-versions/create", json!({"name": "m", "source": source})).await;
    let versions = server.get("/models/m/versions").await;
    (made, versions.body["items"].as_array().map_or(0, Vec::len))
}

#[tokio::test]
async fn files_come_from_a_tracking_server_whose_authority_is_trusted() {
    let (tracking, authority) = (tracking().await, Authority::new());
    let to = tracking.control.trim_start_matches("http://").parse().unwrap();
    let port = authority.front("localhost", to).await;
    let (made, versions) = made(port, &authority.file()).await;
    assert_eq!((made.status, versions), (200, 1), "{made:?}");
    assert_eq!(made.body["model_version"]["status"], "READY");
}

#[tokio::test]
async fn nothing_comes_from_a_tracking_server_that_another_authority_vouches_for() {
    let (tracking, authority, other) = (tracking().await, Authority::new(), Authority::new());
    let to = tracking.control.trim_start_matches("http://").parse().unwrap();
    let port = authority.front("localhost", to).await;
    let (made, versions) = made(port, &other.file()).await;
    assert_eq!(refusal(&made), (503, "TEMPORARILY_UNAVAILABLE"));
    assert_eq!(versions, 0);
    let said = made.body["message"].as_str().unwrap();
    assert!(said.contains("certificate"), "{said}");
}

#[tokio::test]
async fn nothing_comes_from_a_tracking_server_of_another_name() {
    let (tracking, authority) = (tracking().await, Authority::new());
    let to = tracking.control.trim_start_matches("http://").parse().unwrap();
    let port = authority.front("other.example", to).await;
    let (made, versions) = made(port, &authority.file()).await;
    assert_eq!(refusal(&made), (503, "TEMPORARILY_UNAVAILABLE"));
    assert_eq!(versions, 0);
}
