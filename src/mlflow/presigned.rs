//! Where to fetch a file from, in ranges: from here. Its bytes are verified once, before the first
//! range is asked for, since a client does not wait long for one.

use super::artifacts::etag;
use super::error::Result;
use super::host::Host;
use super::place::find;
use super::wire::At;
use crate::api::Api;
use crate::api::blobs::opened;
use axum::extract::State;
use axum::http::Uri;
use axum::routing::get;
use axum::{Json, Router};
use serde_json::{Value, json};
use std::sync::Arc;

const PREFIX: &str = "/presigned/";

pub(super) fn routes() -> Router<Arc<Api>> {
    Router::new().route("/presigned/{*path}", get(show))
}

async fn show(
    State(api): State<Arc<Api>>,
    At(path): At<String>,
    host: Host,
    uri: Uri,
) -> Result<Json<Value>> {
    let file = find(&api, &path).await?;
    opened(&api.app, file.digest.clone(), 0).await?;
    let encoded = uri.path().strip_prefix(PREFIX).unwrap_or_default();
    let url = host.address(&format!("artifacts/{encoded}"));
    // A range of other bytes is refused, rather than put among those of before.
    let headers = json!({"If-Match": etag(&file)});
    Ok(Json(json!({"url": url, "headers": headers, "file_size": file.size})))
}
