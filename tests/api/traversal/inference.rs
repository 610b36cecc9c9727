//! Every path of the inference address that names a model or a version.

use super::{assert_refused, at_each_place};
use crate::harness::{Server, demo_model};
use serde_json::{Value, json};

const INFER: &str =
    r#"{"inputs": [{"name": "x", "shape": [1, 64], "datatype": "FP32", "data": [0]}]}"#;

#[tokio::test]
async fn no_name_of_a_model_leads_anywhere() {
    let server = Server::start();
    server.push("m", &demo_model("v1")).await;
    // With a rollout there is an endpoint, whose versions can be asked for.
    let started = server.post("/rollouts", json!({"model": "m", "version": 1})).await;
    assert_eq!(started.status, 200, "{started:?}");
    let addresses = std::fs::read(server.data.path().join("addresses.json")).unwrap();
    let addresses: Value = serde_json::from_slice(&addresses).unwrap();
    let address = addresses["inference"].as_str().unwrap();
    let routes = [
        ("GET", "/v2/models/{model}", ""),
        ("GET", "/v2/models/{model}/ready", ""),
        ("POST", "/v2/models/{model}/infer", INFER),
        ("POST", "/v2/models/{model}/feedback", r#"{"items": []}"#),
        ("GET", "/v2/models/{model}/config", ""),
        ("GET", "/v2/models/{model}/stats", ""),
        ("GET", "/v2/models/{model}/versions/{version}", ""),
        ("GET", "/v2/models/{model}/versions/{version}/ready", ""),
        ("POST", "/v2/models/{model}/versions/{version}/infer", INFER),
        ("POST", "/v2/repository/models/{model}/load", "{}"),
        ("POST", "/v2/repository/models/{model}/unload", "{}"),
    ];
    let good = |place: &str| if place == "{model}" { "m" } else { "1" }.to_owned();
    let requests = routes
        .into_iter()
        .flat_map(|(method, path, body)| at_each_place(method, path, body, good))
        .collect::<Vec<_>>();
    assert_refused(&server, address, &requests);
}
