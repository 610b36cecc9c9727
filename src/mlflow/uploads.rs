//! Files that clients upload by path, and take back. A file is there whole or not at all; what a
//! version was made of neither changes nor goes.

use super::error::{Error, Result};
use super::incoming::{Incoming, refuse_larger};
use super::place::Place;
use super::wire::At;
use crate::api::Api;
use crate::clock;
use axum::body::Body;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::routing::{delete, put};
use axum::{Json, Router};
use seatrial_domain::Digest;
use seatrial_domain::manifest::is_onnx;
use seatrial_store::artifacts::{Artifact, ArtifactPath};
use seatrial_store::blobs::Writer;
use serde_json::{Value, json};
use std::sync::Arc;

/// Bounded by their own limits while they stream.
pub(super) fn streamed() -> Router<Arc<Api>> {
    Router::new().route("/artifacts/{*path}", put(receive))
}

pub(super) fn routes() -> Router<Arc<Api>> {
    Router::new().route("/artifacts/{*path}", delete(remove))
}

async fn receive(
    State(api): State<Arc<Api>>,
    path: Result<At<String>>,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<Value>> {
    let mut incoming = Incoming::new(body, api.transfers.limits.pace());
    let received = match path {
        Ok(At(path)) => store(&api, &path, &headers, &mut incoming).await,
        Err(refused) => Err(refused),
    };
    if received.is_err() {
        incoming.discard().await;
    }
    received.map(|()| Json(json!({})))
}

async fn store(
    api: &Arc<Api>,
    path: &str,
    headers: &HeaderMap,
    incoming: &mut Incoming,
) -> Result<()> {
    let path = ArtifactPath::new(path)?;
    let limit = api.transfers.limits.max_file;
    refuse_larger(headers, limit)?;
    let _turn = api.transfers.turn().await?;
    if is_onnx(path.name()) {
        api.registry.expect_model();
    }
    let mut writer = api.app.store.blobs().writer(limit).await?;
    while let Some(bytes) = incoming.next().await? {
        writer.write(&bytes).await?;
    }
    // All of it is here: it is kept, whoever has gone away meanwhile.
    let kept = keep(Arc::clone(api), path, writer);
    api.app.tasks.spawn_to_end("keep an upload", kept).await.map_err(Error::internal)?
}

async fn keep(api: Arc<Api>, path: ArtifactPath, writer: Writer) -> Result<()> {
    let store = &api.app.store;
    let _until_named = store.blobs().hold();
    let is_model = is_onnx(path.name());
    let named = |digest: &Digest| {
        if is_model {
            api.registry.try_ahead(digest);
        }
    };
    let blob = writer.finish_telling(named).await?;
    let files_max = api.transfers.limits.max_files;
    Ok(store.put_artifact(&Artifact { path, blob }, files_max, clock::now()).await?)
}

/// A file, or a directory with all that is below it. What is not there is gone already.
async fn remove(State(api): State<Arc<Api>>, At(path): At<String>) -> Result<Json<Value>> {
    match Place::parse(&path)? {
        Place::Top => Err(Error::invalid("everything is not deleted at once")),
        Place::Version(_) => Err(Error::conflict(format!(
            "{path} is in a registered version, whose files never change; model-versions/delete \
             deletes a version"
        ))),
        Place::Uploaded(path) => {
            api.app.store.delete_artifacts(&path).await?;
            Ok(Json(json!({})))
        }
    }
}
