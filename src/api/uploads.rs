//! Files on their way to become a version.

#![expect(unused_qualifications, reason = "utoipa::path writes parameters' types out in full")]

use super::State;
use super::problem::Result;
use super::request::{Path, Query};
use super::wire::{self, Problem};
use crate::registry::UploadId;
use axum::Json;
use axum::body::Body;
use axum::http::StatusCode;
use seatrial_domain::manifest::FilePath;
use serde::Deserialize;
use utoipa::IntoParams;

/// Where a file goes within its version.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Place {
    /// A relative path with `/` between its parts; only ever a name in the manifest.
    path: String,
}

/// Begins an upload.
#[utoipa::path(post, path = "/uploads", tag = "uploads",
    responses((status = 201, body = wire::Upload), (status = 429, body = Problem)))]
pub(super) async fn begin(api: State) -> Result<(StatusCode, Json<wire::Upload>)> {
    let (id, expires_at) = api.registry.begin()?;
    let upload = wire::Upload { id: id.to_string(), expires_at: expires_at.to_string() };
    Ok((StatusCode::CREATED, Json(upload)))
}

/// Takes an upload back.
#[utoipa::path(delete, path = "/uploads/{upload}", tag = "uploads",
    params(("upload" = String, Path)),
    responses((status = 204), (status = 404, body = Problem)))]
pub(super) async fn discard(api: State, Path(id): Path<String>) -> Result<StatusCode> {
    api.registry.discard(&UploadId::claimed(&id))?;
    Ok(StatusCode::NO_CONTENT)
}

/// Receives one file as it streams.
#[utoipa::path(put, path = "/uploads/{upload}/files", tag = "uploads",
    params(("upload" = String, Path), Place),
    request_body(content = Vec<u8>, content_type = "application/octet-stream"),
    responses((status = 200, body = wire::UploadedFile), (status = 404, body = Problem),
        (status = 409, body = Problem), (status = 413, body = Problem)))]
pub(super) async fn receive(
    api: State,
    Path(id): Path<String>,
    Query(place): Query<Place>,
    body: Body,
) -> Result<Json<wire::UploadedFile>> {
    let path = FilePath::new(&place.path)?;
    let id = UploadId::claimed(&id);
    let file = api.registry.receive(&id, path, body.into_data_stream()).await?;
    Ok(Json(wire::UploadedFile {
        path: file.path.to_string(),
        size: file.size,
        digest: file.digest.to_string(),
    }))
}
