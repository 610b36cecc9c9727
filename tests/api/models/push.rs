//! What is let in, and what is not.

use crate::harness::{Server, demo_model, odd_model, redacted};
use serde_json::json;

#[tokio::test]
async fn a_pushed_model_is_sealed_with_the_signature_it_declares() {
    let server = Server::start();
    let pushed = server.push("digits", &demo_model("v1")).await;
    assert_eq!(pushed.status, 201, "{pushed:?}");
    insta::assert_json_snapshot!("pushed", redacted(pushed.body));
    assert_eq!(server.files_in("uploads"), 0, "the upload is used up");
}

#[tokio::test]
async fn the_same_bytes_again_are_the_version_they_are() {
    let server = Server::start();
    let first = server.push("digits", &demo_model("v1")).await;
    let again = server.push("digits", &demo_model("v1")).await;
    assert_eq!((again.status, again.body["version"].as_u64()), (200, Some(1)), "{again:?}");
    assert_eq!(first.body["digest"], again.body["digest"]);
    let other = server.push("digits", &demo_model("v2")).await;
    assert_eq!((other.status, other.body["version"].as_u64()), (201, Some(2)), "{other:?}");
}

#[tokio::test]
async fn what_is_refused_at_the_door_leaves_nothing_behind() {
    let server = Server::start();
    let text = server.data.path().join("notes.txt");
    std::fs::write(&text, "not a model").unwrap();
    let refused = [
        ("text", text),
        ("external", odd_model("external")),
        ("unsupported", odd_model("unsupported")),
    ];
    for (name, file) in refused {
        let answer = server.push("digits", &file).await;
        assert_eq!(answer.status, 422, "{name}: {answer:?}");
        assert_eq!(answer.kind, "application/problem+json");
        assert_eq!(answer.body["type"], "urn:seatrial:problem:refused", "{name}");
        assert!(answer.body["hint"].is_string(), "{name}");
        assert_eq!((server.files_in("blobs"), server.files_in("uploads")), (0, 0), "{name}");
    }
    let models = server.get("/models").await;
    assert_eq!(models.body, json!({"items": [], "next": null}));
}

#[tokio::test]
async fn a_directory_needs_one_model_or_one_called_model() {
    let server = Server::start();
    let bytes = std::fs::read(demo_model("v1")).unwrap();
    let two = [("a.onnx", bytes.clone()), ("b.onnx", bytes.clone())];
    let upload = server.upload(&two).await;
    let refused = server.post("/models/digits/versions", json!({"upload": upload})).await;
    assert_eq!(refused.status, 422, "{refused:?}");
    let named = [("model.onnx", bytes.clone()), ("parts/b.onnx", bytes), ("a.txt", vec![1])];
    let upload = server.upload(&named).await;
    let sealed = server.post("/models/digits/versions", json!({"upload": upload})).await;
    assert_eq!(sealed.status, 201, "{sealed:?}");
    let files = sealed.body["files"].as_array().unwrap();
    let paths = files.iter().map(|file| file["path"].as_str().unwrap()).collect::<Vec<_>>();
    assert_eq!(paths, ["a.txt", "model.onnx", "parts/b.onnx"]);
}

#[tokio::test]
async fn listings_come_in_pages() {
    let server = Server::start();
    for name in ["c", "a", "b"] {
        assert_eq!(server.push(name, &demo_model("v1")).await.status, 201);
    }
    let names = |answer: &crate::harness::Answer| {
        let items = answer.body["items"].as_array().unwrap();
        items.iter().map(|model| model["name"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let first = server.get("/models?limit=2").await;
    assert_eq!(
        (names(&first), first.body["next"].as_str()),
        (vec!["a".into(), "b".into()], Some("b"))
    );
    let second = server.get("/models?limit=2&cursor=b").await;
    assert_eq!((names(&second), second.body["next"].is_null()), (vec!["c".into()], true));
}
