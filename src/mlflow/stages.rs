//! MLflow's stages: a client sets them only where no rollout does.

use super::error::{Error, Result};
use super::owned::refuse_managed;
use super::versions::{answer, named};
use super::wire::{Args, Number};
use crate::api::Api;
use crate::clock;
use axum::extract::State;
use axum::routing::post;
use axum::{Json, Router};
use seatrial_store::versions::Stage;
use serde::Deserialize;
use serde_json::Value;
use std::sync::Arc;

pub(super) fn routes() -> Router<Arc<Api>> {
    Router::new().route("/model-versions/transition-stage", post(transition))
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Transition {
    name: String,
    version: Number,
    stage: String,
    archive_existing_versions: bool,
}

async fn transition(api: State<Arc<Api>>, Args(to, _): Args<Transition>) -> Result<Json<Value>> {
    let stage = read(&to.stage)?;
    let archives = matches!(stage, Stage::Staging | Stage::Production);
    if to.archive_existing_versions && !archives {
        return Err(Error::invalid(format!(
            "Model version transition cannot archive existing model versions because '{stage}' is \
             not an Active stage. Valid stages are Staging, Production"
        )));
    }
    let reference = named(&api, &to.name, &to.version).await?.reference;
    refuse_managed(&api, &reference.model, "stages").await?;
    let others = to.archive_existing_versions.then_some(Stage::Archived);
    let key = (&reference.model, reference.number);
    let staged = api.app.store.set_stage(key, stage, others, clock::now()).await?;
    Ok(answer(&staged))
}

/// A stage in any case of letters.
pub(super) fn read(stage: &str) -> Result<Stage> {
    stage.parse().map_err(|_unknown| {
        Error::invalid(format!(
            "Invalid Model Version stage: {stage}. Value must be one of None, Staging, \
             Production, Archived."
        ))
    })
}
