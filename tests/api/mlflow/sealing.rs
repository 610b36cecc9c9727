//! Versions made of what was uploaded: from then on it neither changes nor goes.

use super::artifacts::{RUN, bytes, delete, list, log, onnx, put, register, server};
use super::{call, post, refusal};
use crate::harness::{Server, demo_model};
use reqwest::Method;
use serde_json::json;

const MODEL: &str = "m-0123456789abcdef0123456789abcdef";

async fn versions(server: &Server) -> usize {
    server.get("/models/m/versions").await.body["items"].as_array().unwrap().len()
}

#[tokio::test]
async fn a_version_is_what_was_uploaded_when_it_was_made() {
    let server = server().await;
    log(&server, &format!("{RUN}/model")).await;
    let host = server.control.replace("http://", "");
    let sources = [
        format!("mlflow-artifacts:/{RUN}/model"),
        format!("mlflow-artifacts://{host}/{RUN}/model"),
        format!("http://{host}/api/2.0/mlflow-artifacts/artifacts/{RUN}/model"),
    ];
    let mut digests = Vec::new();
    for (number, source) in (1..).zip(&sources) {
        let made = register(&server, source).await;
        let version = &made.body["model_version"];
        assert_eq!((made.status, &version["status"]), (200, &json!("READY")), "{made:?}");
        assert_eq!(
            (&version["version"], &version["source"]),
            (&json!(number.to_string()), &json!(source))
        );
        let shown = server.get(&format!("/models/m/versions/{number}")).await.body;
        assert_eq!(shown["signature"]["inputs"].as_array().unwrap().len(), 1, "read from the ONNX");
        digests.push(shown["digest"].clone());
    }
    digests.dedup();
    assert_eq!(digests.len(), 1);
    assert_eq!(bytes(&server, "versions/m/1/model.onnx").await, onnx());
}

/// Trials so far, begun when a file had arrived and when it was registered.
async fn trials(server: &Server) -> [u64; 2] {
    let text = server.at(Method::GET, "/metrics").send().await.unwrap().text().await.unwrap();
    ["upload", "registration"].map(|at| {
        let name = format!("seatrial_model_trials_total{{at=\"{at}\"}} ");
        let line = text.lines().find_map(|line| line.strip_prefix(&name));
        line.unwrap().parse().unwrap()
    })
}

#[tokio::test]
async fn a_model_is_tried_once_and_that_while_its_client_sends_the_rest() {
    let server = server().await;
    let model = format!("{RUN}/model");
    log(&server, &model).await;
    assert_eq!(register(&server, &format!("mlflow-artifacts:/{model}")).await.status, 200);
    // The same bytes elsewhere, and again.
    log(&server, &format!("{RUN}/other")).await;
    log(&server, &model).await;
    assert_eq!(register(&server, &format!("mlflow-artifacts:/{RUN}/other")).await.status, 200);
    let [ahead, registered] = trials(&server).await;
    assert_eq!(ahead + registered, 1, "{ahead} at the upload, {registered} at the registration");
}

#[tokio::test]
async fn a_broken_model_is_stored_and_refused_however_early_it_was_tried() {
    let server = server().await;
    let file = format!("{RUN}/model/model.onnx");
    assert_eq!(put(&server, &file, b"no model".to_vec()).await.status, 200);
    for _ in 0..2 {
        let refused = register(&server, &format!("mlflow-artifacts:/{RUN}/model")).await;
        assert_eq!(refusal(&refused), (400, "INVALID_PARAMETER_VALUE"));
        let said = refused.body["message"].as_str().unwrap();
        assert!(said.contains("model.onnx: not an ONNX model"), "{said}");
    }
    assert_eq!(delete(&server, &format!("{RUN}/model")).await.status, 200);
    let gone = register(&server, &format!("mlflow-artifacts:/{RUN}/model")).await;
    assert_eq!(refusal(&gone), (404, "RESOURCE_DOES_NOT_EXIST"));
    assert_eq!(versions(&server).await, 0);
}

