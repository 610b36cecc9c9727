//! What is refused of what clients log: always for good, so that no client tries for minutes.

use super::tracking::{done, run, shown};
use super::{call, get, post, refusal};
use crate::harness::Server;
use reqwest::Method;
use serde_json::{Value, json};

#[tokio::test]
async fn what_is_not_there_is_not_found() {
    let server = Server::start();
    let model = format!("m-{}", "0".repeat(32));
    for run in ["0".repeat(32), "x".to_owned(), "../../etc".to_owned()] {
        let answer = get(&server, "runs/get", &[("run_id", &run)]).await;
        assert_eq!(refusal(&answer), (404, "RESOURCE_DOES_NOT_EXIST"), "{run}");
        for (path, body) in [
            ("runs/update", json!({"run_id": run, "status": "FINISHED"})),
            ("runs/log-metric", json!({"run_id": run, "key": "m", "value": 1, "timestamp": 1})),
            ("runs/log-parameter", json!({"run_id": run, "key": "m", "value": "1"})),
            ("runs/log-batch", json!({"run_id": run})),
            ("runs/set-tag", json!({"run_id": run, "key": "m", "value": "1"})),
            ("runs/delete-tag", json!({"run_id": run, "key": "m"})),
            ("runs/log-inputs", json!({"run_id": run})),
            ("runs/outputs", json!({"run_id": run, "models": [{"model_id": model}]})),
        ] {
            let answer = post(&server, path, body).await;
            assert_eq!(refusal(&answer), (404, "RESOURCE_DOES_NOT_EXIST"), "{path} {run}");
        }
    }
    for id in [model.as_str(), "m-x", "x"] {
        let path = format!("logged-models/{id}");
        let answer = get(&server, &path, &[]).await;
        assert_eq!(refusal(&answer), (404, "RESOURCE_DOES_NOT_EXIST"), "{id}");
        let ready = json!({"status": "LOGGED_MODEL_READY"});
        let answer = call(&server, Method::PATCH, &path, ready).await;
        assert_eq!(refusal(&answer), (404, "RESOURCE_DOES_NOT_EXIST"), "{id}");
    }
    for path in ["runs/create", "logged-models"] {
        let answer = post(&server, path, json!({"experiment_id": "7"})).await;
        assert_eq!(refusal(&answer), (404, "RESOURCE_DOES_NOT_EXIST"), "{path}");
    }
}

#[tokio::test]
async fn what_makes_no_sense_is_a_bad_request_and_logs_nothing() {
    let server = Server::start();
    let run = run(&server).await;
    let before = shown(&server, &run).await;
    let metric = |key: &str, value: Value, at: Value| json!({"run_id": run, "key": key, "value": value, "timestamp": at});
    let many = |count: usize| -> Vec<Value> {
        (0..count).map(|n| json!({"key": format!("k{n}"), "value": "1", "timestamp": 1})).collect()
    };
    let input = |name: &str, digest: &str| json!({"run_id": run, "datasets": [{"dataset": {"name": name, "digest": digest}}]});
    for (path, body) in [
        ("runs/log-metric", json!({"key": "m", "value": 1, "timestamp": 1})),
        ("runs/log-metric", metric("a\tb", json!(1), json!(1))),
        ("runs/log-metric", metric("", json!(1), json!(1))),
        ("runs/log-metric", metric("a/../b", json!(1), json!(1))),
        ("runs/log-metric", metric(&"k".repeat(251), json!(1), json!(1))),
        ("runs/log-metric", metric("m", json!("much"), json!(1))),
        ("runs/log-metric", metric("m", json!(true), json!(1))),
        ("runs/log-metric", metric("m", Value::Null, json!(1))),
        ("runs/log-metric", metric("m", json!(1), Value::Null)),
        ("runs/log-metric", metric("m", json!(1), json!(-1))),
        ("runs/log-metric", metric("m", json!(1), json!(1.5))),
        ("runs/log-parameter", json!({"run_id": run, "key": "../p", "value": "1"})),
        ("runs/set-tag", json!({"run_id": run, "key": "/t", "value": "1"})),
        ("runs/log-batch", json!({"run_id": run, "metrics": many(1001)})),
        ("runs/log-batch", json!({"run_id": run, "params": many(101)})),
        ("runs/log-batch", json!({"run_id": run, "tags": many(101)})),
        ("runs/log-batch", json!({"run_id": run, "metrics": many(950), "tags": many(51)})),
        ("runs/log-batch", json!({"run_id": run, "params": [many(1)[0], many(1)[0]]})),
        ("runs/update", json!({"run_id": run, "status": "DONE"})),
        ("runs/log-inputs", input("", "d")),
        ("runs/log-inputs", input("d", "")),
        ("runs/log-inputs", input("d", &"d".repeat(37))),
        ("runs/outputs", json!({"run_id": run, "models": [{"model_id": "../m"}]})),
        ("runs/create", json!({"experiment_id": "0", "start_time": "soon"})),
        ("logged-models", json!({"experiment_id": "0", "name": "a/b"})),
        ("logged-models", json!({"experiment_id": "0", "params": [{"key": "", "value": ""}]})),
    ] {
        let refused = post(&server, path, body.clone()).await;
        assert_eq!(refusal(&refused), (400, "INVALID_PARAMETER_VALUE"), "{path} {body}");
    }
    assert_eq!(shown(&server, &run).await, before);
}

#[tokio::test]
async fn values_that_are_too_long_are_cut_as_mlflow_cuts_them() {
    let server = Server::start();
    let run = run(&server).await;
    let param = json!({"run_id": run, "key": "p", "value": "é".repeat(7000)});
    done(&server, "runs/log-parameter", param.clone()).await;
    done(&server, "runs/log-parameter", param).await;
    let params = shown(&server, &run).await["data"]["params"].clone();
    assert_eq!(params[0]["value"], "é".repeat(6000));
}

#[tokio::test]
async fn a_limit_that_is_reached_is_a_refusal_that_names_it() {
    let server = Server::start_with("[limits.tracking]\nmax_points = 2\n");
    let run = run(&server).await;
    let metric = |n: i64| json!({"run_id": run, "key": "m", "value": n, "timestamp": n, "step": n});
    for n in [0, 1, 1] {
        done(&server, "runs/log-metric", metric(n)).await;
    }
    let refused = post(&server, "runs/log-metric", metric(2)).await;
    assert_eq!(refusal(&refused), (400, "RESOURCE_LIMIT_EXCEEDED"));
    let message = refused.body["message"].as_str().unwrap();
    assert!(message.contains("limits.tracking.max_points"), "{message}");
}
