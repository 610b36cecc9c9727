//! What is registered, as files: listed and downloaded by the paths `versions/MODEL/NUMBER/…`. A
//! path only ever names a file of a manifest; nothing is looked up on the disk by it. Bytes leave
//! after their digest was checked.

use super::error::{Error, Result};
use super::ranges::{self, Range};
use super::wire::Args;
use crate::api::Api;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use axum::{Json, Router};
use seatrial_domain::manifest::{File, Manifest};
use seatrial_domain::{ModelName, VersionNumber, VersionRef};
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;
use tokio::io::AsyncReadExt as _;
use tokio_util::io::ReaderStream;

const ROOT: &str = "versions";
const CHUNK_BYTES: usize = 256 * 1024;

/// Where a version's files are, as an artifact path.
pub(super) fn prefix(version: &VersionRef) -> String {
    format!("{ROOT}/{}/{}", version.model, version.number.0)
}

pub(super) fn routes() -> Router<Arc<Api>> {
    Router::new().route("/artifacts", get(list)).route("/artifacts/{*path}", get(download))
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Below {
    path: String,
}

/// The files and directories right below `path`.
async fn list(State(api): State<Arc<Api>>, Args(below, _): Args<Below>) -> Result<Json<Value>> {
    let place = Place::parse(&below.path)?;
    let version = api.app.store.version(&place.model, place.number).await?;
    let below = children(&version.manifest, &place.rest);
    if below.is_empty() && version.manifest.file(&place.rest).is_none() {
        return Err(Error::missing(format!("there is nothing at {}", place.rest)));
    }
    let shown = below.into_iter().map(|(name, size)| match size {
        Some(size) => json!({"path": name, "is_dir": false, "file_size": size}),
        None => json!({"path": name, "is_dir": true}),
    });
    Ok(Json(json!({"files": shown.collect::<Vec<_>>()})))
}

/// One file, or a range of it.
async fn download(
    State(api): State<Arc<Api>>,
    Path(path): Path<String>,
    headers: HeaderMap,
) -> Result<Response> {
    let place = Place::parse(&path)?;
    let version = api.app.store.version(&place.model, place.number).await?;
    let file = version.manifest.file(&place.rest);
    let file = file.ok_or_else(|| Error::missing(format!("there is no file at {path}")))?;
    let range = ranges::asked(headers.get(header::RANGE), file.size)?;
    let opened = api.app.store.blobs().open_verified(&file.digest, range.first).await?;
    let stream = ReaderStream::with_capacity(opened.take(range.length), CHUNK_BYTES);
    Ok(answer(file, range, Body::from_stream(stream)))
}

fn answer(file: &File, range: Range, body: Body) -> Response {
    let name = file.path.as_str().rsplit('/').next().unwrap_or_default();
    let quoted: String = name.chars().filter(|c| c.is_ascii_graphic() && *c != '"').collect();
    let headers = [
        (header::CONTENT_TYPE, "application/octet-stream".to_owned()),
        (header::CONTENT_LENGTH, range.length.to_string()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{quoted}\"")),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff".to_owned()),
        (header::ACCEPT_RANGES, "bytes".to_owned()),
        (header::ETAG, format!("\"{}\"", file.digest)),
    ];
    if range.is_whole(file.size) {
        return (StatusCode::OK, headers, body).into_response();
    }
    let last = range.first + range.length.saturating_sub(1);
    let content = format!("bytes {}-{last}/{}", range.first, file.size);
    (StatusCode::PARTIAL_CONTENT, headers, [(header::CONTENT_RANGE, content)], body).into_response()
}

/// A place within a version.
struct Place {
    model: ModelName,
    number: VersionNumber,
    /// Within the version; empty: its root.
    rest: String,
}

impl Place {
    fn parse(path: &str) -> Result<Self> {
        let refused = |fault: &str| Error::invalid(format!("path {path:?} {fault}"));
        let odd = |c: char| c.is_control() || matches!(c, '\\' | '%');
        let mut parts: Vec<&str> = path.split('/').collect();
        if parts.last() == Some(&"") {
            parts.pop();
        }
        if path.contains(odd) || parts.iter().any(|part| matches!(*part, "" | "." | "..")) {
            return Err(refused("is not a relative path of plain parts"));
        }
        match parts.as_slice() {
            [ROOT, model, number, rest @ ..] => Ok(Self {
                model: ModelName::new(model)?,
                number: number
                    .parse()
                    .map(VersionNumber)
                    .map_err(|_not_a_number| refused("names no version"))?,
                rest: rest.join("/"),
            }),
            _ => Err(refused("is none of versions/MODEL/NUMBER/…")),
        }
    }
}

/// Names right below a directory; files with their size.
fn children(manifest: &Manifest, directory: &str) -> BTreeMap<String, Option<u64>> {
    let below = |file: &File| {
        let path = file.path.as_str();
        let rest = if directory.is_empty() {
            path
        } else {
            path.strip_prefix(directory)?.strip_prefix('/')?
        };
        match rest.split_once('/') {
            Some((name, _)) => Some((name.to_owned(), None)),
            None => Some((rest.to_owned(), Some(file.size))),
        }
    };
    manifest.files().iter().filter_map(below).collect()
}
