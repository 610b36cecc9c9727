//! Versions: made from what is here, numbered once, staged where no rollout stages.

use super::{call, get, post, refusal};
use crate::harness::{Answer, Server, answer, demo_model};
use reqwest::Method;
use serde_json::json;

async fn server() -> Server {
    let server = Server::start();
    server.push("m", &demo_model("v1")).await;
    server
}

#[tokio::test]
async fn the_same_source_again_is_a_version_of_its_own_with_the_same_digest() {
    let server = server().await;
    let create = json!({"name": "m", "source": "models:/m/1",
        "description": "copied", "tags": [{"key": "k", "value": "v"}]});
    for number in ["2", "3"] {
        let made = post(&server, "model-versions/create", create.clone()).await;
        let version = &made.body["model_version"];
        assert_eq!(version["version"], number, "{made:?}");
        assert_eq!(version["status"], "READY");
        assert_eq!(version["current_stage"], "None");
    }
    let first = server.get("/models/m/versions/1").await;
    let third = server.get("/models/m/versions/3").await;
    assert_eq!(first.body["digest"], third.body["digest"]);
    let pushed = server.push("m", &demo_model("v1")).await;
    assert_eq!(pushed.status, 200, "a push stays idempotent: {pushed:?}");
}

#[tokio::test]
async fn versions_made_at_once_have_numbers_of_their_own() {
    let server = server().await;
    let create = json!({"name": "m", "source": "models:/m/1"});
    let at_once = (0..8).map(|_| post(&server, "model-versions/create", create.clone()));
    let made = futures_util::future::join_all(at_once).await;
    let number = |made: &Answer| made.body["model_version"]["version"].as_str().unwrap().to_owned();
    let mut numbers = made.iter().map(number).collect::<Vec<_>>();
    numbers.sort();
    assert_eq!(numbers, ["2", "3", "4", "5", "6", "7", "8", "9"]);
}

#[tokio::test]
async fn a_copy_came_of_what_its_original_came_of() {
    let server = server().await;
    let file = "/api/2.0/mlflow-artifacts/artifacts/logged/model.onnx";
    let file = server.at(Method::PUT, file).header("content-type", "application/octet-stream");
    let bytes = std::fs::read(demo_model("v1")).unwrap();
    assert_eq!(answer(file.body(bytes)).await.status, 200);
    let logged = json!({"name": "m", "source": "mlflow-artifacts:/logged", "run_id": "r1"});
    let original = post(&server, "model-versions/create", logged).await;
    assert_eq!(original.body["model_version"]["run_id"], "r1", "{original:?}");

    let copy = json!({"name": "m", "source": "models:/m/2"});
    let copied = post(&server, "model-versions/create", copy).await;
    assert_eq!(copied.body["model_version"]["run_id"], "r1", "{copied:?}");

    for (source, run) in [("models:/m/2", "r2"), ("models:/m/1", "r1")] {
        let forged = json!({"name": "m", "source": source, "run_id": run});
        let refused = post(&server, "model-versions/create", forged).await;
        assert_eq!(refusal(&refused), (400, "INVALID_PARAMETER_VALUE"), "{source} {run}");
    }
}

#[tokio::test]
async fn a_source_that_is_not_here_or_climbs_out_is_refused() {
    let server = server().await;
    for source in ["models:/m/9", "mlflow-artifacts:/0/r/artifacts/model", "runs:/r/model"] {
        let create = json!({"name": "m", "source": source});
        let refused = post(&server, "model-versions/create", create).await;
        assert_eq!(refusal(&refused), (404, "RESOURCE_DOES_NOT_EXIST"), "{source}");
    }
    for source in [
        "",
        "/etc/passwd",
        "file:///etc/passwd",
        "relative/dir",
        "mlflow-artifacts:/a/../b",
        "mlflow-artifacts:/a/%2e%2e/b",
        "mlflow-artifacts:/a/%252e%252e/b",
        "mlflow-artifacts:/a/..\\b",
        "models:/m/..",
        "http://elsewhere/x",
    ] {
        let create = json!({"name": "m", "source": source});
        let refused = post(&server, "model-versions/create", create).await;
        assert_eq!(refusal(&refused), (400, "INVALID_PARAMETER_VALUE"), "{source:?}");
    }
    let create = json!({"name": "other", "source": "models:/m/1"});
    let refused = post(&server, "model-versions/create", create).await;
    assert_eq!(refusal(&refused), (404, "RESOURCE_DOES_NOT_EXIST"));
    let page = get(&server, "model-versions/search", &[("filter", "name = 'm'")]).await;
    assert_eq!(page.body["model_versions"].as_array().unwrap().len(), 1, "nothing was registered");
}

#[tokio::test]
async fn a_number_is_never_given_again() {
    let server = server().await;
    let delete = json!({"name": "m"});
    let gone = call(&server, Method::DELETE, "registered-models/delete", delete).await;
    assert_eq!(gone.status, 200, "{gone:?}");
    post(&server, "registered-models/create", json!({"name": "m"})).await;
    let again = server.push("m", &demo_model("v1")).await;
    assert_eq!(again.body["version"], 2, "{again:?}");
    let first = get(&server, "model-versions/get", &[("name", "m"), ("version", "1")]).await;
    assert_eq!(refusal(&first), (404, "RESOURCE_DOES_NOT_EXIST"));
    let odd = get(&server, "model-versions/get", &[("name", "m"), ("version", "one")]).await;
    assert_eq!(refusal(&odd), (400, "INVALID_PARAMETER_VALUE"));
}

#[tokio::test]
async fn stages_move_as_in_mlflow_where_no_policy_is() {
    let server = server().await;
    post(&server, "model-versions/create", json!({"name": "m", "source": "models:/m/1"})).await;
    let path = "model-versions/transition-stage";
    let to = |version: &str, stage: &str| json!({"name": "m", "version": version, "stage": stage, "archive_existing_versions": true});
    let moved = post(&server, path, to("1", "production")).await;
    assert_eq!(moved.body["model_version"]["current_stage"], "Production", "{moved:?}");
    post(&server, path, to("2", "Production")).await;
    let first = get(&server, "model-versions/get", &[("name", "m"), ("version", "1")]).await;
    assert_eq!(first.body["model_version"]["current_stage"], "Archived");
    let asked = json!({"name": "m", "stages": ["Production"]});
    let latest = post(&server, "registered-models/get-latest-versions", asked).await;
    let versions = latest.body["model_versions"].as_array().unwrap();
    assert_eq!((versions.len(), &versions[0]["version"]), (1, &json!("2")));
    for (stage, version) in [("Live", "1"), ("Archived", "1")] {
        let refused = post(&server, path, to(version, stage)).await;
        assert_eq!(refusal(&refused), (400, "INVALID_PARAMETER_VALUE"), "{stage}");
    }
}
