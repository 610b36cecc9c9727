//! The server itself.

use super::State;
use super::wire::Status;
use axum::Json;

/// Says what answers here, and where clients send inference requests.
#[utoipa::path(get, path = "/status", tag = "server", responses((status = 200, body = Status)))]
pub(super) async fn show(api: State) -> Json<Status> {
    Json(Status {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        inference: format!("http://{}", api.app.addresses.inference),
        control: format!("http://{}", api.app.addresses.control),
        library: api.app.child.library.display().to_string(),
    })
}
