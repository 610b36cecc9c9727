//! Experiments: made, and found by id or name.

use super::entries::{self, check_length};
use super::error::{Error, Result};
use super::wire::{Args, Tag};
use crate::api::Api;
use crate::clock;
use axum::extract::State;
use axum::routing::{get, post};
use axum::{Json, Router};
use seatrial_store::tracking::{Experiment, ExperimentId};
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;

const NAME_MAX: usize = 500;
const TAGS_MAX: usize = 100;

type Shared = State<Arc<Api>>;

pub(super) fn routes() -> Router<Arc<Api>> {
    Router::new()
        .route("/experiments/create", post(create))
        .route("/experiments/get", get(show))
        .route("/experiments/get-by-name", get(by_name))
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct About {
    name: String,
    artifact_location: String,
    tags: Vec<Tag>,
}

async fn create(api: Shared, Args(about, _): Args<About>) -> Result<Json<Value>> {
    if about.name.trim().is_empty() {
        return Err(Error::invalid(format!("Invalid experiment name: '{}'", about.name)));
    }
    check_length("name", &about.name, NAME_MAX)?;
    if !about.artifact_location.is_empty() {
        return Err(Error::invalid(
            "this server keeps the artifacts of its experiments itself: leave out \
             artifact_location",
        ));
    }
    entries::check_count("tags", about.tags.len(), TAGS_MAX)?;
    let tags = entries::tags(about.tags)?;
    let id = api.app.store.create_experiment(&about.name, &tags, clock::now()).await?;
    Ok(Json(json!({"experiment_id": id.to_string()})))
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Wanted {
    experiment_id: String,
    experiment_name: String,
}

async fn show(api: Shared, Args(wanted, _): Args<Wanted>) -> Result<Json<Value>> {
    let experiment = api.app.store.experiment(id(&wanted.experiment_id)?).await?;
    Ok(answer(&experiment))
}

async fn by_name(api: Shared, Args(wanted, _): Args<Wanted>) -> Result<Json<Value>> {
    let name = wanted.experiment_name;
    let found = api.app.store.experiment_by_name(&name).await?;
    let missing = || Error::missing(format!("Could not find experiment with name '{name}'"));
    Ok(answer(&found.ok_or_else(missing)?))
}

/// The id in a client's words. One that is none is as unknown as any other.
pub(super) fn id(text: &str) -> Result<ExperimentId> {
    let missing = || Error::missing(format!("No Experiment with id={text} exists"));
    ExperimentId::parse(text).ok_or_else(missing)
}

fn answer(experiment: &Experiment) -> Json<Value> {
    let created = experiment.created_at.as_micros() / 1000;
    let mut shown = json!({
        "experiment_id": experiment.id.to_string(),
        "name": experiment.name,
        "artifact_location": experiment.artifact_location(),
        "lifecycle_stage": "active",
        "creation_time": created,
        "last_update_time": created,
    });
    if let (Some(shown), false) = (shown.as_object_mut(), experiment.tags.is_empty()) {
        shown.insert("tags".to_owned(), json!(super::wire::tags(&experiment.tags)));
    }
    Json(json!({"experiment": shown}))
}
