//! MLflow's model directories, pushed as they are.

use crate::harness::{Policy, Server, fixture};
use serde_json::json;
use std::path::{Path, PathBuf};

/// A directory that MLflow wrote (`crates/domain/tests/fixtures/mlflow/make.py`).
fn written(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("crates/domain/tests/fixtures/mlflow").join(name)
}

/// A directory with the model that MLflow saved, whose flavor names another file than is usual, and
/// beside it a model that would be served were it not for that.
fn misleading(server: &Server) -> PathBuf {
    let root = server.home().join("wide");
    let export = root.join("export");
    std::fs::create_dir_all(&export).unwrap();
    for entry in std::fs::read_dir(written("onnx_external")).unwrap() {
        let path = entry.unwrap().path();
        std::fs::copy(&path, export.join(path.file_name().unwrap())).unwrap();
    }
    std::fs::rename(export.join("model.onnx"), export.join("net.onnx")).unwrap();
    let said = std::fs::read_to_string(export.join("MLmodel")).unwrap();
    std::fs::write(export.join("MLmodel"), said.replace("model.onnx", "net.onnx")).unwrap();
    std::fs::copy(fixture("v1"), root.join("model.onnx")).unwrap();
    root
}

#[test]
fn the_onnx_file_that_its_flavor_names_answers_requests() {
    let server = Server::start();
    server.push(&misleading(&server), "wide");
    server.apply(&Policy::quick("wide"));
    let start = ["rollout", "start", "wide", "1", "--bootstrap", "--wait"];
    server.cli(&start).expect(0);
    let x = json!({"name": "x", "shape": [1, 4], "datatype": "FP32", "data": [1, 0, 0, 0]});
    let infer = server.v2("/models/wide/infer");
    let answer = server.api().post(&infer, &json!({"inputs": [x]}));
    assert_eq!(answer.status, 200, "{answer:#?}");
    let y = &answer.body["outputs"][0];
    assert_eq!((&y["shape"], &y["data"][119]), (&json!([1, 120]), &json!(119.0)));
}

#[test]
fn a_model_that_is_not_served_is_told_so_and_kept() {
    let server = Server::start();
    let path = written("sklearn").display().to_string();
    let pushed = server.cli(&["model", "push", &path, "--name", "iris"]).expect(0);
    assert!(
        pushed
            .stderr
            .contains("stored, but no rollout can serve it: it is python_function, sklearn"),
        "{pushed:#?}"
    );
    let shown = server.cli(&["model", "show", "iris"]).expect(0).stdout;
    assert!(shown.contains("pickled_model=model.pkl"), "{shown}");
    assert!(shown.contains("sepal double  petal double"), "{shown}");
    let listed = server.cli(&["model", "list", "iris"]).expect(0).stdout;
    assert!(listed.contains("python_function, sklearn (not served)"), "{listed}");

    let refused = server.cli(&["rollout", "start", "iris", "1"]).expect(2);
    assert!(refused.stderr.contains("Seatrial serves ONNX"), "{refused:#?}");
    assert!(refused.stderr.contains("export it to ONNX"), "{refused:#?}");
    server.cli(&["model", "verify", "iris"]).expect(0);
}
