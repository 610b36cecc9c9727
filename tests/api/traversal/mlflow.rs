//! Every route for MLflow's clients that takes a path or a name: those that its source has.

use super::raw::BYTES;
use super::{Request, Target, assert_refused, at_each_place, segments, texts};
use crate::harness::{Server, demo_model};
use serde_json::{Value, json};
use std::path::Path;

const BASE: &str = "/api/2.0/mlflow";
const ARTIFACTS: &str = "/api/2.0/mlflow-artifacts";

/// Routes whose arguments name nothing that could be a place.
const NAMELESS: [&str; 4] = [
    "/registered-models/search",
    "/model-versions/search",
    "/logged-models/search",
    "/server-info",
];

/// Arguments in JSON, `{}` being the hostile text. Those of a GET are in the query.
fn calls(text: &str) -> Vec<(&'static str, &'static str, Value)> {
    let version = |name: &str, number: &str| json!({"name": name, "version": number});
    vec![
        ("POST", "/registered-models/create", json!({"name": text})),
        ("GET", "/registered-models/get", json!({"name": text})),
        ("PATCH", "/registered-models/update", json!({"name": text, "description": "d"})),
        ("POST", "/registered-models/update", json!({"name": text, "description": "d"})),
        ("POST", "/registered-models/rename", json!({"name": text, "new_name": "n"})),
        ("POST", "/registered-models/rename", json!({"name": "m", "new_name": text})),
        ("DELETE", "/registered-models/delete", json!({"name": text})),
        ("GET", "/registered-models/get-latest-versions", json!({"name": text})),
        ("POST", "/registered-models/get-latest-versions", json!({"name": text})),
        ("POST", "/registered-models/get-latest-versions", json!({"name": "m", "stages": [text]})),
        ("POST", "/registered-models/set-tag", json!({"name": text, "key": "k", "value": "v"})),
        ("DELETE", "/registered-models/delete-tag", json!({"name": text, "key": "k"})),
        (
            "POST",
            "/registered-models/alias",
            json!({"name": text, "alias": "best", "version": "1"}),
        ),
        ("POST", "/registered-models/alias", json!({"name": "m", "alias": text, "version": "1"})),
        ("GET", "/registered-models/alias", json!({"name": text, "alias": "best"})),
        ("GET", "/registered-models/alias", json!({"name": "m", "alias": text})),
        ("DELETE", "/registered-models/alias", json!({"name": text, "alias": "best"})),
        ("DELETE", "/registered-models/alias", json!({"name": "m", "alias": text})),
        ("POST", "/model-versions/create", json!({"name": text, "source": "models:/m/1"})),
        ("POST", "/model-versions/create", json!({"name": "m", "source": text})),
        ("GET", "/model-versions/get", version(text, "1")),
        ("GET", "/model-versions/get", version("m", text)),
        ("PATCH", "/model-versions/update", version(text, "1")),
        ("POST", "/model-versions/update", version("m", text)),
        ("DELETE", "/model-versions/delete", version(text, "1")),
        ("DELETE", "/model-versions/delete", version("m", text)),
        ("GET", "/model-versions/get-download-uri", version(text, "1")),
        ("GET", "/model-versions/get-download-uri", version("m", text)),
        (
            "POST",
            "/model-versions/transition-stage",
            json!({"name": text, "version": "1", "stage": "Staging"}),
        ),
        (
            "POST",
            "/model-versions/transition-stage",
            json!({"name": "m", "version": "1", "stage": text}),
        ),
        (
            "POST",
            "/model-versions/set-tag",
            json!({"name": text, "version": "1", "key": "k", "value": "v"}),
        ),
        ("DELETE", "/model-versions/delete-tag", json!({"name": "m", "version": text, "key": "k"})),
    ]
}

