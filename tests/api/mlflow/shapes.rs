//! Every status that MLflow's clients may be refused with, in the shape that they show.

use super::{post, refusal};
use crate::harness::{Answer, Server, answer, demo_model};
use futures_util::stream;
use reqwest::{Body, Method, RequestBuilder};
use serde_json::json;

const ROOTS: [&str; 3] = ["/api/2.0/mlflow", "/api/3.0/mlflow", "/ajax-api/2.0/mlflow"];
const ARTIFACTS: &str = "/api/2.0/mlflow-artifacts";

/// A code and a message, and nothing else.
fn assert_refused(refused: &Answer, status: u16, code: &str) {
    assert_eq!(refusal(refused), (status, code), "{refused:?}");
    assert_eq!(refused.kind, "application/json");
    let fields: Vec<&String> = refused.body.as_object().unwrap().keys().collect();
    assert_eq!(fields, ["error_code", "message"]);
    assert!(!refused.body["message"].as_str().unwrap().is_empty());
}

#[tokio::test]
async fn what_reaches_no_endpoint_is_refused_in_mlflows_shape_at_every_root() {
    let server = Server::start();
    for root in ROOTS {
        let at = |method, rest: &str| server.at(method, &format!("{root}{rest}"));
        let page = at(Method::POST, "/x").header("origin", "https://evil.example");
        assert_refused(&answer(page.json(&json!({}))).await, 403, "PERMISSION_DENIED");
        let rebound = at(Method::GET, "/x").header("host", "evil.example");
        assert_refused(&answer(rebound).await, 403, "PERMISSION_DENIED");
        let form = at(Method::POST, "/x").header("content-type", "text/plain").body("{}");
        assert_refused(&answer(form).await, 415, "BAD_REQUEST");
        for (method, rest) in [(Method::GET, "/x"), (Method::DELETE, "/x/y"), (Method::GET, "/")] {
            let absent = answer(at(method, rest)).await;
            assert_refused(&absent, 501, "NOT_IMPLEMENTED");
            let said = absent.body["message"].as_str().unwrap();
            assert!(said.starts_with(&format!("{root}{rest} ")), "{said}");
        }
    }
    for (method, path) in [
        (Method::GET, "/api/2.0/mlflow/registered-models/create"),
        (Method::PATCH, "/api/2.0/mlflow/registered-models/search"),
        (Method::POST, "/api/2.0/mlflow-artifacts/artifacts/0/r/a.txt"),
        (Method::POST, "/api/3.0/mlflow/server-info"),
    ] {
        let wrong = answer(server.at(method, path).json(&json!({}))).await;
        assert_refused(&wrong, 405, "BAD_REQUEST");
    }
    for root in ["/api/2.0/", "/api/3.0/", "/ajax-api/"] {
        assert_refused(&answer(server.at(Method::GET, root)).await, 501, "NOT_IMPLEMENTED");
    }
}

#[tokio::test]
async fn what_no_endpoint_can_read_is_refused_in_mlflows_shape() {
    let server = Server::start_with("[limits.control]\nmax_mlflow_body = 1000\n");
    let create = "/api/2.0/mlflow/registered-models/create";
    let json = |text: String| {
        server.at(Method::POST, create).header("content-type", "application/json").body(text)
    };
    let part = format!("{ARTIFACTS}/mpu/parts");
    let get = |path: &str| server.at(Method::GET, path);
    let unreadable: Vec<RequestBuilder> = vec![
        json("{".to_owned()),
        json("[]".to_owned()),
        json("{\"name\": 1}".to_owned()),
        json(format!("{{\"name\": \"{}\"}}", "m".repeat(1000))),
        get("/api/2.0/mlflow/logged-models/%FF"),
        get("/api/2.0/mlflow/model-versions/get?name=m&version=one"),
        get(&format!("{ARTIFACTS}/artifacts/%FF")),
        get(&format!("{ARTIFACTS}/artifacts?path=..")),
        server.at(Method::PUT, &format!("{ARTIFACTS}/artifacts/%FF")).body("x"),
        server.at(Method::PUT, &format!("{part}/u/one")).body("x"),
    ];
    for request in unreadable {
        assert_refused(&answer(request).await, 400, "INVALID_PARAMETER_VALUE");
    }
}

#[tokio::test]
async fn what_an_endpoint_refuses_has_mlflows_shape() {
    // Nothing listens there.
    let upstream = "[upstream]\ntracking = \"http://127.0.0.1:1\"\nallow_private = true\n";
    let server = Server::start_with(&format!("{upstream}[limits.artifacts]\nmax_files = 1\n"));
    assert_eq!(server.push("m", &demo_model("v1")).await.status, 201);
    let file = format!("{ARTIFACTS}/artifacts/versions/m/1/model.onnx");
    let ask = |method, path: &str| server.at(method, path);
    let unknown = answer(ask(Method::GET, &format!("{ARTIFACTS}/artifacts/0/none"))).await;
    assert_refused(&unknown, 404, "RESOURCE_DOES_NOT_EXIST");
    assert_refused(&answer(ask(Method::DELETE, &file)).await, 409, "RESOURCE_CONFLICT");
    let other = ask(Method::GET, &file).header("if-match", "\"other\"");
    assert_refused(&answer(other).await, 412, "INVALID_STATE");
    let beyond = ask(Method::GET, &file).header("range", "bytes=99999999-");
    assert_refused(&answer(beyond).await, 416, "INVALID_PARAMETER_VALUE");
    let source = format!("models:/m-{}", "0".repeat(32));
    let fetched =
        post(&server, "model-versions/create", json!({"name": "m", "source": source})).await;
    assert_refused(&fetched, 503, "TEMPORARILY_UNAVAILABLE");
    for (name, is_full) in [("a", false), ("b", true)] {
        let put = ask(Method::PUT, &format!("{ARTIFACTS}/artifacts/0/r/{name}")).body("x");
        let put = answer(put).await;
        if is_full {
            assert_refused(&put, 507, "RESOURCE_EXHAUSTED");
        }
    }
}

#[tokio::test]
async fn what_is_not_done_in_time_is_refused_in_mlflows_shape_and_its_client_asks_again() {
    let server = Server::start_with("[limits.control]\nrequest_timeout = \"200ms\"\n");
    for (method, path) in [
        (Method::POST, "/api/2.0/mlflow/registered-models/create"),
        (Method::DELETE, "/api/2.0/mlflow/registered-models/delete"),
        (Method::POST, "/api/2.0/mlflow-artifacts/mpu/create/0/r"),
    ] {
        let never = stream::pending::<std::io::Result<Vec<u8>>>();
        let silent = server.at(method, path).header("content-type", "application/json");
        let late = answer(silent.body(Body::wrap_stream(never))).await;
        assert_refused(&late, 504, "TEMPORARILY_UNAVAILABLE");
    }
}
