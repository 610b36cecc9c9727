//! MLflow models that clients upload and register: of any flavor, and as their `MLmodel` says.

use super::artifacts::{RUN, put, register, server};
use super::refusal;
use crate::harness::{Server, mlflow_model};
use serde_json::{Value, json};

/// Uploads a directory as a client logs it; its source.
async fn logged(server: &Server, name: &str) -> String {
    let path = format!("{RUN}/{name}");
    for entry in std::fs::read_dir(mlflow_model(name)).unwrap() {
        let entry = entry.unwrap();
        let file = format!("{path}/{}", entry.file_name().into_string().unwrap());
        let put = put(server, &file, std::fs::read(entry.path()).unwrap()).await;
        assert_eq!(put.status, 200, "{put:?}");
    }
    format!("mlflow-artifacts:/{path}")
}

#[tokio::test]
async fn what_a_client_logs_of_any_flavor_is_ready_and_described() {
    let server = server().await;
    for (number, name, served) in [
        (1, "onnx_external", json!("model.onnx")),
        (2, "onnx_named", json!("model.onnx")),
        (3, "sklearn", Value::Null),
        (4, "pyfunc", Value::Null),
    ] {
        let made = register(&server, &logged(&server, name).await).await;
        assert_eq!(made.body["model_version"]["status"], "READY", "{name}: {made:?}");
        let version = server.get(&format!("/models/m/versions/{number}")).await.body;
        assert_eq!(version["served_file"], served, "{name}: {version}");
        assert_eq!(version["mlmodel"]["mlflow_version"], "3.17.2", "{name}");
        let tensors = version["signature"]["inputs"].as_array().unwrap();
        assert_eq!(tensors.is_empty(), served.is_null(), "{name}: {version}");
    }
    assert_eq!(server.files_in("uploads"), 0, "what was copied to be tried is gone");
    let refused = server.post("/rollouts", json!({"model": "m", "version": 3})).await;
    assert_eq!(refused.status, 422, "{refused:?}");
}

#[tokio::test]
async fn what_cannot_be_so_is_refused_once_and_for_all() {
    let server = server().await;
    let refused = register(&server, &logged(&server, "onnx_contradicting").await).await;
    assert_eq!(refusal(&refused), (400, "INVALID_PARAMETER_VALUE"), "no status to try again");
    let said = refused.body["message"].as_str().unwrap();
    assert!(
        said.contains("input \"x\" is float32 [-1,5] in the MLmodel, and FP32 [-1,4]"),
        "{said}"
    );
    let broken = format!("{RUN}/broken");
    put(&server, &format!("{broken}/MLmodel"), b"flavors: {onnx: {data: ../up}}".to_vec()).await;
    let refused = register(&server, &format!("mlflow-artifacts:/{broken}")).await;
    assert_eq!(refusal(&refused), (400, "INVALID_PARAMETER_VALUE"));
    assert_eq!(server.get("/models/m/versions").await.body["items"], json!([]));
    assert_eq!(server.files_in("uploads"), 0);
}
