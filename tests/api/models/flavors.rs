//! MLflow models: what their `MLmodel` says, what is served of them, and what is not.

use crate::harness::{Answer, Server, demo_model, mlflow_model};
use reqwest::Method;
use serde_json::{Value, json};

async fn pushed(server: &Server, name: &str) -> Value {
    let pushed = server.push_directory("m", &mlflow_model(name), "").await;
    assert_eq!(pushed.status, 201, "{name}: {pushed:?}");
    pushed.body
}

/// Why it is refused, once it is clear that nothing of it stays.
fn refusal(server: &Server, refused: &Answer) -> String {
    assert_eq!((refused.status, refused.kind.as_str()), (422, "application/problem+json"));
    assert!(refused.body["hint"].is_string(), "it names the next step: {refused:?}");
    assert_eq!((server.files_in("blobs"), server.files_in("uploads")), (0, 0), "nothing stays");
    refused.body["detail"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn an_onnx_model_as_mlflow_saves_it_is_described_by_its_file_and_by_its_author() {
    let server = Server::start();
    for (name, takes, said) in [
        ("onnx_array", json!([{"name": "x", "datatype": "FP32", "shape": [-1, 4]}]), "tensors"),
        ("onnx_external", json!([{"name": "x", "datatype": "FP32", "shape": [-1, 4]}]), "tensors"),
        ("onnx_columns", json!([{"name": "X", "datatype": "FP32", "shape": [-1, 4]}]), "columns"),
        ("onnx_regressor", json!([{"name": "X", "datatype": "FP32", "shape": [-1, 4]}]), "tensors"),
        (
            "onnx_named",
            json!([{"name": "a", "datatype": "INT64", "shape": [-1]},
                {"name": "b", "datatype": "BYTES", "shape": [-1, 1]}]),
            "tensors",
        ),
    ] {
        let version = pushed(&server, name).await;
        assert_eq!(version["served_file"], "model.onnx", "{name}");
        assert_eq!(version["signature"]["inputs"], takes, "{name}: the file's own tensors");
        let said = &version["mlmodel"]["signature"]["inputs"][said];
        assert!(!said.as_array().unwrap().is_empty(), "{name}: {version}");
        assert_eq!(version["mlmodel"]["flavors"]["onnx"]["onnx_version"], "1.23.2", "{name}");
    }
    let unsigned = pushed(&server, "onnx_unsigned").await;
    assert_eq!(unsigned["mlmodel"]["signature"], Value::Null);
    let shown = server.get("/models/m/versions/6").await;
    assert_eq!(shown.body, unsigned, "and it is shown as it was answered");
    let plain = server.push("plain", &demo_model("v1")).await;
    assert_eq!(
        (&plain.body["mlmodel"], &plain.body["served_file"]),
        (&Value::Null, &json!("model.onnx"))
    );
}

#[tokio::test]
async fn what_the_file_contradicts_is_refused_and_told_with_both_values() {
    let server = Server::start();
    let refused = server.push_directory("m", &mlflow_model("onnx_contradicting"), "").await;
    let detail = refusal(&server, &refused);
    let told = "MLmodel contradicts model.onnx: input \"x\" is float32 [-1,5] in the MLmodel, \
                and FP32 [-1,4] in the ONNX file";
    assert_eq!(detail, told);
    assert_eq!(server.get("/models").await.body["items"], json!([]));
}

#[tokio::test]
async fn a_model_that_is_not_served_is_sealed_and_described_and_never_rolled_out() {
    let server = Server::start();
    let version = pushed(&server, "sklearn").await;
    assert_eq!(version["served_file"], Value::Null);
    assert_eq!(version["signature"], json!({"inputs": [], "outputs": []}));
    let said = &version["mlmodel"];
    assert_eq!(said["flavors"]["sklearn"]["pickled_model"], "model.pkl", "{said}");
    let first = &said["signature"]["inputs"]["columns"][0];
    assert_eq!(first, &json!({"name": "sepal", "type": "double", "required": true}));
    let verified = server.post("/models/m/versions/1/verify", json!({})).await;
    let files = verified.body["files"].as_array().unwrap();
    assert!(files.len() == 5 && files.iter().all(|file| file["state"] == "intact"), "{files:?}");
    assert_eq!(pushed(&server, "pyfunc").await["served_file"], Value::Null);

    for start in [
        json!({"model": "m", "version": 1}),
        json!({"model": "m", "version": 1, "bootstrap": true, "endpoint": "other"}),
    ] {
        let refused = server.post("/rollouts", start).await;
        assert_eq!(refused.status, 422, "{refused:?}");
        assert_eq!(refused.kind, "application/problem+json");
        let told = "m/v1 is of the flavors python_function, sklearn; Seatrial serves ONNX (the \
                    flavor onnx) only";
        assert_eq!(refused.body["detail"], told);
        assert!(refused.body["hint"].as_str().unwrap().contains("export it to ONNX"));
    }
    assert_eq!(server.get("/rollouts").await.body["items"], json!([]));
    assert_eq!(server.get("/endpoints").await.body["items"], json!([]), "nor is an endpoint made");
}

#[tokio::test]
async fn a_copy_by_a_registry_client_is_of_the_same_flavors() {
    let server = Server::start();
    let original = pushed(&server, "sklearn").await;
    let create = server.at(Method::POST, "/api/2.0/mlflow/model-versions/create");
    let copied = create.json(&json!({"name": "m", "source": "models:/m/1"})).send().await.unwrap();
    assert_eq!(copied.status(), 200);
    let copy = server.get("/models/m/versions/2").await.body;
    assert_eq!((&copy["mlmodel"], &copy["served_file"]), (&original["mlmodel"], &Value::Null));
}

#[tokio::test]
async fn the_flavor_says_which_file_is_served_also_in_a_directory_of_its_own() {
    let server = Server::start();
    let read = |name: &str| std::fs::read(mlflow_model("onnx_array").join(name)).unwrap();
    let said = String::from_utf8(read("MLmodel")).unwrap();
    let said = said.replace("data: model.onnx", "data: data/net.onnx").into_bytes();
    let other = std::fs::read(demo_model("v1")).unwrap();
    let files = [
        ("export/MLmodel", said),
        ("export/data/net.onnx", read("model.onnx")),
        ("export/model.onnx", other),
    ];
    let version = server.push_files("m", &files).await;
    assert_eq!(version.status, 201, "{version:?}");
    assert_eq!(version.body["served_file"], "export/data/net.onnx");
    assert_eq!(version.body["signature"]["inputs"][0]["name"], "x");
}

#[tokio::test]
async fn an_onnx_file_within_a_model_of_another_flavor_is_not_served_for_it() {
    let server = Server::start();
    let said = b"flavors: {python_function: {loader_module: mine}}".to_vec();
    let onnx = std::fs::read(demo_model("v1")).unwrap();
    let files = [("MLmodel", said), ("artifacts/model.onnx", onnx)];
    let version = server.push_files("m", &files).await;
    assert_eq!((version.status, &version.body["served_file"]), (201, &Value::Null), "{version:?}");
}

#[tokio::test]
async fn an_mlmodel_that_cannot_be_believed_is_refused() {
    let server = Server::start();
    let onnx = std::fs::read(demo_model("v1")).unwrap();
    for (said, told) in [
        ("flavors: [", "MLmodel: line "),
        ("flavors: {onnx: {data: ../model.onnx}}", "MLmodel: flavors.onnx.data: "),
        ("flavors: {onnx: {data: /etc/passwd}}", "MLmodel: flavors.onnx.data: "),
        ("flavors: {onnx: {data: other.onnx}}", "MLmodel: its flavor onnx names other.onnx"),
        ("flavors: {onnx: {data: model.onnx}}\nsignature: {inputs: '{'}", "MLmodel: signature."),
    ] {
        let files = [("MLmodel", said.as_bytes().to_vec()), ("model.onnx", onnx.clone())];
        let refused = server.push_files("m", &files).await;
        let detail = refusal(&server, &refused);
        assert!(detail.starts_with(told), "{said}: {detail}");
    }
    let files = [("a/MLmodel", b"{}".to_vec()), ("b/MLmodel", b"{}".to_vec())];
    let refused = server.push_files("m", &files).await;
    assert!(refusal(&server, &refused).contains("a/MLmodel, b/MLmodel"));
}

#[tokio::test]
async fn a_diff_tells_flavors_and_what_their_author_says() {
    let server = Server::start();
    pushed(&server, "onnx_columns").await;
    pushed(&server, "sklearn").await;
    let diff = server.get("/models/m/versions/1/diff/2").await.body;
    let lines = diff["signature"].as_array().unwrap();
    let has = |line: &str| lines.iter().any(|said| said == line);
    assert!(has("- flavors onnx, python_function"), "{diff}");
    assert!(has("+ flavors python_function, sklearn"), "{diff}");
    let loaders = lines.iter().filter(|line| line.as_str().unwrap().contains("loader_module"));
    assert_eq!(loaders.count(), 2, "{diff}");
    assert!(!lines.iter().any(|line| line.as_str().unwrap().contains("MLmodel inputs")), "{diff}");

    pushed(&server, "onnx_array").await;
    let diff = server.get("/models/m/versions/1/diff/3").await.body;
    let lines = diff["signature"].as_array().unwrap();
    assert!(lines.iter().any(|line| line == "+ MLmodel inputs float64[-1,4]"), "{diff}");
}
