//! The registry as unmodified MLflow clients know it, on the control address.
//!
//! Owns MLflow's endpoints, error codes and JSON. Decides nothing: the store, the registry and the
//! driver do. Refuses what belongs to rollouts, and names the command that does it.

mod aliases;
mod artifacts;
mod elsewhere;
mod entries;
mod error;
mod experiments;
mod host;
mod incoming;
mod lineage;
mod logged;
mod logged_models;
mod metrics;
mod models;
mod multipart;
mod owned;
mod parts;
mod place;
mod presigned;
mod ranges;
mod runs;
mod search;
mod server_info;
mod sources;
mod stages;
mod tags;
mod transfers;
mod turns;
mod uploads;
mod versions;
mod wire;

pub(crate) use transfers::Transfers;

use crate::api::Api;
use axum::Router;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use std::sync::Arc;

const BASE: &str = "/api/2.0/mlflow";
/// Where artifacts are read and written.
pub(crate) const ARTIFACTS: &str = "/api/2.0/mlflow-artifacts";
const SERVER: &str = "/api/3.0/mlflow";
/// Below these, MLflow's clients ask, and its pages.
const ROOTS: [&str; 3] = ["/api/2.0/", "/api/3.0/", "/ajax-api/"];

/// The answer to an endpoint of MLflow's that is not among them; its client does not try again.
pub(crate) fn absent(path: &str) -> Response {
    error::Error::absent(path).into_response()
}

/// Whether who asks at this path reads refusals in MLflow's shape.
pub(crate) fn is_asked_at(path: &str) -> bool {
    ROOTS.iter().any(|root| path.starts_with(root))
}

/// What this server refuses before one of the endpoints is reached, or in its place.
pub(crate) fn refused(status: StatusCode, message: String) -> Response {
    error::Error::unreached(status, message).into_response()
}

/// Every endpoint there is.
pub(crate) fn router() -> Router<Arc<Api>> {
    let routes = models::routes()
        .merge(versions::routes())
        .merge(aliases::routes())
        .merge(tags::routes())
        .merge(stages::routes())
        .merge(search::routes())
        .merge(experiments::routes())
        .merge(runs::routes())
        .merge(metrics::routes())
        .merge(logged_models::routes());
    let artifacts = artifacts::routes()
        .merge(uploads::routes())
        .merge(multipart::routes())
        .merge(presigned::routes());
    Router::new().nest(BASE, routes).nest(ARTIFACTS, artifacts).nest(SERVER, server_info::routes())
}

/// What receives files: bounded by limits of its own while they stream, not by those of JSON.
pub(crate) fn streamed() -> Router<Arc<Api>> {
    Router::new().nest(ARTIFACTS, uploads::streamed().merge(multipart::streamed()))
}
