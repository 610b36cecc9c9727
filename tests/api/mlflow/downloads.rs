//! What is registered comes back byte for byte, whole and in ranges, and only that.

use super::{get, refusal};
use crate::harness::{Answer, Server, answer, demo_model};
use reqwest::{Method, Response};
use serde_json::json;

const FILE: &str = "versions/m/1/model.onnx";

async fn server() -> Server {
    let server = Server::start();
    server.push("m", &demo_model("v1")).await;
    server
}

fn model() -> Vec<u8> {
    std::fs::read(demo_model("v1")).unwrap()
}

async fn download(server: &Server, path: &str, range: Option<&str>) -> Response {
    let request = server.at(Method::GET, &format!("/api/2.0/mlflow-artifacts/artifacts/{path}"));
    let request = match range {
        Some(range) => request.header("range", range),
        None => request,
    };
    request.send().await.unwrap()
}

async fn list(server: &Server, path: &str) -> Answer {
    let request = server.at(Method::GET, "/api/2.0/mlflow-artifacts/artifacts");
    answer(request.query(&[("path", path)])).await
}

#[tokio::test]
async fn the_download_uri_leads_to_the_sealed_bytes() {
    let server = server().await;
    let uri = get(&server, "model-versions/get-download-uri", &[("name", "m"), ("version", "1")]);
    let uri = uri.await.body["artifact_uri"].as_str().unwrap().to_owned();
    let host = server.control.replace("http://", "");
    let path = uri.strip_prefix(&format!("mlflow-artifacts://{host}/")).unwrap().to_owned();
    let size = model().len();
    let file = json!({"path": "model.onnx", "is_dir": false, "file_size": size});
    assert_eq!(list(&server, &path).await.body, json!({"files": [file]}));
    let copied = json!({"name": "m", "source": uri});
    let copy = server.at(Method::POST, "/api/2.0/mlflow/model-versions/create").json(&copied);
    assert_eq!(answer(copy).await.status, 200);
    let lineage = server.get("/models/m/versions/2/lineage").await.body;
    assert!(lineage.to_string().contains("m@1"), "it descends from what it copies: {lineage}");

    let whole = download(&server, &format!("{path}/model.onnx"), None).await;

    assert_eq!(whole.status(), 200);
    let headers = whole.headers().clone();
    assert_eq!(headers["x-content-type-options"], "nosniff");
    assert_eq!(headers["content-disposition"], "attachment; filename=\"model.onnx\"");
    let digest = server.get("/models/m/versions/1").await.body["files"][0]["digest"].clone();
    assert_eq!(headers["etag"], format!("\"{}\"", digest.as_str().unwrap()));
    assert_eq!(whole.bytes().await.unwrap(), model());
}

#[tokio::test]
async fn the_download_uri_names_the_server_as_its_client_does() {
    let server = server().await;
    let path = "/api/2.0/mlflow/model-versions/get-download-uri";
    let request = server.at(Method::GET, path).query(&[("name", "m"), ("version", "1")]);
    // As through a forwarded port.
    let uri = answer(request.header("host", "localhost:9000")).await;
    assert_eq!(uri.body["artifact_uri"], "mlflow-artifacts://localhost:9000/versions/m/1");
}

#[tokio::test]
async fn a_range_is_that_part_and_one_beyond_the_end_is_refused() {
    let server = server().await;
    let model = model();
    let part = download(&server, FILE, Some("bytes=10-19")).await;
    assert_eq!(part.status(), 206);
    assert_eq!(part.headers()["content-range"], format!("bytes 10-19/{}", model.len()));
    assert_eq!(part.bytes().await.unwrap(), &model[10..20]);
    let beyond = download(&server, FILE, Some("bytes=99999999-")).await;
    assert_eq!(beyond.status(), 416);
}

#[tokio::test]
async fn a_range_of_other_bytes_than_were_begun_with_is_answered_with_all() {
    let server = server().await;
    let (model, path) = (model(), format!("/api/2.0/mlflow-artifacts/artifacts/{FILE}"));
    let fetch = async |if_range: &str, range: &str| {
        let request = server.at(Method::GET, &path).header("range", range);
        request.header("if-range", if_range).send().await.unwrap()
    };
    let etag = download(&server, FILE, None).await.headers()["etag"].to_str().unwrap().to_owned();
    let part = fetch(&etag, "bytes=10-19").await;
    assert_eq!(part.status(), 206);
    assert_eq!(part.bytes().await.unwrap(), &model[10..20]);
    let weak = format!("W/{etag}");
    for other in ["\"other\"", &weak, "Fri, 27 Nov 2026 20:00:00 GMT", ""] {
        for range in ["bytes=10-19", "bytes=99999999-"] {
            let whole = fetch(other, range).await;
            assert_eq!(whole.status(), 200, "{other} {range}");
            assert_eq!(whole.bytes().await.unwrap(), model, "{other} {range}");
        }
    }
}

#[tokio::test]
async fn no_path_leads_out_of_a_version() {
    let server = server().await;
    for path in [
        "versions/m/1/..%2f1/model.onnx",
        "versions/m/1/%252e%252e/model.onnx",
        "versions/m/1/..%5cmodel.onnx",
        "versions/m/1/%2fetc/passwd",
        "versions/m/1/model.onnx%00",
        "%2fetc/passwd",
        "versions/m/one/model.onnx",
        "versions/..%2fm/1/model.onnx",
    ] {
        let refused = download(&server, path, None).await;
        assert_eq!(refused.status(), 400, "{path}");
    }
    let path = format!("versions/m/1/{}", "x".repeat(5000));
    let missing = [
        "versions/m/2/model.onnx",
        "versions/z/1/model.onnx",
        FILE_OF_NONE,
        &path,
        "blobs/sha256/a",
    ];
    for missing in missing {
        assert_eq!(download(&server, missing, None).await.status(), 404, "{missing}");
    }
    for odd in ["../..", "/etc", "versions", "versions/m/1/../.."] {
        let refused = list(&server, odd).await;
        assert_eq!(refusal(&refused), (400, "INVALID_PARAMETER_VALUE"), "{odd:?}");
    }
}

const FILE_OF_NONE: &str = "versions/m/1/other.onnx";

#[tokio::test]
async fn altered_bytes_are_never_sent() {
    let server = server().await;
    let digest = server.get("/models/m/versions/1").await.body["files"][0]["digest"].clone();
    let hex = digest.as_str().unwrap().strip_prefix("sha256:").unwrap().to_owned();
    let blob = server.data.path().join("blobs/sha256").join(hex);
    let mut permissions = std::fs::metadata(&blob).unwrap().permissions();
    std::os::unix::fs::PermissionsExt::set_mode(&mut permissions, 0o644);
    std::fs::set_permissions(&blob, permissions).unwrap();
    let mut bytes = std::fs::read(&blob).unwrap();
    bytes[100] ^= 1;
    std::fs::write(&blob, bytes).unwrap();

    for range in [None, Some("bytes=0-9")] {
        let refused = download(&server, FILE, range).await;
        assert_eq!(refused.status(), 409, "their client tries a 5xx again, for minutes");
    }
}