#[tokio::test]
async fn what_is_sealed_takes_the_same_bytes_and_no_others_and_stays() {
    let server = server().await;
    let file = format!("{RUN}/model/model.onnx");
    log(&server, &format!("{RUN}/model")).await;
    assert_eq!(register(&server, &format!("mlflow-artifacts:/{RUN}/model")).await.status, 200);

    assert_eq!(put(&server, &file, onnx()).await.status, 200);
    let other = put(&server, &file, b"other".to_vec()).await;
    assert_eq!(refusal(&other), (409, "RESOURCE_CONFLICT"));
    let said = other.body["message"].as_str().unwrap();
    assert!(said.contains("sealed in version m/1"), "{said}");
    for path in [&file, &format!("{RUN}/model"), RUN, "0", "versions/m/1/model.onnx"] {
        let refused = delete(&server, path).await;
        assert_eq!(refusal(&refused), (409, "RESOURCE_CONFLICT"), "{path}");
    }
    // The run goes on.
    assert_eq!(put(&server, &format!("{RUN}/model/more.txt"), vec![1]).await.status, 200);
    assert_eq!(bytes(&server, &file).await, onnx());
    let files = list(&server, "versions/m/1").await.body["files"].as_array().unwrap().len();
    assert_eq!(files, 2, "a version does not grow");

    let gone = json!({"name": "m", "version": "1"});
    call(&server, Method::DELETE, "model-versions/delete", gone).await;
    assert_eq!(delete(&server, RUN).await.status, 200, "nothing is made of it any more");
}

#[tokio::test]
async fn what_is_replaced_while_it_is_sealed_is_one_or_the_other_and_stays() {
    let server = server().await;
    let other = std::fs::read(demo_model("v4")).unwrap();
    let mut made = 0;
    for round in 0..12 {
        let directory = format!("{RUN}/{round}");
        let file = format!("{directory}/model.onnx");
        assert_eq!(put(&server, &file, onnx()).await.status, 200);
        let source = format!("mlflow-artifacts:/{directory}");
        let registering = register(&server, &source);
        let (version, replaced) = tokio::join!(registering, put(&server, &file, other.clone()));
        match version.status {
            200 => {
                made += 1;
                let sealed = bytes(&server, &format!("versions/m/{made}/model.onnx")).await;
                assert_eq!(sealed, bytes(&server, &file).await, "{replaced:?}");
                let kept = if replaced.status == 409 { onnx() } else { other.clone() };
                assert!(sealed == kept, "{replaced:?}");
            }
            // It changed between being read and being sealed.
            409 => assert_eq!(replaced.status, 200),
            odd => panic!("{odd}: {version:?}"),
        }
    }
    assert_eq!(versions(&server).await, made);
}

#[tokio::test]
async fn a_logged_model_and_a_runs_directory_are_sources() {
    let server = server().await;
    let run = json!({"experiment_id": "0", "start_time": 1});
    let run = post(&server, "runs/create", run).await;
    let run = run.body["run"]["info"]["run_id"].as_str().unwrap_or_default().to_owned();
    let logged = json!({"experiment_id": "0", "name": "model"});
    let logged = post(&server, "logged-models", logged).await;
    let model = logged.body["model"]["info"]["model_id"].as_str().unwrap_or_default().to_owned();
    log(&server, &format!("0/{run}/artifacts/a/b")).await;
    log(&server, &format!("0/models/{model}/artifacts")).await;
    for source in [format!("runs:/{run}/a/b"), format!("models:/{model}")] {
        let made = register(&server, &source).await;
        assert_eq!(made.status, 200, "{source}: {made:?}");
    }
    for source in [format!("runs:/{run}/none"), format!("models:/{MODEL}")] {
        let refused = register(&server, &source).await;
        assert_eq!(refusal(&refused), (404, "RESOURCE_DOES_NOT_EXIST"), "{source}");
    }
    let sealed = put(&server, &format!("0/models/{model}/artifacts/model.onnx"), vec![1]).await;
    assert_eq!(sealed.status, 409);
}

