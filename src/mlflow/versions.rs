//! Versions of registered models: create, get, describe, delete, and where to download from.

use super::error::{Error, Result};
use super::tags::checked;
use super::wire::{self, Args, Number, Tag};
use super::{artifacts, models, sources};
use crate::api::Api;
use crate::clock;
use axum::extract::State;
use axum::routing::{delete, get, patch, post};
use axum::{Json, Router};
use seatrial_store::versions::{self, New, Origin, Version};
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;

type Shared = State<Arc<Api>>;

pub(super) fn routes() -> Router<Arc<Api>> {
    Router::new()
        .route("/model-versions/create", post(create))
        .route("/model-versions/get", get(show))
        .route("/model-versions/update", patch(update).post(update))
        .route("/model-versions/delete", delete(remove))
        .route("/model-versions/get-download-uri", get(download))
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct About {
    name: String,
    version: Number,
    description: Option<String>,
    source: String,
    run_id: Option<String>,
    run_link: Option<String>,
    model_id: Option<String>,
    tags: Vec<Tag>,
}

async fn create(api: Shared, Args(about, actor): Args<About>) -> Result<Json<Value>> {
    let tags = checked(about.tags)?;
    let model = models::named(&api, &about.name).await?.name;
    let _until_registered = api.app.store.blobs().hold().await;
    let sealed = sources::resolve(&api, &about.source).await?;
    let new = New {
        model,
        manifest: sealed.manifest,
        signature: sealed.signature,
        tags,
        aliases: Vec::new(),
        source: Some(about.source),
        actor,
        now: clock::now(),
    };
    let said = |text: Option<String>| text.filter(|text| !text.is_empty());
    let origin = Origin {
        run_id: said(about.run_id),
        run_link: said(about.run_link),
        model_id: said(about.model_id),
    };
    let description = about.description.unwrap_or_default();
    let version = api.app.store.register_numbered(&new, &origin, &description).await?;
    api.app.driver.caught_up().await;
    answer(&api, &version).await
}

async fn show(api: Shared, Args(about, _): Args<About>) -> Result<Json<Value>> {
    let version = named(&api, &about.name, &about.version).await?;
    answer(&api, &version).await
}

async fn update(api: Shared, Args(about, _): Args<About>) -> Result<Json<Value>> {
    let reference = named(&api, &about.name, &about.version).await?.reference;
    let key = (&reference.model, reference.number);
    let description = about.description.unwrap_or_default();
    api.app.store.describe_version(key, &description, clock::now()).await?;
    let version = api.app.store.version(key.0, key.1).await?;
    answer(&api, &version).await
}

async fn remove(api: Shared, Args(about, actor): Args<About>) -> Result<Json<Value>> {
    let reference = named(&api, &about.name, &about.version).await?.reference;
    let key = (&reference.model, reference.number);
    api.app.store.delete_version(key, &actor, clock::now()).await?;
    Ok(Json(json!({})))
}

/// Where the sealed files are, whatever became of what they were uploaded as.
async fn download(api: Shared, Args(about, _): Args<About>) -> Result<Json<Value>> {
    let reference = named(&api, &about.name, &about.version).await?.reference;
    let (control, path) = (api.app.addresses.control, artifacts::prefix(&reference));
    let uri = format!("mlflow-artifacts://{control}/{path}");
    Ok(Json(json!({"artifact_uri": uri})))
}

/// The version of a client's words.
pub(super) async fn named(api: &Api, name: &str, version: &Number) -> Result<Version> {
    let number = version.read()?;
    let model = models::named(api, name).await?.name;
    match api.app.store.version(&model, number).await {
        Err(versions::Error::UnknownVersion(..)) => Err(Error::missing(format!(
            "Model Version (name={model}, version={}) not found",
            number.0
        ))),
        found => Ok(found?),
    }
}

pub(super) async fn answer(api: &Api, version: &Version) -> Result<Json<Value>> {
    let standings = api.app.store.standings(std::slice::from_ref(version)).await?;
    let shown = standings.first().map(|standing| wire::version(version, standing));
    Ok(Json(json!({"model_version": shown})))
}
