//! What this server can do beyond the least, so that clients use it: uploads in parts, downloads in
//! ranges.

use crate::api::Api;
use axum::routing::get;
use axum::{Json, Router};
use serde_json::{Value, json};
use std::sync::Arc;

pub(super) fn routes() -> Router<Arc<Api>> {
    Router::new().route("/server-info", get(show))
}

async fn show() -> Json<Value> {
    Json(json!({"multipart_uploads_enabled": true, "multipart_downloads_enabled": true}))
}
