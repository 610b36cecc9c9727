//! Runs: begun, ended, renamed, tagged, and what they read and made.

use super::entries::{self, check_count, check_length};
use super::error::{Error, Result};
use super::experiments;
use super::logged;
use super::wire::{self, Args, Tag};
use crate::api::Api;
use crate::clock;
use axum::extract::State;
use axum::routing::{get, post};
use axum::{Json, Router};
use seatrial_store::tracking::{
    Batch, Dataset, Edit, Inputs, LoggedModelId, NewRun, Output, Run, RunId, RunStatus,
};
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;

/// What a run is called, also by a tag.
const NAME_TAG: &str = "mlflow.runName";
const NAME_MAX: usize = 8000;
const USER_MAX: usize = 256;
const TAGS_MAX: usize = 100;
/// Datasets, and models, of one request.
const INPUTS_MAX: usize = 1000;

type Shared = State<Arc<Api>>;

pub(super) fn routes() -> Router<Arc<Api>> {
    Router::new()
        .route("/runs/create", post(create))
        .route("/runs/get", get(show))
        .route("/runs/update", post(update))
        .route("/runs/set-tag", post(set_tag))
        .route("/runs/delete-tag", post(remove_tag))
        .route("/runs/log-inputs", post(log_inputs))
        .route("/runs/outputs", post(log_outputs))
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct About {
    experiment_id: String,
    user_id: String,
    run_name: String,
    #[serde(deserialize_with = "wire::number")]
    start_time: Option<i64>,
    tags: Vec<Tag>,
}

async fn create(api: Shared, Args(about, _): Args<About>) -> Result<Json<Value>> {
    let experiment = experiments::id(&about.experiment_id)?;
    check_length("user_id", &about.user_id, USER_MAX)?;
    check_count("tags", about.tags.len(), TAGS_MAX)?;
    let tags = entries::tags(about.tags)?;
    let id = RunId::new(rand::random());
    let name = match (about.run_name, tags.get(NAME_TAG)) {
        (named, Some(tagged)) if !named.is_empty() && named != *tagged => {
            return Err(Error::invalid(format!(
                "Both 'run_name' argument and 'mlflow.runName' tag are specified, but with \
                 different values (run_name='{named}', mlflow.runName='{tagged}')."
            )));
        }
        (named, _) if !named.is_empty() => named,
        (_, Some(tagged)) if !tagged.is_empty() => tagged.clone(),
        (_, Some(_) | None) => format!("run-{}", id.as_str().get(..8).unwrap_or_default()),
    };
    check_length("run_name", &name, NAME_MAX)?;
    let (user, now) = (about.user_id, clock::now());
    let new = NewRun { id, experiment, name, user, started_ms: about.start_time, tags, now };
    Ok(answer(&api.app.store.create_run(&new).await?))
}

/// Which run a request is about, in the words of clients of any age.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Which {
    run_id: String,
    run_uuid: String,
}

impl Which {
    /// An id that is none is as unknown as any other.
    pub(super) fn id(&self) -> Result<RunId> {
        let text = if self.run_id.is_empty() { &self.run_uuid } else { &self.run_id };
        if text.is_empty() {
            return Err(Error::invalid("Missing value for required parameter 'run_id'."));
        }
        let missing = || Error::missing(format!("Run with id={text} not found"));
        RunId::parse(text).ok_or_else(missing)
    }
}

