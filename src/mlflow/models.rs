//! Registered models: create, get, describe, rename, delete, and the newest of each stage.

use super::error::{Error, Result};
use super::owned;
use super::tags::checked;
use super::wire::{self, Args, ModelVersion, RegisteredModel, Tag};
use crate::api::Api;
use crate::clock;
use axum::extract::State;
use axum::routing::{delete, get, patch, post};
use axum::{Json, Router};
use seatrial_domain::ModelName;
use seatrial_store::aliases::By;
use seatrial_store::models::{Created, Model, RenameError, Said};
use seatrial_store::search::Described;
use seatrial_store::versions::{Listed, Stage};
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;

type Shared = State<Arc<Api>>;

pub(super) fn routes() -> Router<Arc<Api>> {
    Router::new()
        .route("/registered-models/create", post(create))
        .route("/registered-models/get", get(show))
        .route("/registered-models/update", patch(update).post(update))
        .route("/registered-models/rename", post(rename))
        .route("/registered-models/delete", delete(remove))
        .route("/registered-models/get-latest-versions", get(latest).post(latest))
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct About {
    name: String,
    new_name: String,
    description: Option<String>,
    tags: Vec<Tag>,
    stages: Vec<String>,
}

async fn create(api: Shared, Args(about, _): Args<About>) -> Result<Json<Value>> {
    let name = ModelName::new(&about.name)?;
    let said = Said { description: about.description, tags: checked(about.tags)? };
    match api.app.store.create_model(&name, &said, clock::now()).await? {
        Created::New(model) => Ok(answer(&wire::model(&model, Vec::new()))),
        Created::Existing(_) => {
            Err(Error::exists(format!("Registered Model (name={name}) already exists.")))
        }
    }
}

async fn show(api: Shared, Args(about, _): Args<About>) -> Result<Json<Value>> {
    let model = named(&api, &about.name).await?;
    Ok(answer(&full(&api, &model).await?))
}

async fn update(api: Shared, Args(about, _): Args<About>) -> Result<Json<Value>> {
    let name = named(&api, &about.name).await?.name;
    let said = Said { description: Some(about.description.unwrap_or_default()), ..Said::default() };
    let model = api.app.store.describe_model(&name, &said, clock::now()).await?;
    Ok(answer(&full(&api, &model).await?))
}

async fn rename(api: Shared, Args(about, actor): Args<About>) -> Result<Json<Value>> {
    let from = named(&api, &about.name).await?.name;
    let to = ModelName::new(&about.new_name)?;
    for name in [&from, &to] {
        owned::refuse_renamed(&api, name).await?;
    }
    let by = By { actor: &actor, cause: "renamed by a registry client", now: clock::now() };
    let renamed = api.app.store.rename_model(&from, &to, by).await;
    let model = renamed.map_err(|error| match error {
        RenameError::Unknown(_) => Error::missing(error.to_string()),
        RenameError::Taken(_) => Error::exists(error.to_string()),
        RenameError::Referenced { .. } => Error::state(error.to_string()),
        RenameError::Storage(error) => error.into(),
    })?;
    Ok(answer(&full(&api, &model).await?))
}

async fn remove(api: Shared, Args(about, actor): Args<About>) -> Result<Json<Value>> {
    let name = named(&api, &about.name).await?.name;
    api.app.store.delete_model(&name, &actor, clock::now()).await?;
    Ok(Json(json!({})))
}

async fn latest(api: Shared, Args(about, _): Args<About>) -> Result<Json<Value>> {
    let model = named(&api, &about.name).await?;
    let stages = about.stages.iter().map(|stage| super::stages::read(stage));
    let stages = stages.collect::<Result<Vec<Stage>>>()?;
    let wanted = |stage: Stage| stages.is_empty() || stages.contains(&stage);
    let newest = newest(&api, &model).await?;
    let found = newest.iter().filter(|(stage, _)| wanted(**stage));
    let found: Vec<ModelVersion> = found.map(|(_, version)| wire::version(version)).collect();
    Ok(Json(if found.is_empty() { json!({}) } else { json!({"model_versions": found}) }))
}

/// The model of a client's name. A name that is none is as unknown as any other.
pub(super) async fn named(api: &Api, name: &str) -> Result<Model> {
    Ok(api.app.store.model(&self::name(name)?).await?)
}

/// A model's name, whether or not there is one.
pub(super) fn name(text: &str) -> Result<ModelName> {
    if text.trim().is_empty() {
        return Err(Error::invalid("Registered model name cannot be empty."));
    }
    let missing = |_fault| Error::missing(format!("Registered Model with name={text} not found"));
    ModelName::new(text).map_err(missing)
}

/// A model that was found with its newest versions.
pub(super) fn described(found: &Described) -> RegisteredModel {
    wire::model(&found.model, found.newest.values().map(wire::version).collect())
}

async fn full(api: &Api, model: &Model) -> Result<RegisteredModel> {
    let newest = newest(api, model).await?;
    Ok(wire::model(model, newest.values().map(wire::version).collect()))
}

async fn newest(api: &Api, model: &Model) -> Result<BTreeMap<Stage, Listed>> {
    if model.latest.is_none() {
        return Ok(BTreeMap::new());
    }
    let newest = api.app.store.newest_by_stage(&[&model.name]).await?;
    Ok(newest.into_values().next().unwrap_or_default())
}

fn answer(model: &RegisteredModel) -> Json<Value> {
    Json(json!({"registered_model": model}))
}
