//! Datasets.

use crate::harness::{Server, redacted};
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

#[tokio::test]
async fn a_ragged_dataset_is_refused_and_leaves_nothing() {
    let server = Server::start();
    let upload = server.upload(&[("holdout.csv", b"x,label\n1,0\n1\n".to_vec())]).await;
    let refused = server.post("/datasets/holdout/versions", json!({"upload": upload})).await;
    assert_eq!(refused.status, 422, "{refused:?}");
    assert_eq!((server.files_in("blobs"), server.files_in("uploads")), (0, 0));
}