/// As [`calls`], of what clients log. Names of experiments and runs are text that is only shown.
fn logging(text: &str) -> Vec<(&'static str, &'static str, Value)> {
    let run = |more: Value| {
        let mut arguments = json!({"run_id": text});
        arguments.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        arguments
    };
    vec![
        ("POST", "/experiments/create", json!({"name": "e", "artifact_location": text})),
        ("GET", "/experiments/get", json!({"experiment_id": text})),
        ("GET", "/experiments/get-by-name", json!({"experiment_name": text})),
        ("POST", "/runs/create", json!({"experiment_id": text})),
        ("GET", "/runs/get", run(json!({}))),
        ("POST", "/runs/update", run(json!({"status": "FINISHED"}))),
        ("POST", "/runs/set-tag", run(json!({"key": "k", "value": "v"}))),
        ("POST", "/runs/delete-tag", run(json!({"key": "k"}))),
        ("POST", "/runs/log-inputs", run(json!({"models": [{"model_id": "x"}]}))),
        ("POST", "/runs/outputs", run(json!({"models": [{"model_id": "x", "step": 1}]}))),
        (
            "POST",
            "/runs/log-metric",
            run(json!({"key": "k", "value": 1.0, "timestamp": 1, "step": 0})),
        ),
        ("POST", "/runs/log-parameter", run(json!({"key": "k", "value": "v"}))),
        ("POST", "/runs/log-batch", run(json!({"tags": [{"key": "k", "value": "v"}]}))),
        ("GET", "/metrics/get-history", run(json!({"metric_key": "k"}))),
        ("POST", "/logged-models", json!({"experiment_id": text, "name": "l"})),
        ("POST", "/logged-models", json!({"experiment_id": "0", "name": text})),
    ]
}