async fn show(api: Shared, Args(which, _): Args<Which>) -> Result<Json<Value>> {
    Ok(answer(&api.app.store.run(&which.id()?).await?))
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Update {
    #[serde(flatten)]
    which: Which,
    status: String,
    #[serde(deserialize_with = "wire::number")]
    end_time: Option<i64>,
    run_name: String,
}

async fn update(api: Shared, Args(update, _): Args<Update>) -> Result<Json<Value>> {
    let id = update.which.id()?;
    let said = |text: String| Some(text).filter(|text| !text.is_empty());
    let status = said(update.status).map(|status| status.parse::<RunStatus>());
    let status = status
        .transpose()
        .map_err(|odd| Error::invalid(format!("{odd:?} is no status of a run")))?;
    check_length("run_name", &update.run_name, NAME_MAX)?;
    let edit = Edit { name: said(update.run_name), status, ended_ms: update.end_time };
    let run = api.app.store.edit_run(&id, &edit).await?;
    Ok(Json(json!({"run_info": logged::run_info(&run)})))
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Tagged {
    #[serde(flatten)]
    which: Which,
    key: String,
    value: String,
}

async fn set_tag(api: Shared, Args(tagged, _): Args<Tagged>) -> Result<Json<Value>> {
    let id = tagged.which.id()?;
    let tags = entries::tags(vec![Tag { key: tagged.key, value: tagged.value }])?;
    api.app.store.log(&id, &Batch { tags, ..Batch::default() }).await?;
    Ok(Json(json!({})))
}

async fn remove_tag(api: Shared, Args(tagged, _): Args<Tagged>) -> Result<Json<Value>> {
    api.app.store.untag_run(&tagged.which.id()?, &tagged.key).await?;
    Ok(Json(json!({})))
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Read {
    #[serde(flatten)]
    which: Which,
    datasets: Vec<DatasetInput>,
    models: Vec<Model>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct DatasetInput {
    tags: Vec<Tag>,
    dataset: Described,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Described {
    name: String,
    digest: String,
    source_type: String,
    source: String,
    schema: Option<String>,
    profile: Option<String>,
}

impl DatasetInput {
    /// Holds to the lengths of MLflow's server; the whole is bounded as a body.
    fn checked(self) -> Result<Dataset> {
        let Described { name, digest, source_type, source, schema, profile } = self.dataset;
        if name.is_empty() || digest.is_empty() {
            return Err(Error::invalid("a dataset has a name and a digest"));
        }
        for (what, text, max) in [
            ("name", &name, 500),
            ("digest", &digest, 36),
            ("source_type", &source_type, 36),
            ("source", &source, 65_535),
        ] {
            check_length(what, text, max)?;
        }
        for tag in &self.tags {
            check_length("key", &tag.key, 255)?;
            check_length("value", &tag.value, 500)?;
        }
        let tags = self.tags.into_iter().map(|tag| (tag.key, tag.value)).collect();
        Ok(Dataset { name, digest, source_type, source, schema, profile, tags })
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Model {
    model_id: String,
    #[serde(deserialize_with = "wire::number")]
    step: Option<i64>,
}

impl Model {
    fn id(&self) -> Result<LoggedModelId> {
        let odd = || Error::invalid(format!("{:?} is no logged model's id", self.model_id));
        LoggedModelId::parse(&self.model_id).ok_or_else(odd)
    }
}

async fn log_inputs(api: Shared, Args(read, _): Args<Read>) -> Result<Json<Value>> {
    let id = read.which.id()?;
    check_count("datasets", read.datasets.len(), INPUTS_MAX)?;
    check_count("models", read.models.len(), INPUTS_MAX)?;
    let datasets = read.datasets.into_iter().map(DatasetInput::checked).collect::<Result<_>>()?;
    let models = read.models.iter().map(Model::id).collect::<Result<_>>()?;
    api.app.store.log_inputs(&id, &Inputs { datasets, models }).await?;
    Ok(Json(json!({})))
}

async fn log_outputs(api: Shared, Args(made, _): Args<Read>) -> Result<Json<Value>> {
    let id = made.which.id()?;
    check_count("models", made.models.len(), INPUTS_MAX)?;
    let output =
        |made: &Model| Ok(Output { model: made.id()?, step: made.step.unwrap_or_default() });
    let outputs = made.models.iter().map(output).collect::<Result<Vec<Output>>>()?;
    api.app.store.log_outputs(&id, &outputs).await?;
    Ok(Json(json!({})))
}

fn answer(run: &Run) -> Json<Value> {
    Json(json!({"run": logged::run(run)}))
}
