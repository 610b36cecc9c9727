//! Files on their way in.

use crate::harness::Server;

#[tokio::test]
async fn a_path_out_of_the_tree_is_refused() {
    let server = Server::start();
    let upload = server.upload(&[]).await;
    for path in ["../a.onnx", "/etc/a.onnx", "a/../../b.onnx", "C:\\a.onnx", "", "a//b"] {
        let refused = server.put_file(&upload, path, vec![1]).await;
        assert_eq!(refused.status, 400, "{path:?}: {refused:?}");
    }
    assert_eq!(server.files_in("uploads"), 0);
}

#[tokio::test]
async fn an_unknown_upload_is_not_found() {
    let server = Server::start();
    assert_eq!(server.put_file("nope", "a.onnx", vec![1]).await.status, 404);
    let body = serde_json::json!({"upload": "nope"});
    assert_eq!(server.post("/models/digits/versions", body).await.status, 404);
}
