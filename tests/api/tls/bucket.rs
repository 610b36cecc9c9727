//! An object store behind TLS: a map from keys to bytes that speaks S3, as far as blobs need it.

use super::{Authority, trusting};
use crate::harness::{Answer, Server, demo_model};
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse as _, Response};
use seatrial::tasks::Tasks;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Arc, Mutex};

type Kept = Arc<Mutex<BTreeMap<String, Bytes>>>;

const NONE: &str = "<Error><Code>NoSuchKey</Code><Message>none</Message></Error>";
const EMPTY: &str = "<ListBucketResult><IsTruncated>false</IsTruncated></ListBucketResult>";

async fn answer(
    State(kept): State<Kept>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let mut kept = kept.lock().unwrap();
    let key = uri.path().to_owned();
    if method == Method::PUT {
        if headers.contains_key(header::IF_NONE_MATCH) && kept.contains_key(&key) {
            return StatusCode::PRECONDITION_FAILED.into_response();
        }
        kept.insert(key, body);
        return [(header::ETAG, "\"1\"")].into_response();
    }
    if uri.query().is_some_and(|query| query.contains("list-type")) {
        return EMPTY.into_response();
    }
    match kept.get(&key) {
        Some(bytes) => {
            let told = [(header::ETAG, "\"1\""), (header::LAST_MODIFIED, MODIFIED)];
            (told, bytes.clone()).into_response()
        }
        None => (StatusCode::NOT_FOUND, NONE).into_response(),
    }
}

const MODIFIED: &str = "Fri, 27 Nov 2026 06:00:00 GMT";

async fn bucket(kept: &Kept) -> SocketAddr {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let router = Router::new().fallback(answer).with_state(Arc::clone(kept));
    let serving = async move { axum::serve(listener, router).await.unwrap() };
    Tasks::default().spawn("an object store", serving);
    address
}

/// What comes of a push to a server that keeps its artifacts there and trusts `authorities`.
async fn pushed(port: u16, authorities: &Path) -> (Answer, usize) {
    let config = format!(
        "[blobs]\nstore = \"s3\"\nbucket = \"models\"\nendpoint = \"https://localhost:{port}\"\n\
         [limits.blobs]\nretries = 1\nretry_for = \"1s\"\nattempts = 1\n"
    );
    let [trust] = trusting(authorities);
    let secrets = [("AWS_ACCESS_KEY_ID", "id"), ("AWS_SECRET_ACCESS_KEY", "secret"), trust];
    let server = Server::start_among(&config, &secrets);
    let pushed = server.push("m", &demo_model("v1")).await;
    let versions = server.get("/models/m/versions").await;
    (pushed, versions.body["items"].as_array().map_or(0, Vec::len))
}

#[tokio::test]
async fn artifacts_go_to_an_object_store_whose_authority_is_trusted() {
    let (kept, authority) = (Kept::default(), Authority::new());
    let port = authority.front("localhost", bucket(&kept).await).await;
    let (pushed, versions) = pushed(port, &authority.file()).await;
    assert_eq!((pushed.status, versions), (201, 1), "{pushed:?}");
    let model = std::fs::read(demo_model("v1")).unwrap();
    assert!(kept.lock().unwrap().values().any(|bytes| **bytes == *model));
}

#[tokio::test]
async fn nothing_is_sent_to_an_object_store_that_another_authority_vouches_for() {
    let (kept, authority, other) = (Kept::default(), Authority::new(), Authority::new());
    let port = authority.front("localhost", bucket(&kept).await).await;
    let (refused, versions) = pushed(port, &other.file()).await;
    assert_eq!((refused.status, versions), (503, 0), "{refused:?}");
    assert!(kept.lock().unwrap().is_empty());
}

#[tokio::test]
async fn nothing_is_sent_to_an_object_store_of_another_name() {
    let (kept, authority) = (Kept::default(), Authority::new());
    let port = authority.front("other.example", bucket(&kept).await).await;
    let (refused, versions) = pushed(port, &authority.file()).await;
    assert_eq!((refused.status, versions), (503, 0), "{refused:?}");
    assert!(kept.lock().unwrap().is_empty());
}
