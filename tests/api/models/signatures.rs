//! Signatures: sent with a push or later, compared with the sealed files, asked for by policies.

use crate::harness::{Answer, Server, answer, demo_model};
use reqwest::Method;
use seatrial_domain::Digest;
use seatrial_domain::manifest::{ArtifactType, File, Manifest};
use seatrial_domain::signing::{Bundle, PrivateKey};
use serde_json::{Value, json};
use std::path::PathBuf;

fn fixture(file: &str) -> PathBuf {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    root.join("crates/domain/tests/fixtures/signing").join(file)
}

fn key(name: &str) -> PrivateKey {
    PrivateKey::from_pem(&std::fs::read_to_string(fixture(name)).unwrap()).unwrap()
}

fn demo(name: &str) -> Vec<u8> {
    std::fs::read(demo_model(name)).unwrap()
}

/// A bundle over these files.
fn bundle(files: &[(&str, Vec<u8>)], key_name: &str) -> String {
    let file = |(path, bytes): &(&str, Vec<u8>)| File {
        path: path.parse().unwrap(),
        digest: Digest::of(bytes),
        size: u64::try_from(bytes.len()).unwrap(),
    };
    let files = files.iter().map(file).collect();
    let manifest = Manifest::new(ArtifactType::Model, files).unwrap();
    Bundle::sign("digits", &manifest, &key(key_name)).unwrap().as_str().to_owned()
}

/// A server that knows the throwaway key as `release`.
fn server() -> Server {
    let public = fixture("throwaway.pub.pem");
    Server::start_with(&format!("[keys.release]\npublic = {:?}\n", public.to_str().unwrap()))
}

async fn require(server: &Server) {
    let text = "apiVersion: seatrial/v1\nkind: RolloutPolicy\nmetadata: {name: strict}\n\
                spec: {endpoint: digits, signature: {key: release}}\n";
    let applied = server.put("/policies/strict", json!({"text": text})).await;
    assert_eq!(applied.status, 200, "{applied:?}");
}

impl Server {
    async fn send(&self, method: Method, path: &str, bundle: &str) -> Answer {
        let request = self.request(method, path).header("content-type", "application/json");
        answer(request.body(bundle.to_owned())).await
    }

    /// Pushes these files with this signature.
    async fn push_signed(&self, files: &[(&str, Vec<u8>)], bundle: &str) -> Answer {
        let upload = self.upload(files).await;
        let sent = self.send(Method::PUT, &format!("/uploads/{upload}/signature"), bundle).await;
        assert_eq!(sent.status, 204, "{sent:?}");
        self.post("/models/digits/versions", json!({"upload": upload})).await
    }

    async fn signatures(&self, version: u64) -> Vec<Value> {
        let listed = self.get(&format!("/models/digits/versions/{version}/signatures")).await;
        assert_eq!(listed.status, 200, "{listed:?}");
        listed.body.as_array().unwrap().clone()
    }
}

#[tokio::test]
async fn a_signature_sent_with_a_push_is_kept_listed_and_exported_as_it_was() {
    let server = server();
    let files = [("model.onnx", demo("v1"))];
    let signed = bundle(&files, "throwaway.pem");
    for status in [201, 200] {
        let pushed = server.push_signed(&files, &signed).await;
        assert_eq!(pushed.status, status, "{pushed:?}");
    }
    let kept = server.signatures(1).await;
    assert_eq!(kept.len(), 1, "the same signature again is the one there is: {kept:?}");
    let id = key("throwaway.pem").public().id().to_string();
    assert_eq!((&kept[0]["made_by"], &kept[0]["keys"]), (&json!(id), &json!(["release"])));
    let path = format!("/models/digits/versions/1/signatures/{}", kept[0]["id"].as_str().unwrap());
    let export = server.request(Method::GET, &path).send().await.unwrap();
    assert_eq!(export.headers()["content-type"], "application/vnd.dev.sigstore.bundle.v0.3+json");
    assert_eq!(export.text().await.unwrap(), signed);
    let none = format!("/models/digits/versions/1/signatures/{}", Digest::of(b"none"));
    assert_eq!(server.get(&none).await.status, 404);
    assert_eq!(server.get("/models/digits/versions/1/signatures/none").await.status, 400);
}

