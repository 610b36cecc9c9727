//! The registry as unmodified MLflow clients know it, on the control address.
//!
//! Owns MLflow's endpoints, error codes and JSON. Decides nothing: the store, the registry and the
//! driver do. Refuses what belongs to rollouts, and names the command that does it.

mod aliases;
mod artifacts;
mod error;
mod models;
mod owned;
mod ranges;
mod search;
mod sources;
mod stages;
mod tags;
mod versions;
mod wire;

use crate::api::Api;
use axum::Router;
use std::sync::Arc;

const BASE: &str = "/api/2.0/mlflow";
const ARTIFACTS: &str = "/api/2.0/mlflow-artifacts";

/// Every endpoint there is; the control API says of others that they are planned.
pub(crate) fn router() -> Router<Arc<Api>> {
    let routes = models::routes()
        .merge(versions::routes())
        .merge(aliases::routes())
        .merge(tags::routes())
        .merge(stages::routes())
        .merge(search::routes());
    Router::new().nest(BASE, routes).nest(ARTIFACTS, artifacts::routes())
}
