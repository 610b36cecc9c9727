//! Runs and experiments as a client that trains uses them.

use super::{get, post, refusal};
use crate::harness::{Answer, Server};
use serde_json::{Value, json};

/// A run of the default experiment, by its id.
pub(super) async fn run(server: &Server) -> String {
    let create = json!({"experiment_id": "0", "user_id": "ada", "start_time": 5,
        "run_name": "nightly", "tags": [{"key": "k", "value": "v"}]});
    let made = post(server, "runs/create", create).await;
    assert_eq!(made.status, 200, "{made:?}");
    made.body["run"]["info"]["run_id"].as_str().unwrap().to_owned()
}

pub(super) async fn shown(server: &Server, run: &str) -> Value {
    get(server, "runs/get", &[("run_id", run)]).await.body["run"].clone()
}

/// A call that must succeed with nothing to say.
pub(super) async fn done(server: &Server, path: &str, body: Value) {
    let answer = post(server, path, body).await;
    assert_eq!((answer.status, &answer.body), (200, &json!({})), "{path}: {answer:?}");
}

#[tokio::test]
async fn the_default_experiment_needs_no_look_up_and_others_are_made_once() {
    let server = Server::start();
    let default = get(&server, "experiments/get", &[("experiment_id", "0")]).await;
    let expected = json!({"experiment_id": "0", "name": "Default", "lifecycle_stage": "active",
        "artifact_location": "mlflow-artifacts:/0", "creation_time": 0, "last_update_time": 0});
    assert_eq!(default.body["experiment"], expected);
    let by_name = |name: &'static str| {
        let server = &server;
        async move { get(server, "experiments/get-by-name", &[("experiment_name", name)]).await }
    };
    assert_eq!(refusal(&by_name("night").await), (404, "RESOURCE_DOES_NOT_EXIST"));
    let create = json!({"name": "night", "tags": [{"key": "team", "value": "vision"}]});
    let made = post(&server, "experiments/create", create.clone()).await;
    assert_eq!(made.body, json!({"experiment_id": "1"}));
    let again = post(&server, "experiments/create", create).await;
    assert_eq!(refusal(&again), (400, "RESOURCE_ALREADY_EXISTS"));
    let found = by_name("night").await;
    assert_eq!(found.body["experiment"]["tags"], json!([{"key": "team", "value": "vision"}]));
    assert_eq!(found.body["experiment"]["artifact_location"], "mlflow-artifacts:/1");
    for odd in ["7", "x", "-1", "99999999999"] {
        let unknown = get(&server, "experiments/get", &[("experiment_id", odd)]).await;
        assert_eq!(refusal(&unknown), (404, "RESOURCE_DOES_NOT_EXIST"), "{odd}");
    }
    let elsewhere = json!({"name": "x", "artifact_location": "s3://bucket/x"});
    for body in [json!({"name": " "}), json!({"name": "x".repeat(501)}), elsewhere] {
        let refused = post(&server, "experiments/create", body).await;
        assert_eq!(refusal(&refused), (400, "INVALID_PARAMETER_VALUE"));
    }
}

#[tokio::test]
async fn a_run_is_begun_logged_to_and_ended_in_a_clients_words() {
    let server = Server::start();
    let run = run(&server).await;
    done(&server, "runs/log-parameter", json!({"run_uuid": run, "key": "p", "value": "1"})).await;
    let metric = json!({"run_id": run, "key": "m", "value": 0.5, "timestamp": 1, "step": 3});
    done(&server, "runs/log-metric", metric).await;
    let batch = json!({"run_id": run,
        "metrics": [{"key": "m", "value": 0.6, "timestamp": 2, "step": 4},
            {"key": "n", "value": "NaN", "timestamp": 2},
            {"key": "i", "value": "-Infinity", "timestamp": "2", "step": "0"}],
        "params": [{"key": "a/b c", "value": ""}],
        "tags": [{"key": "t", "value": "1"}, {"key": "t", "value": "2"}]});
    done(&server, "runs/log-batch", batch.clone()).await;
    done(&server, "runs/log-batch", batch).await;
    done(&server, "runs/set-tag", json!({"run_id": run, "key": "x", "value": "y"})).await;
    done(&server, "runs/delete-tag", json!({"run_id": run, "key": "k"})).await;
    let end = json!({"run_id": run, "status": "FINISHED", "end_time": 9});
    let ended = post(&server, "runs/update", end).await;
    let info = json!({"run_id": run, "run_uuid": run, "experiment_id": "0", "run_name": "nightly",
        "user_id": "ada", "status": "FINISHED", "start_time": 5, "end_time": 9,
        "artifact_uri": format!("mlflow-artifacts:/0/{run}/artifacts"),
        "lifecycle_stage": "active"});
    assert_eq!(ended.body, json!({"run_info": info}));
    let data = json!({
        "metrics": [{"key": "i", "value": f64::MIN, "timestamp": 2, "step": 0},
            {"key": "m", "value": 0.6, "timestamp": 2, "step": 4},
            {"key": "n", "value": "NaN", "timestamp": 2, "step": 0}],
        "params": [{"key": "a/b c", "value": ""}, {"key": "p", "value": "1"}],
        "tags": [{"key": "mlflow.runName", "value": "nightly"}, {"key": "t", "value": "2"},
            {"key": "x", "value": "y"}]});
    let expected = json!({"info": info, "data": data, "inputs": {}, "outputs": {}});
    assert_eq!(shown(&server, &run).await, expected);
}

