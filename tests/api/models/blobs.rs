//! A version's bytes, by digest.

use crate::harness::{Server, demo_model};
use reqwest::Method;
use seatrial_domain::Digest;

#[tokio::test]
async fn a_versions_file_is_read_by_its_digest_and_nothing_else_is() {
    let server = Server::start();
    let pushed = server.push("digits", &demo_model("v1")).await;
    let other = server.push("other", &demo_model("v2")).await;
    let digest = |answer: &crate::harness::Answer| {
        answer.body["files"][0]["digest"].as_str().unwrap().to_owned()
    };
    let path = |digest: &str| format!("/models/digits/versions/1/blobs/{digest}");
    let read = server.request(Method::GET, &path(&digest(&pushed))).send().await.unwrap();
    assert_eq!(read.headers()["etag"], format!("\"{}\"", digest(&pushed)));
    let bytes = read.bytes().await.unwrap();
    assert_eq!(Digest::of(&bytes).as_str(), digest(&pushed));
    for wrong in [digest(&other), format!("sha256:{}", "0".repeat(64))] {
        assert_eq!(server.get(&path(&wrong)).await.status, 404, "{wrong}");
    }
    for odd in ["sha256:..", "..%2f..%2fseatrial.db", "md5:00"] {
        assert_eq!(server.get(&path(odd)).await.status, 400, "{odd}");
    }
}
