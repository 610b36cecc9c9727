//! Requests that change something are carried to their end, whoever has gone away meanwhile: half a
//! commit is worse than none.

use super::State;
use super::problem::Failure;
use axum::extract::Request;
use axum::http::Method;
use axum::middleware::Next;
use axum::response::Response;

/// Runs a request in a task that ends by itself, unless it only reads.
pub(super) async fn to_end(api: State, request: Request, next: Next) -> Response {
    if matches!(*request.method(), Method::GET | Method::HEAD) {
        return next.run(request).await;
    }
    let uri = request.uri().clone();
    match api.app.tasks.spawn_to_end("request", next.run(request)).await {
        Ok(response) => response,
        Err(error) => Failure::internal(&error.into()).at(uri.path()),
    }
}
