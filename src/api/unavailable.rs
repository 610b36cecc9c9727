//! What is not there: yet, at all, by this method, or in time.

use super::problem::{Failure, Kind};
use axum::body::Bytes;
use axum::extract::Request;
use axum::extract::rejection::BytesRejection;
use axum::http::Uri;
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use std::time::Duration;

pub(super) async fn console() -> Failure {
    Failure::new(Kind::NotAvailable, "the console is planned, not available yet")
        .hint("`seatrial rollout watch ENDPOINT` shows the same in a terminal")
}

/// To MLflow's clients in their own shape, so that they show it. What was sent is read, and not looked
/// at: else the connection would end, and with it the request that comes next.
pub(super) async fn nowhere(uri: Uri, _sent: Result<Bytes, BytesRejection>) -> Response {
    if crate::mlflow::is_asked_at(uri.path()) {
        return crate::mlflow::absent(uri.path());
    }
    Failure::new(Kind::NotFound, format!("there is nothing at {}", uri.path()))
        .hint("GET /api/v1/openapi.json lists every route")
        .into_response()
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
