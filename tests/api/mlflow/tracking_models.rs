//! Logged models as a client that logs and registers them uses them.

use super::artifacts;
use super::tracking::{done, run, shown};
use super::{call, get, post, refusal};
use crate::harness::Server;
use reqwest::Method;
use serde_json::{Value, json};

pub(super) async fn logged(server: &Server, create: Value) -> Value {
    let made = post(server, "logged-models", create).await;
    assert_eq!(made.status, 200, "{made:?}");
    made.body["model"].clone()
}

fn id(model: &Value) -> String {
    model["info"]["model_id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_model_is_logged_without_a_run_and_finalized() {
    let server = Server::start();
    let create = json!({"experiment_id": "0", "name": "model",
        "tags": [{"key": "mlflow.user", "value": "ada"}]});
    let model = logged(&server, create).await;
    let (id, path) = (id(&model), format!("logged-models/{}", id(&model)));
    assert!(id.starts_with("m-") && id.len() == 34, "{id}");
    let info = &model["info"];
    assert_eq!(info["status"], "LOGGED_MODEL_PENDING");
    assert_eq!(info["artifact_uri"], format!("mlflow-artifacts:/0/models/{id}/artifacts"));
    assert_eq!((&info["model_type"], &info["source_run_id"]), (&json!(""), &json!("")));
    assert_eq!(model["data"], json!({}));
    let ready = json!({"model_id": id, "status": "LOGGED_MODEL_READY"});
    for _ in 0..2 {
        let answer = call(&server, Method::PATCH, &path, ready.clone()).await;
        assert_eq!(answer.body["model"]["info"]["status"], "LOGGED_MODEL_READY", "{answer:?}");
    }
    for odd in ["LOGGED_MODEL_PENDING", "READY", ""] {
        let refused = call(&server, Method::PATCH, &path, json!({"status": odd})).await;
        assert_eq!(refusal(&refused), (400, "INVALID_PARAMETER_VALUE"), "{odd}");
    }
    let versions = json!({"tags": [{"key": "mlflow.modelVersions", "value": "[]"}]});
    let tagged = call(&server, Method::PATCH, &format!("{path}/tags"), versions).await;
    assert_eq!((tagged.status, &tagged.body), (200, &json!({})));
    let found = get(&server, &path, &[("allow_deleted", "true")]).await;
    let tags = json!([{"key": "mlflow.modelVersions", "value": "[]"},
        {"key": "mlflow.user", "value": "ada"}]);
    assert_eq!(found.body["model"]["info"]["tags"], tags);
    let untag = format!("{path}/tags/mlflow.user");
    assert_eq!(call(&server, Method::DELETE, &untag, Value::Null).await.status, 200);
    let absent = call(&server, Method::DELETE, &untag, Value::Null).await;
    assert_eq!(refusal(&absent), (404, "RESOURCE_DOES_NOT_EXIST"));
}

#[tokio::test]
async fn a_logged_models_parameters_come_in_batches_and_never_change() {
    let server = Server::start();
    let create = json!({"experiment_id": "0", "name": "model",
        "params": [{"key": "a", "value": "1"}]});
    let path = format!("logged-models/{}", id(&logged(&server, create).await));
    let batch = json!({"params": [{"key": "b", "value": "2"}, {"key": "a", "value": "1"}]});
    for _ in 0..2 {
        done(&server, &format!("{path}/params"), batch.clone()).await;
    }
    let changed = json!({"params": [{"key": "c", "value": "3"}, {"key": "a", "value": "9"}]});
    let refused = post(&server, &format!("{path}/params"), changed).await;
    assert_eq!(refusal(&refused), (400, "INVALID_PARAMETER_VALUE"));
    let params = json!([{"key": "a", "value": "1"}, {"key": "b", "value": "2"}]);
    assert_eq!(get(&server, &path, &[]).await.body["model"]["data"]["params"], params);
}

#[tokio::test]
async fn a_metric_of_a_logged_model_is_the_models_and_the_runs() {
    let server = Server::start();
    let run = run(&server).await;
    let create = json!({"experiment_id": "0", "name": "model", "source_run_id": run});
    let model = id(&logged(&server, create).await);
    let metric = json!({"run_id": run, "key": "m", "value": 0.7, "timestamp": 1, "step": 0,
        "model_id": model, "dataset_name": "digits", "dataset_digest": "d"});
    done(&server, "runs/log-metric", metric.clone()).await;
    let point = json!({"key": "m", "value": 0.7, "timestamp": 1, "step": 0});
    assert_eq!(shown(&server, &run).await["data"]["metrics"], json!([point]));
    let found = get(&server, &format!("logged-models/{model}"), &[]).await;
    assert_eq!(found.body["model"]["data"]["metrics"], json!([metric]));
    let nobody = json!({"run_id": run, "key": "m", "value": 1, "timestamp": 1,
        "model_id": format!("m-{}", "0".repeat(32))});
    let refused = post(&server, "runs/log-metric", nobody).await;
    assert_eq!(refusal(&refused), (404, "RESOURCE_DOES_NOT_EXIST"));
}

#[tokio::test]
async fn a_client_finds_the_model_that_its_run_logged() {
    let server = Server::start();
    let run = run(&server).await;
    let create = json!({"experiment_id": "0", "name": "model", "source_run_id": run});
    let first = id(&logged(&server, create.clone()).await);
    let second = id(&logged(&server, create).await);
    logged(&server, json!({"experiment_id": "0", "name": "other"})).await;
    let search = |more: Value| {
        let mut body = json!({"experiment_ids": ["0"], "filter": "name = 'model'"});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let server = &server;
        async move { post(server, "logged-models/search", body).await }
    };
    let ids = |answer: &crate::harness::Answer| {
        let models = answer.body["models"].as_array().cloned().unwrap_or_default();
        models.iter().map(id).collect::<Vec<String>>()
    };
    assert_eq!(ids(&search(json!({})).await), [second.clone(), first.clone()]);
    let oldest = json!([{"field_name": "creation_timestamp", "ascending": true}]);
    let page = search(json!({"order_by": oldest, "max_results": 1})).await;
    assert_eq!(ids(&page), [first]);
    let token = page.body["next_page_token"].clone();
    let next = search(json!({"order_by": oldest, "max_results": 1, "page_token": token})).await;
    assert_eq!((ids(&next), next.body.get("next_page_token")), (vec![second], None));
    assert_eq!(search(json!({"experiment_ids": ["7", "x"]})).await.body, json!({}));
    for odd in [
        json!({"filter": "metrics.acc > 0.9"}),
        json!({"filter": "name ="}),
        json!({"order_by": [{"field_name": "metrics.acc"}]}),
        json!({"max_results": 1001}),
        json!({"max_results": -1}),
        json!({"page_token": "zz"}),
        json!({"page_token": token, "filter": "name = 'other'"}),
        json!({"datasets": [{"dataset_name": "d"}]}),
    ] {
        let refused = search(odd.clone()).await;
        assert_eq!(refusal(&refused), (400, "INVALID_PARAMETER_VALUE"), "{odd}");
    }
}

#[tokio::test]
async fn a_version_of_a_logged_model_is_of_the_run_that_logged_it() {
    let server = artifacts::server().await;
    let run = run(&server).await;
    let create = json!({"experiment_id": "0", "name": "model", "source_run_id": run});
    let model = id(&logged(&server, create).await);
    artifacts::log(&server, &format!("0/models/{model}/artifacts")).await;
    let version = |more: Value| {
        let mut body = json!({"name": "m", "source": format!("models:/{model}")});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let server = &server;
        async move {
            let made = post(server, "model-versions/create", body).await;
            assert_eq!(made.status, 200, "{made:?}");
            made.body["model_version"].clone()
        }
    };
    let of_model = version(json!({"model_id": model})).await;
    assert_eq!((&of_model["run_id"], &of_model["model_id"]), (&json!(run), &json!(model)));
    let said = version(json!({"model_id": model, "run_id": "said"})).await;
    assert_eq!(said["run_id"], "said");
    let elsewhere = version(json!({"model_id": format!("m-{}", "0".repeat(32))})).await;
    assert_eq!(elsewhere.get("run_id"), None);
}

#[tokio::test]
async fn a_page_goes_on_after_the_longest_name() {
    let server = Server::start();
    let name = "😀".repeat(500);
    for _ in 0..3 {
        logged(&server, json!({"experiment_id": "0", "name": name})).await;
    }
    let order = ["name", "last_updated_timestamp", "creation_timestamp", "model_id"];
    let order = order.map(|field| json!({"field_name": field, "ascending": false}));
    let mut found = std::collections::BTreeSet::new();
    let mut token = String::new();
    for page in 0..3 {
        let asked = json!({"experiment_ids": ["0"], "max_results": 1, "order_by": order,
            "page_token": token});
        let answer = post(&server, "logged-models/search", asked).await;
        assert_eq!(answer.status, 200, "page {page}: {answer:?}");
        found.insert(id(&answer.body["models"][0]));
        token = answer.body["next_page_token"].as_str().unwrap_or_default().to_owned();
        assert_eq!(token.is_empty(), page == 2, "page {page}");
    }
    assert_eq!(found.len(), 3);
}
