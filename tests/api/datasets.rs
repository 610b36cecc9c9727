//! Datasets.

mod files;
mod hostile;

use crate::harness::{Answer, Server, redacted};
use serde_json::json;

#[tokio::test]
async fn a_pushed_dataset_is_read_and_numbered() {
    let server = Server::start();
    let csv = b"x,y,label\n0.5,1,0\n1.5,2,1\n".to_vec();
    let upload = server.upload(&[("holdout.csv", csv)]).await;
    let pushed = server.post("/datasets/holdout/versions", json!({"upload": upload})).await;
    assert_eq!(pushed.status, 201, "{pushed:?}");
    insta::assert_json_snapshot!("dataset", redacted(pushed.body.clone()));
    assert_eq!(server.get("/datasets/holdout").await.body, pushed.body);
    assert_eq!(server.get("/datasets").await.body["items"], json!([pushed.body]));
}

/// Pushes one file as the dataset's next version.
async fn push(server: &Server, file: &str, bytes: Vec<u8>) -> Answer {
    let upload = server.upload(&[(file, bytes)]).await;
    server.post("/datasets/holdout/versions", json!({"upload": upload})).await
}

#[tokio::test]
async fn the_same_file_again_is_the_version_it_is() {
    let server = Server::start();
    let csv = || b"x,label\n1,0\n".to_vec();
    let first = push(&server, "holdout.csv", csv()).await;
    let again = push(&server, "another-name.csv", csv()).await;
    assert_eq!((first.status, again.status), (201, 200), "{again:?}");
    assert_eq!(first.body, again.body);
}

#[tokio::test]
async fn every_format_comes_through_the_door() {
    let server = Server::start();
    let jsonl = b"{\"x\":0.5,\"label\":1}\n{\"x\":1.5,\"label\":0}\n".to_vec();
    let pushed = [
        ("holdout.jsonl", jsonl, "jsonl"),
        ("holdout.npz", files::npz(&[("x", 2), ("label", 2)]), "npz"),
        ("holdout.parquet", files::parquet(&["x", "label"], 2), "parquet"),
    ];
    for (file, bytes, format) in pushed {
        let pushed = push(&server, file, bytes).await;
        assert_eq!(pushed.status, 201, "{pushed:?}");
        let told = (&pushed.body["format"], &pushed.body["rows"], &pushed.body["label"]);
        assert_eq!(told, (&json!(format), &json!(2), &json!("label")));
        assert_eq!(pushed.body["columns"], json!(["x", "label"]), "in the file's order");
    }
}

#[tokio::test]
async fn a_ragged_dataset_is_refused_and_leaves_nothing() {
    let server = Server::start();
    let upload = server.upload(&[("holdout.csv", b"x,label\n1,0\n1\n".to_vec())]).await;
    let refused = server.post("/datasets/holdout/versions", json!({"upload": upload})).await;
    assert_eq!(refused.status, 422, "{refused:?}");
    let detail = refused.body["detail"].as_str().unwrap();
    assert!(
        detail.starts_with("holdout.csv, line 3: "),
        "the file as its pusher knows it: {detail}"
    );
    assert_eq!((server.files_in("blobs"), server.files_in("uploads")), (0, 0));
}