#[tokio::test]
async fn a_signature_of_other_files_is_refused_and_nothing_is_registered() {
    let server = server();
    let model = ("model.onnx", demo("v1"));
    let note = ("note.txt", b"note".to_vec());
    let cases = [
        (vec![("model.onnx", demo("v2"))], vec![model.clone()], "not as it was signed"),
        (vec![model.clone()], vec![model.clone(), note.clone()], "not signed: \"note.txt\""),
        (vec![model.clone(), note], vec![model], "signed, and missing: \"note.txt\""),
    ];
    for (signed, pushed, why) in cases {
        let refused = server.push_signed(&pushed, &bundle(&signed, "throwaway.pem")).await;
        assert_eq!(refused.status, 422, "{refused:?}");
        assert!(refused.body["detail"].as_str().unwrap().contains(why), "{refused:?}");
    }
    assert_eq!(server.get("/models/digits").await.status, 404);
    assert_eq!((server.files_in("blobs"), server.files_in("uploads")), (0, 0));
}

#[tokio::test]
async fn a_forged_signature_in_the_name_of_a_known_key_is_denied() {
    let server = server();
    let files = [("model.onnx", demo("v1"))];
    let (known, other) = (key("throwaway.pem"), key("other.pem"));
    let forged = bundle(&files, "other.pem")
        .replace(other.public().id().as_str(), known.public().id().as_str());
    let denied = server.push_signed(&files, &forged).await;
    assert_eq!((denied.status, &denied.body["title"]), (403, &json!("denied")), "{denied:?}");
    assert_eq!(server.get("/models/digits").await.status, 404, "nothing was registered");
}

#[tokio::test]
async fn what_is_no_bundle_is_refused_and_what_is_too_long_is_not_read() {
    let server = Server::start_with("[limits.uploads]\nmax_signature = 1000\n");
    let upload = server.upload(&[("model.onnx", demo("v1"))]).await;
    let place = format!("/uploads/{upload}/signature");
    for (body, status) in [("", 422), ("{}", 422), ("[[[", 422), (&" ".repeat(1001), 413)] {
        let refused = server.send(Method::PUT, &place, body).await;
        assert_eq!(refused.status, status, "{refused:?}");
        assert_eq!(refused.kind, "application/problem+json");
    }
    let nowhere = server.send(Method::PUT, "/uploads/none/signature", "{}").await;
    assert_eq!(nowhere.status, 422, "what is wrong with it comes first: {nowhere:?}");
}

#[tokio::test]
async fn a_sealed_version_is_signed_later_by_several_keys_each_once() {
    let server = server();
    let files = [("model.onnx", demo("v1"))];
    server.push("digits", &demo_model("v1")).await;
    let path = "/models/digits/versions/1/signatures";
    for (name, status) in [("throwaway.pem", 201), ("other.pem", 201), ("throwaway.pem", 200)] {
        let added = server.send(Method::POST, path, &bundle(&files, name)).await;
        assert_eq!(added.status, status, "{name}: {added:?}");
    }
    let kept = server.signatures(1).await;
    let keys: Vec<_> = kept.iter().map(|signature| &signature["keys"]).collect();
    assert_eq!(keys, [&json!(["release"]), &json!([])]);
    let other = bundle(&[("model.onnx", demo("v2"))], "throwaway.pem");
    assert_eq!(server.send(Method::POST, path, &other).await.status, 422);
    let nowhere = "/models/digits/versions/9/signatures";
    assert_eq!(server.send(Method::POST, nowhere, &other).await.status, 404);
}

