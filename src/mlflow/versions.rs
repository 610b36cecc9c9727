//! Versions of registered models: create, get, describe, delete, and where to download from.

use super::error::{Error, Result};
use super::host::Host;
use super::place::prefix;
use super::sources::{self, Sealed};
use super::tags::checked;
use super::wire::{self, Args, Number, Tag};
use super::{lineage, models, owned};
use crate::api::Api;
use crate::clock;
use axum::extract::State;
use axum::routing::{delete, get, patch, post};
use axum::{Json, Router};
use seatrial_domain::{ModelName, VersionNumber};
use seatrial_store::changed::Changed;
use seatrial_store::tracking::{self, LoggedModelId};
use seatrial_store::versions::{self, Listed, New, Origin, Version};
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

async fn create(
    api: Shared,
    host: Host,
    Args(mut about, actor): Args<About>,
) -> Result<Json<Value>> {
    let tags = checked(std::mem::take(&mut about.tags))?;
    let _until_registered = api.app.store.blobs().hold();
    let model = models::name(&about.name)?;
    let sealed = match sources::resolve(&api, &host, (&model, &about.source)).await {
        Ok(sealed) => sealed,
        Err(refused) => {
            // Whose version it would be is the first question, and asked last: most are there.
            api.app.store.model(&model).await?;
            return Err(refused);
        }
    };
    let origin = origin(&api, &about, &sealed).await?;
    let lineage = lineage::of(sealed.original.as_ref().map(|(of, _)| of), &tags)?;
    owned::refuse_unsigned(&api, &model, &sealed.manifest).await?;
    let new = New {
        model,
        manifest: sealed.manifest,
        signature: sealed.signature,
        flavors: sealed.flavors,
        tags,
        aliases: Vec::new(),
        source: Some(about.source),
        lineage,
        actor,
        now: clock::now(),
    };
    let description = about.description.unwrap_or_default();
    let store = &api.app.store;
    let version = match &sealed.snapshot {
        Some(files) => store.register_sealing(&new, (&origin, &description), files).await?,
        None => store.register_numbered(&new, &origin, &description).await?,
    };
    let set = Changed { tags: new.tags, ..Changed::default() };
    if api.app.driver.caught_up(&set).await {
        let key = (&version.reference.model, version.reference.number);
        return Ok(answer(&store.listed(key).await?));
    }
    Ok(answer(&version))
}

/// What the version came of: what is said of it, and what is known of its files.
async fn origin(api: &Api, about: &About, sealed: &Sealed) -> Result<Origin> {
    let said = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
    let original = sealed.original.as_ref().map(|(_, origin)| origin);
    let run_id = said(&about.run_id).or_else(|| sealed.run_id.clone());
    let run_id = as_of(original.map(|of| &of.run_id), run_id, "run_id")?;
    let model_id = as_of(original.map(|of| &of.model_id), said(&about.model_id), "model_id")?;
    let run_id = match run_id {
        Some(run_id) => Some(run_id),
        None => logged_by(api, model_id.as_deref()).await?,
    };
    Ok(Origin { run_id, run_link: said(&about.run_link), model_id })
}

/// A copy came of what its original came of, and of nothing else.
fn as_of(
    original: Option<&Option<String>>,
    said: Option<String>,
    what: &str,
) -> Result<Option<String>> {
    match (original, said) {
        (None, said) => Ok(said),
        (Some(original), None) => Ok(original.clone()),
        (Some(original), Some(said)) if original.as_ref() == Some(&said) => Ok(Some(said)),
        (Some(_), Some(said)) => Err(Error::invalid(format!(
            "{what} {said:?} is not that of the version that is copied: leave it out"
        ))),
    }
}

/// The run that made the logged model, where a client leaves it to the server to know.
async fn logged_by(api: &Api, model_id: Option<&str>) -> Result<Option<String>> {
    let Some(id) = model_id.and_then(LoggedModelId::parse) else { return Ok(None) };
    match api.app.store.logged_model(&id).await {
        Ok(model) => Ok(model.source_run),
        // It may be another server's.
        Err(tracking::Error::UnknownLoggedModel(_)) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

async fn show(api: Shared, Args(about, _): Args<About>) -> Result<Json<Value>> {
    Ok(answer(&named(&api, &about.name, &about.version).await?))
}

async fn update(api: Shared, Args(about, _): Args<About>) -> Result<Json<Value>> {
    let reference = named(&api, &about.name, &about.version).await?.reference;
    let key = (&reference.model, reference.number);
    let description = about.description.unwrap_or_default();
    api.app.store.describe_version(key, &description, clock::now()).await?;
    Ok(answer(&api.app.store.listed(key).await?))
}

async fn remove(api: Shared, Args(about, actor): Args<About>) -> Result<Json<Value>> {
    let reference = named(&api, &about.name, &about.version).await?.reference;
    let key = (&reference.model, reference.number);
    api.app.store.delete_version(key, &actor, clock::now()).await?;
    Ok(Json(json!({})))
}

/// Where the sealed files are, whatever became of what they were uploaded as.
async fn download(api: Shared, host: Host, Args(about, _): Args<About>) -> Result<Json<Value>> {
    let reference = named(&api, &about.name, &about.version).await?.reference;
    let uri = format!("mlflow-artifacts://{}/{}", host.asked(), prefix(&reference));
    Ok(Json(json!({"artifact_uri": uri})))
}

/// The version of a client's words. The model is asked for only where the version is not there.
pub(super) async fn named(api: &Api, name: &str, version: &Number) -> Result<Listed> {
    let number = version.read()?;
    let found = match ModelName::new(name) {
        Ok(model) => api.app.store.listed((&model, number)).await,
        Err(_) => return Err(missing(api, name, number).await),
    };
    or_missing(api, (name, number), found).await
}

/// As [`named`], with what is sealed in it.
pub(super) async fn whole(api: &Api, name: &str, version: &Number) -> Result<Version> {
    let number = version.read()?;
    let found = match ModelName::new(name) {
        Ok(model) => api.app.store.version(&model, number).await,
        Err(_) => return Err(missing(api, name, number).await),
    };
    or_missing(api, (name, number), found).await
}

async fn or_missing<T>(
    api: &Api,
    (name, number): (&str, VersionNumber),
    found: std::result::Result<T, versions::Error>,
) -> Result<T> {
    match found {
        Err(versions::Error::UnknownVersion(..)) => Err(missing(api, name, number).await),
        found => Ok(found?),
    }
}

/// Why there is no such version: there is no such model, or it has none of this number.
async fn missing(api: &Api, name: &str, number: VersionNumber) -> Error {
    match models::named(api, name).await {
        Ok(model) => Error::missing(format!(
            "Model Version (name={}, version={number}) not found",
            model.name,
            number = number.0
        )),
        Err(error) => error,
    }
}

pub(super) fn answer(version: &Listed) -> Json<Value> {
    Json(json!({"model_version": wire::version(version)}))
}
