//! A server that is a table from paths to answers, and remembers what it was asked.

use crate::tasks::Tasks;
use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use hyper_util::service::TowerToHyperService;
use seatrial_gateway::listen;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::net::TcpListener;
use tokio_util::task::TaskTracker;

pub(super) const API: &str = "/api/2.0/mlflow/";
const LIST: &str = "/api/2.0/mlflow-artifacts/artifacts?path=";
const FILE: &str = "/api/2.0/mlflow-artifacts/artifacts/";

/// Its status, headers and bytes.
type Answer = (u16, Vec<(&'static str, String)>, Vec<u8>);

/// A path, and the credentials that came with it.
type Asked = (String, Option<String>);

#[derive(Debug, Clone, Default)]
pub(super) struct Fake {
    answers: Arc<Mutex<BTreeMap<String, Answer>>>,
    asked: Arc<Mutex<Vec<Asked>>>,
}

impl Fake {
    pub(super) fn json(self, path: &str, body: &Value) -> Self {
        self.raw(path, (200, Vec::new(), body.to_string().into_bytes()))
    }

    pub(super) fn raw(self, path: &str, answer: Answer) -> Self {
        self.answers.lock().unwrap().insert(path.to_owned(), answer);
        self
    }

    /// A directory's listing; what has no size is a directory.
    pub(super) fn listing(self, directory: &str, children: &[(&str, Option<u64>)]) -> Self {
        let child = |(path, size): &(&str, Option<u64>)| json!({"path": path, "is_dir": size.is_none(), "file_size": size});
        let files: Vec<Value> = children.iter().map(child).collect();
        let path = format!("{LIST}{}", directory.replace('/', "%2F").replace(' ', "+"));
        self.json(&path, &json!({"files": files}))
    }

    pub(super) fn file(self, path: &str, bytes: &[u8]) -> Self {
        self.tagged(path, bytes, Vec::new())
    }

    pub(super) fn tagged(
        self,
        path: &str,
        bytes: &[u8],
        headers: Vec<(&'static str, String)>,
    ) -> Self {
        self.raw(&format!("{FILE}{path}"), (200, headers, bytes.to_vec()))
    }

    /// Answers from here on.
    pub(super) async fn serve(&self) -> SocketAddr {
        self.serve_at("127.0.0.1:0".parse().unwrap()).await
    }

    pub(super) async fn serve_at(&self, address: SocketAddr) -> SocketAddr {
        let listener = TcpListener::bind(address).await.unwrap();
        let address = listener.local_addr().unwrap();
        let router = Router::new().fallback(answer).with_state(self.clone());
        let limits = listen::Limits {
            max_connections: 16,
            max_head: 65_536,
            head_timeout: Duration::from_secs(30),
            write_timeout: Duration::from_secs(30),
        };
        let tasks = Tasks::default();
        let stop = tasks.stop();
        tasks.spawn("another server", async move {
            let service = TowerToHyperService::new(router);
            listen::serve(listener, limits, service, &stop, &TaskTracker::new()).await;
        });
        address
    }

    /// The paths that it was asked for, in order.
    pub(super) fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().iter().map(|(path, _)| path.clone()).collect()
    }

    /// How each question was signed.
    pub(super) fn signed(&self) -> Vec<Option<String>> {
        self.asked.lock().unwrap().iter().map(|(_, signed)| signed.clone()).collect()
    }
}

async fn answer(State(fake): State<Fake>, request: Request) -> Response {
    let path = request.uri().path_and_query().unwrap().as_str().to_owned();
    let signed = request.headers().get(header::AUTHORIZATION);
    let signed = signed.map(|value| value.to_str().unwrap().to_owned());
    fake.asked.lock().unwrap().push((path.clone(), signed));
    let found = fake.answers.lock().unwrap().get(&path).cloned();
    let Some((status, headers, body)) = found else {
        let body = json!({"error_code": "RESOURCE_DOES_NOT_EXIST", "message": "no\u{1b}[2J such"});
        return (StatusCode::NOT_FOUND, body.to_string()).into_response();
    };
    let mut response = Response::builder().status(status);
    for (name, value) in headers {
        response = response.header(name, value);
    }
    response.body(Body::from(body)).unwrap()
}