#[tokio::test]
async fn a_run_without_a_name_gets_one_and_its_tag_and_name_are_one() {
    let server = Server::start();
    let unnamed = post(&server, "runs/create", json!({"experiment_id": "0"})).await;
    let unnamed = &unnamed.body["run"];
    let name = unnamed["info"]["run_name"].as_str().unwrap();
    assert!(name.starts_with("run-"), "{name}");
    assert_eq!(unnamed["data"]["tags"], json!([{"key": "mlflow.runName", "value": name}]));
    let run = run(&server).await;
    let renamed = json!({"run_id": run, "key": "mlflow.runName", "value": "by tag"});
    done(&server, "runs/set-tag", renamed).await;
    assert_eq!(shown(&server, &run).await["info"]["run_name"], "by tag");
    let updated = post(&server, "runs/update", json!({"run_id": run, "run_name": "by name"})).await;
    assert_eq!(updated.body["run_info"]["status"], "RUNNING");
    assert_eq!(shown(&server, &run).await["data"]["tags"][1]["value"], "by name");
    let tags = json!([{"key": "mlflow.runName", "value": "b"}]);
    let two = json!({"experiment_id": "0", "run_name": "a", "tags": tags});
    let refused = post(&server, "runs/create", two).await;
    assert_eq!(refusal(&refused), (400, "INVALID_PARAMETER_VALUE"));
}

#[tokio::test]
async fn a_parameter_never_changes_and_nothing_of_a_refused_batch_is_logged() {
    let server = Server::start();
    let run = run(&server).await;
    let param = |value: &str| json!({"run_id": run, "key": "p", "value": value});
    done(&server, "runs/log-parameter", param("1")).await;
    done(&server, "runs/log-parameter", param("1")).await;
    let refused = post(&server, "runs/log-parameter", param("2")).await;
    assert_eq!(refusal(&refused), (400, "INVALID_PARAMETER_VALUE"));
    let message = refused.body["message"].as_str().unwrap();
    assert!(message.contains("Changing param values is not allowed"), "{message}");
    let batch = json!({"run_id": run, "params": [{"key": "p", "value": "2"}],
        "tags": [{"key": "t", "value": "1"}],
        "metrics": [{"key": "m", "value": 1, "timestamp": 1}]});
    let refused = post(&server, "runs/log-batch", batch).await;
    assert_eq!(refusal(&refused), (400, "INVALID_PARAMETER_VALUE"));
    let data = shown(&server, &run).await["data"].clone();
    assert_eq!(data["params"], json!([{"key": "p", "value": "1"}]));
    assert_eq!((data.get("metrics"), data["tags"].as_array().unwrap().len()), (None, 2));
}

#[tokio::test]
async fn a_metrics_history_comes_page_by_page() {
    let server = Server::start();
    let run = run(&server).await;
    let metrics: Vec<Value> =
        (0..5).map(|n| json!({"key": "m", "value": n, "timestamp": n, "step": n})).collect();
    done(&server, "runs/log-batch", json!({"run_id": run, "metrics": metrics})).await;
    let page = |token: String| {
        let query = [("run_id", run.clone()), ("metric_key", "m".to_owned())];
        let more = [("max_results", "2".to_owned()), ("page_token", token)];
        let server = &server;
        async move {
            let all: Vec<(&str, &str)> =
                query.iter().chain(&more).map(|(key, value)| (*key, value.as_str())).collect();
            get(server, "metrics/get-history", &all).await
        }
    };
    let (mut steps, mut token) = (Vec::new(), String::new());
    loop {
        let Answer { body, .. } = page(token).await;
        steps.extend(body["metrics"].as_array().unwrap().iter().map(|point| point["step"].clone()));
        let Some(next) = body["next_page_token"].as_str() else { break };
        token = next.to_owned();
    }
    assert_eq!(steps, [0, 1, 2, 3, 4].map(|step| json!(step)));
    assert_eq!(refusal(&page("made-up".to_owned()).await), (400, "INVALID_PARAMETER_VALUE"));
    let query = [("run_id", run.as_str()), ("metric_key", "none")];
    let none = get(&server, "metrics/get-history", &query).await;
    assert_eq!((none.status, none.body), (200, json!({})));
}

#[tokio::test]
async fn what_a_run_read_and_made_is_shown_once() {
    let server = Server::start();
    let run = run(&server).await;
    let dataset = json!({"name": "digits", "digest": "2981c147", "source_type": "http",
        "source": "{}", "profile": "{}"});
    let tags = json!([{"key": "mlflow.data.context", "value": "training"}]);
    let input = json!({"tags": tags, "dataset": dataset});
    let read = format!("m-{}", "a".repeat(32));
    let made = format!("m-{}", "b".repeat(32));
    for _ in 0..2 {
        let inputs = json!({"run_id": run, "datasets": [input], "models": [{"model_id": read}]});
        done(&server, "runs/log-inputs", inputs).await;
        let outputs = json!({"run_id": run, "models": [{"model_id": made, "step": 2}]});
        done(&server, "runs/outputs", outputs).await;
    }
    let run_shown = shown(&server, &run).await;
    let inputs = json!({"dataset_inputs": [input], "model_inputs": [{"model_id": read}]});
    assert_eq!(run_shown["inputs"], inputs);
    assert_eq!(run_shown["outputs"], json!({"model_outputs": [{"model_id": made, "step": 2}]}));
}
