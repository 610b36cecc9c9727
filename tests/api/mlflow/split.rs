//! Versions whose files are at the tracking server of the configuration: another Seatrial here, a
//! real MLflow server in `tests/mlflow/split`.

use super::{post, refusal};
use crate::harness::{Server, answer, demo_model};
use reqwest::Method;
use serde_json::json;

/// A server that may ask `tracking`, wherever that is.
fn registry(tracking: &str) -> Server {
    Server::start_with(&format!("[upstream]\ntracking = \"{tracking}\"\nallow_private = true\n"))
}

async fn create(server: &Server, source: &str) -> crate::harness::Answer {
    post(server, "registered-models/create", json!({"name": "m"})).await;
    post(server, "model-versions/create", json!({"name": "m", "source": source})).await
}

/// A file among the server's artifacts.
async fn put(server: &Server, path: &str, bytes: Vec<u8>) {
    let path = format!("/api/2.0/mlflow-artifacts/artifacts/{path}");
    let request = server.at(Method::PUT, &path).header("content-type", "application/octet-stream");
    let put = answer(request.body(bytes)).await;
    assert_eq!(put.status, 200, "{path}: {put:?}");
}

/// A tracking server with a model below one of its runs.
async fn tracking() -> (Server, String) {
    let server = Server::start();
    let run = post(&server, "runs/create", json!({"experiment_id": "0"})).await;
    let info = &run.body["run"]["info"];
    let root = info["artifact_uri"].as_str().unwrap().rsplit("//").next().unwrap();
    let (_, root) = root.split_once('/').unwrap();
    put(&server, &format!("{root}/model/model.onnx"), std::fs::read(demo_model("v1")).unwrap())
        .await;
    put(&server, &format!("{root}/model/deep/er/note.txt"), b"note".to_vec()).await;
    (server, format!("mlflow-artifacts:/{root}/model"))
}

async fn versions(server: &Server) -> usize {
    let listed = server.get("/models/m/versions").await;
    listed.body["items"].as_array().map_or(0, Vec::len)
}

#[tokio::test]
async fn files_at_the_tracking_server_become_a_sealed_version_here() {
    let (tracking, source) = tracking().await;
    let run = source.split('/').nth(2).unwrap();
    let server = registry(&tracking.control);
    let by_path = create(&server, &source).await;
    assert_eq!(by_path.status, 200, "{by_path:?}");
    assert_eq!(by_path.body["model_version"]["status"], "READY");
    assert_eq!(by_path.body["model_version"]["source"], source);
    let by_run = create(&server, &format!("runs:/{run}/model")).await;
    assert_eq!(by_run.body["model_version"]["version"], "2", "{by_run:?}");
    assert_eq!(by_run.body["model_version"]["run_id"], run, "which run it was, is known there");
    let [first, second] = [1, 2].map(|number| format!("/models/m/versions/{number}"));
    let (first, second) = (server.get(&first).await, server.get(&second).await);
    assert_eq!(first.body["digest"], second.body["digest"]);
    assert_eq!(first.body["signature"]["inputs"][0]["name"], "image", "{first:?}");
    let paths = first.body["files"].as_array().unwrap().iter().map(|file| file["path"].clone());
    assert_eq!(paths.collect::<Vec<_>>(), ["deep/er/note.txt", "model.onnx"]);
    drop(tracking);
    let verified = server.post("/models/m/versions/2/verify", json!({})).await;
    assert_eq!(verified.body["files"][1]["state"], "intact", "the files are this server's own");
}

#[tokio::test]
async fn a_logged_model_at_the_tracking_server_is_resolved_by_its_id() {
    let tracking = Server::start();
    let logged =
        post(&tracking, "logged-models", json!({"experiment_id": "0", "name": "model"})).await;
    let info = &logged.body["model"]["info"];
    let (id, uri) = (info["model_id"].as_str().unwrap(), info["artifact_uri"].as_str().unwrap());
    let (_, root) = uri.rsplit("//").next().unwrap().split_once('/').unwrap();
    let path = format!("{root}/model.onnx");
    put(&tracking, &path, std::fs::read(demo_model("v1")).unwrap()).await;
    let server = registry(&tracking.control);
    let made = create(&server, &format!("models:/{id}")).await;
    assert_eq!(made.status, 200, "{made:?}");
    assert_eq!(server.get("/models/m/versions/1").await.body["files"][0]["path"], "model.onnx");
}

#[tokio::test]
async fn a_model_that_cannot_be_loaded_is_refused_wherever_it_is() {
    let tracking = Server::start();
    put(&tracking, "0/r/artifacts/model/model.onnx", b"no model".to_vec()).await;
    let server = registry(&tracking.control);
    let refused = create(&server, "mlflow-artifacts:/0/r/artifacts/model").await;
    assert_eq!(refusal(&refused), (400, "INVALID_PARAMETER_VALUE"), "{refused:?}");
    assert_eq!(versions(&server).await, 0);
}

#[tokio::test]
async fn what_the_tracking_server_does_not_have_is_not_found() {
    let tracking = Server::start();
    let server = registry(&tracking.control);
    for source in [
        "mlflow-artifacts:/0/none/artifacts/model",
        "models:/m-0123456789abcdef0123456789abcdef",
        "runs:/0123456789abcdef0123456789abcdef/model",
    ] {
        let refused = create(&server, source).await;
        assert_eq!(refusal(&refused), (404, "RESOURCE_DOES_NOT_EXIST"), "{source}: {refused:?}");
    }
    assert_eq!(versions(&server).await, 0);
}

#[tokio::test]
async fn a_tracking_server_that_is_away_is_for_the_client_to_try_again() {
    // The discard port: nobody listens there.
    let server = registry("http://127.0.0.1:9");
    let away = create(&server, "mlflow-artifacts:/0/r/artifacts/model").await;
    assert_eq!(refusal(&away), (503, "TEMPORARILY_UNAVAILABLE"), "{away:?}");
    let lasting = create(&server, "mlflow-artifacts:/0/../x").await;
    assert_eq!(refusal(&lasting), (400, "INVALID_PARAMETER_VALUE"), "{lasting:?}");
    assert_eq!(versions(&server).await, 0);
}

#[tokio::test]
async fn an_inside_address_is_not_asked_unless_the_configuration_allows_it() {
    let (tracking, source) = tracking().await;
    let config = format!("[upstream]\ntracking = \"{}\"\n", tracking.control);
    let server = Server::start_with(&config);
    let refused = create(&server, &source).await;
    assert_eq!(refusal(&refused), (400, "INVALID_PARAMETER_VALUE"), "{refused:?}");
    let told = refused.body["message"].as_str().unwrap_or_default();
    assert!(told.contains("upstream.allow_private"), "{told}");
    assert_eq!((versions(&server).await, server.files_in("blobs")), (0, 0));
}

#[tokio::test]
async fn a_source_never_says_which_server_is_asked() {
    let asked = Server::start();
    let (other, source) = tracking().await;
    let path = source.trim_start_matches("mlflow-artifacts:/");
    let server = registry(&asked.control);
    let authority = other.control.trim_start_matches("http://");
    for source in [
        format!("mlflow-artifacts://{authority}/{path}"),
        format!("http://{authority}/api/2.0/mlflow-artifacts/artifacts/{path}"),
        format!("models://{authority}/m/1"),
    ] {
        let refused = create(&server, &source).await;
        assert!((400..500).contains(&refused.status), "{source}: {refused:?}");
    }
    assert_eq!((versions(&server).await, server.files_in("blobs")), (0, 0));
}