/// Routes with a place in their path, and a body that is in order.
const PLACES: [(&str, &str, &str); 5] = [
    ("GET", "/logged-models/{id}", ""),
    ("PATCH", "/logged-models/{id}", r#"{"status": "LOGGED_MODEL_READY"}"#),
    ("PATCH", "/logged-models/{id}/tags", r#"{"tags": [{"key": "k", "value": "v"}]}"#),
    ("DELETE", "/logged-models/{id}/tags/{*key}", ""),
    ("POST", "/logged-models/{id}/params", r#"{"params": [{"key": "k", "value": "v"}]}"#),
];

/// Where a source may carry a hostile text: after each scheme that is known, and within it.
fn sources(text: &str) -> Vec<String> {
    ["models:/", "models:/m/", "runs:/", "runs:/r/", "mlflow-artifacts:/", "mlflow-artifacts:/a/"]
        .iter()
        .chain(&["mlflow-artifacts://127.0.0.1/", "file://"])
        .map(|scheme| format!("{scheme}{text}"))
        .collect()
}

/// Routes below the artifacts' base, the hostile path being appended, and their bodies.
const PATHS: [(&str, &str, &str); 18] = [
    ("GET", "/artifacts/", ""),
    ("GET", "/artifacts/versions/m/1/", ""),
    ("GET", "/artifacts/versions/", ""),
    ("GET", "/artifacts?path=", ""),
    ("GET", "/artifacts?path=versions/m/1/", ""),
    ("PUT", "/artifacts/", BYTES),
    ("PUT", "/artifacts/a/", BYTES),
    ("PUT", "/artifacts/versions/m/1/", BYTES),
    ("DELETE", "/artifacts/", ""),
    ("DELETE", "/artifacts/a/", ""),
    ("DELETE", "/artifacts/versions/m/1/", ""),
    ("POST", "/mpu/create/", r#"{"path": "f", "num_parts": 1}"#),
    ("POST", "/mpu/create/a/", r#"{"path": "f", "num_parts": 1}"#),
    ("POST", "/mpu/complete/", r#"{"path": "f", "upload_id": "u", "parts": []}"#),
    ("POST", "/mpu/abort/", r#"{"path": "f", "upload_id": "u"}"#),
    ("GET", "/mpu/parts/", ""),
    ("PUT", "/mpu/parts/", BYTES),
    ("GET", "/presigned/", ""),
];

fn request(method: &'static str, path: &str, arguments: &Value) -> Request {
    let (mut target, mut body) = (format!("{BASE}{path}"), String::new());
    if method == "GET" {
        let mut url = reqwest::Url::parse("http://h/").unwrap();
        for (name, value) in arguments.as_object().unwrap() {
            let value = value.as_str().unwrap_or_default();
            url.query_pairs_mut().append_pair(name, value);
        }
        target = format!("{target}?{}", url.query().unwrap_or_default());
    } else {
        body = arguments.to_string();
    }
    Request { method, target: Target(target.into_bytes()), body }
}

async fn server() -> (Server, String) {
    let server = Server::start();
    assert_eq!(server.push("m", &demo_model("v1")).await.status, 201);
    let address = server.control.replace("http://", "");
    (server, address)
}

#[tokio::test]
async fn no_name_of_a_registry_client_leads_anywhere() {
    let (server, address) = server().await;
    let mut requests = Vec::new();
    for text in texts() {
        for (method, path, arguments) in calls(&text).into_iter().chain(logging(&text)) {
            requests.push(request(method, path, &arguments));
        }
        for source in sources(&text) {
            let create = json!({"name": "m", "source": source});
            requests.push(request("POST", "/model-versions/create", &create));
        }
    }
    for (method, path, body) in PLACES {
        requests.extend(at_each_place(method, &format!("{BASE}{path}"), body, str::to_owned));
    }
    assert_refused(&server, &address, &requests);
}

#[tokio::test]
async fn no_artifact_path_leads_anywhere() {
    let (server, address) = server().await;
    let mut requests = Vec::new();
    for (method, route, body) in PATHS {
        for segment in segments() {
            for after in ["", "/model.onnx", "/1"] {
                let mut target = format!("{ARTIFACTS}{route}").into_bytes();
                target.extend(&segment);
                target.extend(after.as_bytes());
                let body = body.to_owned();
                requests.push(Request { method, target: Target(target), body });
            }
        }
    }
    assert_refused(&server, &address, &requests);
}

#[tokio::test]
async fn no_name_of_a_file_in_parts_leads_anywhere() {
    let (server, address) = server().await;
    let mut requests = Vec::new();
    // The path is the client's own: only its last part, the file's name, counts here.
    for text in texts() {
        if text.rsplit(['/', '\\']).next() == Some(super::MARK) {
            continue;
        }
        let bodies = [
            ("create", json!({"path": text, "num_parts": 1})),
            ("complete", json!({"path": text, "upload_id": "u", "parts": []})),
        ];
        for (verb, body) in bodies {
            let target = Target(format!("{ARTIFACTS}/mpu/{verb}/a").into_bytes());
            requests.push(Request { method: "POST", target, body: body.to_string() });
        }
    }
    assert!(requests.len() > 10, "{}", requests.len());
    assert_refused(&server, &address, &requests);
}

#[test]
fn every_route_is_known_here() {
    let named = calls("").into_iter().chain(logging("")).map(|(_, path, _)| path);
    let known = named.chain(PLACES.map(|(_, path, _)| path)).chain(NAMELESS).collect::<Vec<_>>();
    let is_below = |route: &str, path: &str| {
        let path = path.split('?').next().unwrap().trim_end_matches('/');
        route.strip_prefix(path).is_some_and(|rest| rest.is_empty() || rest.starts_with("/{"))
    };
    let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/mlflow");
    let mut routes = 0;
    for file in super::files(&sources).iter().filter(|path| path.is_file()) {
        for route in std::fs::read_to_string(file).unwrap().split(".route(").skip(1) {
            let route = route.split('"').nth(1).unwrap();
            assert!(
                known.contains(&route) || PATHS.iter().any(|(_, path, _)| is_below(route, path)),
                "{route} of {} is a route that this test does not know yet",
                file.display()
            );
            routes += 1;
        }
    }
    assert!(routes > 40, "{routes}");
}