#[tokio::test]
async fn what_is_refused_seals_nothing() {
    let server = server().await;
    put(&server, &format!("{RUN}/bad/model.onnx"), b"no model".to_vec()).await;
    log(&server, &format!("{RUN}/good")).await;
    let bad = register(&server, &format!("mlflow-artifacts:/{RUN}/bad")).await;
    assert_eq!(refusal(&bad), (400, "INVALID_PARAMETER_VALUE"), "{bad:?}");
    let unknown = json!({"name": "nobody", "source": format!("mlflow-artifacts:/{RUN}/good")});
    let unknown = post(&server, "model-versions/create", unknown).await;
    assert_eq!(refusal(&unknown), (404, "RESOURCE_DOES_NOT_EXIST"));
    for source in [format!("mlflow-artifacts:/{RUN}/goo"), format!("mlflow-artifacts:/{RUN}/g")] {
        let refused = register(&server, &source).await;
        assert_eq!(refusal(&refused), (404, "RESOURCE_DOES_NOT_EXIST"), "{source}");
    }
    for source in ["mlflow-artifacts://127.0.0.1:1/0/r", "mlflow-artifacts:/"] {
        let refused = register(&server, source).await;
        assert_eq!(refusal(&refused), (400, "INVALID_PARAMETER_VALUE"), "{source}");
    }
    assert_eq!(versions(&server).await, 0);
    assert_eq!(delete(&server, "0").await.status, 200);
}

#[tokio::test]
async fn a_damaged_or_missing_file_is_no_version_until_it_is_uploaded_again() {
    let server = server().await;
    log(&server, &format!("{RUN}/model")).await;
    let path = format!("{RUN}/model/requirements.txt");
    let digest = seatrial_domain::Digest::of(b"onnx");
    let blob = server.data.path().join("blobs/sha256").join(digest.hex());
    let source = format!("mlflow-artifacts:/{RUN}/model");
    for damage in ["altered", "missing"] {
        std::fs::remove_file(&blob).unwrap();
        if damage == "altered" {
            std::fs::write(&blob, b"ONNX").unwrap();
        }
        let refused = register(&server, &source).await;
        assert_eq!(refusal(&refused), (404, "RESOURCE_DOES_NOT_EXIST"), "{damage}");
        assert_eq!(versions(&server).await, 0);
        assert_eq!(put(&server, &path, b"onnx".to_vec()).await.status, 200);
    }
    assert_eq!(register(&server, &source).await.status, 200);
}

#[tokio::test]
async fn what_a_version_was_made_of_stays_sealed_under_its_models_new_name() {
    let server = server().await;
    let (model, file) = (format!("{RUN}/model"), format!("{RUN}/model/model.onnx"));
    log(&server, &model).await;
    assert_eq!(register(&server, &format!("mlflow-artifacts:/{model}")).await.status, 200);
    let rename = json!({"name": "m", "new_name": "renamed"});
    assert_eq!(post(&server, "registered-models/rename", rename).await.status, 200);

    let other = put(&server, &file, b"other bytes".to_vec()).await;
    assert_eq!(refusal(&other), (409, "RESOURCE_CONFLICT"));
    for what in [&file, &model] {
        let gone = delete(&server, what).await;
        assert_eq!(refusal(&gone), (409, "RESOURCE_CONFLICT"), "{what}");
    }
    assert_eq!(put(&server, &file, onnx()).await.status, 200, "the same bytes again");
    assert_eq!(bytes(&server, "versions/renamed/1/model.onnx").await, onnx());

    let version = json!({"name": "renamed", "version": "1"});
    let deleted = call(&server, Method::DELETE, "model-versions/delete", version).await;
    assert_eq!(deleted.status, 200, "{deleted:?}");
    assert_eq!(delete(&server, &model).await.status, 200, "no version is made of it any more");
}