#[tokio::test]
async fn strangers_signatures_are_limited_and_do_not_keep_a_known_key_out() {
    let public = fixture("throwaway.pub.pem");
    let server = Server::start_with(&format!(
        "[limits.uploads]\nmax_signatures = 1\n[keys.release]\npublic = {public:?}\n"
    ));
    server.push("digits", &demo_model("v1")).await;
    let files = [("model.onnx", demo("v1"))];
    let path = "/models/digits/versions/1/signatures";
    let stranger = bundle(&files, "other.pem");
    assert_eq!(server.send(Method::POST, path, &stranger).await.status, 201);
    // The same words with a blank at the end are another bundle.
    let another = format!("{stranger} ");
    let refused = server.send(Method::POST, path, &another).await;
    assert_eq!(refused.status, 409, "{refused:?}");
    let known = server.send(Method::POST, path, &bundle(&files, "throwaway.pem")).await;
    assert_eq!(known.status, 201, "{known:?}");
}

#[tokio::test]
async fn a_model_whose_policy_asks_for_a_signature_takes_only_what_has_it() {
    let server = server();
    require(&server).await;
    let files = [("model.onnx", demo("v1"))];
    let refused = [
        server.push("digits", &demo_model("v1")).await,
        server.push_signed(&files, &bundle(&files, "other.pem")).await,
    ];
    for answer in refused {
        assert_eq!(answer.status, 403, "{answer:?}");
        assert!(answer.body["detail"].as_str().unwrap().contains("not signed by key release"));
        assert!(answer.body["hint"].as_str().unwrap().contains("--sign-key"), "{answer:?}");
    }
    assert_eq!(server.get("/models/digits").await.status, 404, "nothing was registered");
    let signed = bundle(&files, "throwaway.pem");
    assert_eq!(server.push_signed(&files, &signed).await.status, 201);
    let again = server.push("digits", &demo_model("v1")).await;
    assert_eq!(again.status, 200, "the same bytes are signed already: {again:?}");
    let other = server.push("letters", &demo_model("v2")).await;
    assert_eq!(other.status, 201, "another model has no policy: {other:?}");
}

#[tokio::test]
async fn a_client_of_mlflow_registers_only_signed_files_where_the_policy_asks_so() {
    let server = server();
    server.push("source", &demo_model("v1")).await;
    server.push("digits", &demo_model("v2")).await;
    require(&server).await;
    let create = || {
        let path = "/api/2.0/mlflow/model-versions/create";
        let body = json!({"name": "digits", "source": "models:/source/1"});
        answer(server.at(Method::POST, path).json(&body))
    };
    let denied = create().await;
    assert_eq!((denied.status, &denied.body["error_code"]), (403, &json!("PERMISSION_DENIED")));
    let message = denied.body["message"].as_str().unwrap();
    assert!(message.contains("key release") && message.contains("--sign-key"), "{message}");
    // Signed once, under another name, the same files are signed here too.
    let signed = bundle(&[("model.onnx", demo("v1"))], "throwaway.pem");
    let path = "/models/source/versions/1/signatures";
    assert_eq!(server.send(Method::POST, path, &signed).await.status, 201);
    assert_eq!(create().await.status, 200);
}

#[tokio::test]
async fn a_rollout_of_what_is_not_signed_is_denied_at_its_start() {
    let server = server();
    server.push("digits", &demo_model("v1")).await;
    require(&server).await;
    let start = || server.post("/rollouts", json!({"model": "digits", "version": 1}));
    let denied = start().await;
    assert_eq!(denied.status, 403, "{denied:?}");
    let detail = denied.body["detail"].as_str().unwrap();
    assert!(detail.contains("digits/v1") && detail.contains("key release"), "{detail}");
    let signed = bundle(&[("model.onnx", demo("v1"))], "throwaway.pem");
    server.send(Method::POST, "/models/digits/versions/1/signatures", &signed).await;
    assert_eq!(start().await.status, 200);
}
