//! What is not there: yet, at all, by this method, or in time.

use super::problem::{Failure, Kind};
use axum::body::Bytes;
use axum::extract::Request;
use axum::extract::rejection::BytesRejection;
use axum::http::Uri;
use axum::middleware::Next;
use axum::response::Response;
use std::time::Duration;

pub(super) async fn console() -> Failure {
    Failure::new(Kind::NotAvailable, "the console is planned, not available yet")
        .hint("`seatrial rollout watch ENDPOINT` shows the same in a terminal")
}

/// In MLflow's own shape, so that its client shows it. What it sent is read, and not looked at: else
/// its connection would end, and with it the request that it sends next.
pub(super) async fn mlflow(uri: Uri, _sent: Result<Bytes, BytesRejection>) -> Response {
    crate::mlflow::absent(uri.path())
}

pub(super) async fn nowhere(uri: Uri) -> Failure {
    Failure::new(Kind::NotFound, format!("there is nothing at {}", uri.path()))
        .hint("GET /api/v1/openapi.json lists every route")
}

pub(super) async fn method(uri: Uri) -> Response {
    Failure::new(Kind::Method, format!("{} does not take this method", uri.path()))
        .hint("GET /api/v1/openapi.json lists every route")
        .at(uri.path())
}

/// Answers in time, or says that it did not.
pub(super) async fn in_time(limit: Duration, request: Request, next: Next) -> Response {
    let uri = request.uri().clone();
    match tokio::time::timeout(limit, next.run(request)).await {
        Ok(response) => response,
        Err(_elapsed) => {
            let detail = format!("not done within {limit:?}; it may still happen");
            Failure::new(Kind::TimedOut, detail).at(uri.path())
        }
    }
}
