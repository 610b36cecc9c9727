//! What is registered and what was uploaded, as files: listed and downloaded by path. Bytes leave
//! after their digest was checked.

use super::error::{Error, Result};
use super::place::{Found, Place, Within, find};
use super::ranges::{self, Range};
use super::wire::{Args, At};
use crate::api::Api;
use crate::api::blobs::opened;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use axum::{Json, Router};
use seatrial_domain::manifest::{File, Manifest};
use seatrial_store::artifacts::{ArtifactPath, Entry};
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;
use tokio::io::AsyncReadExt as _;
use tokio_util::io::ReaderStream;

const CHUNK_BYTES: usize = 256 * 1024;

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
    let entries = match Place::parse(&below.path)? {
        Place::Top => uploaded(&api, None).await?,
        Place::Uploaded(directory) => uploaded(&api, Some(&directory)).await?,
        Place::Version(within) => registered(&api, &within).await?,
    };
    let shown = entries.into_iter().map(|entry| match entry {
        Entry::File { name, size } => json!({"path": name, "is_dir": false, "file_size": size}),
        Entry::Directory { name } => json!({"path": name, "is_dir": true}),
    });
    Ok(Json(json!({"files": shown.collect::<Vec<_>>()})))
}

/// Nothing was uploaded to a run yet, or to no such run: either way there is nothing, as with
/// MLflow's server.
async fn uploaded(api: &Api, directory: Option<&ArtifactPath>) -> Result<Vec<Entry>> {
    let limit = api.transfers.limits.max_listed;
    let entries = api.app.store.artifacts_in(directory, limit.saturating_add(1)).await?;
    if u64::try_from(entries.len()).unwrap_or(u64::MAX) > limit {
        let message = format!("the directory has more than {limit} entries: list one below it");
        return Err(Error::invalid(message));
    }
    Ok(entries)
}

async fn registered(api: &Api, within: &Within) -> Result<Vec<Entry>> {
    let version = api.app.store.version(&within.model, within.number).await?;
    let below = children(&version.manifest, &within.rest);
    if below.is_empty() && version.manifest.file(&within.rest).is_none() {
        return Err(Error::missing(format!("there is nothing at {}", within.rest)));
    }
    let entry = |(name, size)| match size {
        Some(size) => Entry::File { name, size },
        None => Entry::Directory { name },
    };
    Ok(below.into_iter().map(entry).collect())
}

/// One file, or a range of it.
async fn download(
    State(api): State<Arc<Api>>,
    At(path): At<String>,
    headers: HeaderMap,
) -> Result<Response> {
    let file = find(&api, &path).await?;
    refuse_another(&headers, &file)?;
    let range = ranges::asked(range_of(&headers, &file), file.size)?;
    let opened = opened(&api.app, file.digest.clone(), range.first).await?;
    let stream = ReaderStream::with_capacity(opened.take(range.length), CHUNK_BYTES);
    Ok(answer(&file, range, Body::from_stream(stream)))
}

/// Who fetches a file by ranges says which bytes it began with.
fn refuse_another(headers: &HeaderMap, file: &Found) -> Result<()> {
    let Some(meant) = headers.get(header::IF_MATCH) else { return Ok(()) };
    let etag = etag(file);
    let meant = meant.to_str().unwrap_or_default();
    if meant.split(',').any(|meant| meant.trim() == etag || meant.trim() == "*") {
        return Ok(());
    }
    Err(Error::precondition(format!("{} has other bytes now: begin anew", file.name)))
}

/// The range that is asked for: where it goes on from other bytes, none, and all is answered. A date
/// or a weak tag names no bytes.
fn range_of<'a>(headers: &'a HeaderMap, file: &Found) -> Option<&'a HeaderValue> {
    let range = headers.get(header::RANGE)?;
    match headers.get(header::IF_RANGE) {
        Some(meant) if meant.as_bytes() != etag(file).as_bytes() => None,
        Some(_) | None => Some(range),
    }
}

/// A file's bytes by their digest.
pub(super) fn etag(file: &Found) -> String {
    format!("\"{}\"", file.digest)
}

fn answer(file: &Found, range: Range, body: Body) -> Response {
    let quoted: String = file.name.chars().filter(|c| c.is_ascii_graphic() && *c != '"').collect();
    let headers = [
        (header::CONTENT_TYPE, "application/octet-stream".to_owned()),
        (header::CONTENT_LENGTH, range.length.to_string()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{quoted}\"")),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff".to_owned()),
        (header::ACCEPT_RANGES, "bytes".to_owned()),
        (header::ETAG, etag(file)),
    ];
    if range.is_whole(file.size) {
        return (StatusCode::OK, headers, body).into_response();
    }
    let last = range.first + range.length.saturating_sub(1);
    let content = format!("bytes {}-{last}/{}", range.first, file.size);
    (StatusCode::PARTIAL_CONTENT, headers, [(header::CONTENT_RANGE, content)], body).into_response()
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
