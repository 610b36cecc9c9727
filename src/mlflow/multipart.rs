//! Files that arrive in parts, at addresses of this server: begun, sent in any order and again if
//! need be, put together or taken back. `GET` of an upload tells which parts are here, so that a
//! client may go on where it was cut off.

use super::error::{Error, Result};
use super::host::Host;
use super::incoming::{Incoming, refuse_larger};
use super::wire::{Args, At};
use crate::api::Api;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::IntoResponse;
use axum::routing::{get, post, put};
use axum::{Json, Router};
use seatrial_domain::Digest;
use seatrial_domain::manifest::is_onnx;
use seatrial_store::artifacts::ArtifactPath;
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;

type Shared = State<Arc<Api>>;

/// Bounded by their own limits while they stream.
pub(super) fn streamed() -> Router<Arc<Api>> {
    Router::new().route("/mpu/parts/{upload}/{number}", put(receive))
}

pub(super) fn routes() -> Router<Arc<Api>> {
    Router::new()
        .route("/mpu/create/{*directory}", post(create))
        .route("/mpu/complete/{*directory}", post(complete))
        .route("/mpu/abort/{*directory}", post(abort))
        .route("/mpu/parts/{upload}", get(show))
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Wanted {
    /// The client's own path of the file: its last part is the file's name.
    path: String,
    num_parts: Option<u64>,
    upload_id: String,
    parts: Vec<Named>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Named {
    part_number: u64,
    etag: Option<String>,
}

impl Wanted {
    /// Where the file belongs.
    fn within(&self, directory: &str) -> Result<ArtifactPath> {
        let name = self.path.rsplit(['/', '\\']).next().unwrap_or_default();
        Ok(within(directory)?.join(name)?)
    }
}

/// A directory may be written with a slash at its end.
fn within(directory: &str) -> Result<ArtifactPath> {
    Ok(ArtifactPath::new(directory.strip_suffix('/').unwrap_or(directory))?)
}

async fn create(
    State(api): Shared,
    At(directory): At<String>,
    host: Host,
    Args(wanted, _): Args<Wanted>,
) -> Result<Json<Value>> {
    let path = wanted.within(&directory)?;
    let parts = wanted.num_parts.unwrap_or(1);
    let id = api.transfers.parts.begin(&path, parts).await?;
    let part = |number: u64| {
        json!({
            "url": host.address(&format!("mpu/parts/{id}/{number}")),
            "part_number": number,
            "headers": {"Content-Type": "application/octet-stream"},
        })
    };
    let credentials = (1..=parts).map(part).collect::<Vec<_>>();
    Ok(Json(json!({"upload_id": id, "credentials": credentials})))
}

async fn receive(
    State(api): Shared,
    part: Result<At<(String, u64)>>,
    headers: HeaderMap,
    body: Body,
) -> Result<impl IntoResponse> {
    let mut incoming = Incoming::new(body, api.transfers.limits.pace());
    let received = match part {
        Ok(At((id, number))) => keep(&api, &id, number, (&headers, &mut incoming)).await,
        Err(refused) => Err(refused),
    };
    if received.is_err() {
        incoming.discard().await;
    }
    received.map(|digest| ([(header::ETAG, quoted(&digest))], Json(json!({}))))
}

async fn keep(
    api: &Arc<Api>,
    id: &str,
    number: u64,
    (headers, incoming): (&HeaderMap, &mut Incoming),
) -> Result<Digest> {
    let parts = &api.transfers.parts;
    refuse_larger(headers, parts.max_part())?;
    let _turn = api.transfers.turn().await?;
    let arrived = parts.receive(id, number, incoming).await?;
    let digest = arrived.digest().clone();
    let (keeping, id) = (Arc::clone(api), id.to_owned());
    let kept = async move { keeping.transfers.parts.keep(&id, arrived).await };
    // All of it is here: it is kept, whoever has gone away meanwhile.
    api.app.tasks.spawn_to_end("keep a part", kept).await.map_err(Error::internal)??;
    Ok(digest)
}

async fn show(State(api): Shared, At(id): At<String>) -> Result<Json<Value>> {
    let upload = api.transfers.parts.upload(&id).await?;
    let parts = upload.arrived.iter().map(|part| {
        let (etag, size) = (quoted(&part.bytes.digest), part.bytes.size);
        json!({"part_number": part.number, "etag": etag, "size": size})
    });
    let parts = parts.collect::<Vec<_>>();
    Ok(Json(json!({"path": upload.path.as_str(), "num_parts": upload.parts, "parts": parts})))
}

async fn complete(
    State(api): Shared,
    At(directory): At<String>,
    Args(wanted, _): Args<Wanted>,
) -> Result<Json<Value>> {
    let path = wanted.within(&directory)?;
    let mut named = BTreeMap::new();
    for part in &wanted.parts {
        let etag = part.etag.as_deref().unwrap_or_default().trim_matches('"').to_owned();
        if named.insert(part.part_number, etag).is_some() {
            return Err(Error::invalid(format!("part {} is named twice", part.part_number)));
        }
    }
    let whole = api.transfers.parts.complete(&wanted.upload_id, &path, &named).await?;
    if let Some(blob) = whole.filter(|_| is_onnx(path.name())) {
        api.registry.try_ahead(&blob.digest);
    }
    Ok(Json(json!({})))
}

async fn abort(
    State(api): Shared,
    At(directory): At<String>,
    Args(wanted, _): Args<Wanted>,
) -> Result<Json<Value>> {
    within(&directory)?;
    api.transfers.parts.abort(&wanted.upload_id).await?;
    Ok(Json(json!({})))
}

fn quoted(digest: &Digest) -> String {
    format!("\"{digest}\"")
}
