//! The faults that MLflow's own server is known to have: none of them is here.

use super::{call, get, post, refusal};
use crate::harness::{Answer, Server, answer, demo_model};
use reqwest::Method;
use serde_json::json;

const FILE: &str = "/api/2.0/mlflow-artifacts/artifacts/versions/m/1/model.onnx";

/// A version that is READY and that an alias leads to.
async fn ready() -> Server {
    let server = Server::start();
    assert_eq!(server.push("m", &demo_model("v1")).await.status, 201);
    let alias = json!({"name": "m", "alias": "best", "version": "1"});
    assert_eq!(post(&server, "registered-models/alias", alias).await.status, 200);
    server
}

async fn assert_as_it_was(server: &Server) {
    let file = server.at(Method::GET, FILE).send().await.unwrap();
    assert_eq!(file.status(), 200);
    assert_eq!(file.bytes().await.unwrap(), std::fs::read(demo_model("v1")).unwrap());
    let aliased = [("name", "m"), ("alias", "best")];
    let version = get(server, "registered-models/alias", &aliased).await;
    assert_eq!(version.body["model_version"]["status"], "READY", "{version:?}");
    let checked = server.post("/models/m/versions/1/verify", json!({})).await;
    assert_eq!(checked.status, 200, "{checked:?}");
}

async fn put(server: &Server, path: &str, bytes: &'static [u8]) -> Answer {
    let request = server.at(Method::PUT, path).header("content-type", "application/octet-stream");
    answer(request.body(bytes)).await
}

#[tokio::test]
async fn the_file_of_a_ready_version_is_not_overwritten() {
    let server = ready().await;
    let refused = put(&server, FILE, b"other bytes").await;
    assert!((400..500).contains(&refused.status), "{refused:?}");
    assert_as_it_was(&server).await;
}

#[tokio::test]
async fn the_file_of_a_ready_version_is_not_deleted() {
    let server = ready().await;
    let refused = call_at(&server, Method::DELETE, FILE).await;
    assert!((400..500).contains(&refused.status), "{refused:?}");
    assert_as_it_was(&server).await;
}

async fn call_at(server: &Server, method: Method, path: &str) -> Answer {
    answer(server.at(method, path)).await
}

#[tokio::test]
async fn the_number_of_a_deleted_version_is_not_given_again() {
    let server = ready().await;
    let copy = || json!({"name": "m", "source": "models:/m/1"});
    let second = post(&server, "model-versions/create", copy()).await;
    assert_eq!(second.body["model_version"]["version"], "2", "{second:?}");
    let delete = json!({"name": "m", "version": "2"});
    let gone = call(&server, Method::DELETE, "model-versions/delete", delete).await;
    assert_eq!(gone.status, 200, "{gone:?}");
    let third = post(&server, "model-versions/create", copy()).await;
    assert_eq!(third.body["model_version"]["version"], "3", "{third:?}");
}

#[tokio::test]
async fn the_numbers_of_a_deleted_model_are_not_given_again_under_its_name() {
    let server = ready().await;
    server.push("other", &demo_model("v2")).await;
    let gone = call(&server, Method::DELETE, "registered-models/delete", json!({"name": "m"}));
    assert_eq!(gone.await.status, 200);
    assert_eq!(post(&server, "registered-models/create", json!({"name": "m"})).await.status, 200);
    let copy = json!({"name": "m", "source": "models:/other/1"});
    let made = post(&server, "model-versions/create", copy).await;
    assert_eq!(made.body["model_version"]["version"], "2", "{made:?}");
    let aliased = [("name", "m"), ("alias", "best")];
    let forgotten = get(&server, "registered-models/alias", &aliased).await;
    assert_eq!(refusal(&forgotten), (400, "INVALID_PARAMETER_VALUE"));
}

#[tokio::test]
async fn a_source_that_does_not_exist_never_becomes_ready() {
    let server = ready().await;
    for source in [
        "mlflow-artifacts:/0/0123456789abcdef0123456789abcdef/artifacts/model",
        "runs:/0123456789abcdef0123456789abcdef/model",
        "models:/m-0123456789abcdef0123456789abcdef",
        "models:/m/9",
        "models:/nobody/1",
    ] {
        let create = json!({"name": "m", "source": source});
        let refused = post(&server, "model-versions/create", create).await;
        assert_eq!(refusal(&refused), (404, "RESOURCE_DOES_NOT_EXIST"), "{source}");
    }
    let found = get(&server, "model-versions/search", &[("filter", "name = 'm'")]).await;
    assert_eq!(found.body["model_versions"].as_array().unwrap().len(), 1, "{found:?}");
    assert_as_it_was(&server).await;
}
