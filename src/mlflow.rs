//! The registry as unmodified MLflow clients know it, on the control address.
//!
//! Owns MLflow's endpoints, error codes and JSON. Decides nothing: the store, the registry and the
//! driver do. Refuses what belongs to rollouts, and names the command that does it.

mod error;

use crate::api::Api;
use axum::Router;
use std::sync::Arc;

const BASE: &str = "/api/2.0/mlflow";

/// The endpoints that take and give JSON.
pub(crate) fn router() -> Router<Arc<Api>> {
    Router::new()
}
