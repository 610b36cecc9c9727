//! Logged models: begun before their files are sent, finalized after, and found by a run's client
//! that registers what it logged.

use super::entries::{self, check_length};
use super::error::{Error, Result};
use super::experiments;
use super::logged;
use super::wire::{self, Args, At, Tag};
use crate::api::Api;
use crate::clock;
use axum::extract::State;
use axum::routing::{delete, get, patch, post};
use axum::{Json, Router};
use seatrial_domain::search::{self, Subject};
use seatrial_store::search::{Search, Token};
use seatrial_store::tracking::{
    ExperimentId, LoggedModel, LoggedModelId, ModelStatus, NewLoggedModel, Pairs,
};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::sync::Arc;

const NAME_MAX: usize = 500;
const TYPE_MAX: usize = 500;
const RUN_ID_MAX: usize = 256;
/// Characters that paths and addresses of models are parted by.
const NAME_PARTERS: [char; 6] = ['/', ':', '.', '%', '"', '\''];
const EXPERIMENTS_MAX: usize = 1000;
const PAGE_DEFAULT: u32 = 100;
const PAGE_MAX: u32 = 1000;

type Shared = State<Arc<Api>>;

pub(super) fn routes() -> Router<Arc<Api>> {
    Router::new()
        .route("/logged-models", post(create))
        .route("/logged-models/search", post(find))
        .route("/logged-models/{id}", get(show).patch(finalize))
        .route("/logged-models/{id}/tags", patch(set_tags))
        .route("/logged-models/{id}/tags/{*key}", delete(remove_tag))
        .route("/logged-models/{id}/params", post(log_params))
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct About {
    experiment_id: String,
    name: String,
    model_type: String,
    source_run_id: String,
    params: Vec<Tag>,
    tags: Vec<Tag>,
    status: String,
}

async fn create(api: Shared, Args(about, _): Args<About>) -> Result<Json<Value>> {
    let id = LoggedModelId::new(rand::random());
    let name = if about.name.is_empty() {
        format!("model-{}", id.as_str().get(2..10).unwrap_or_default())
    } else {
        about.name
    };
    if name.contains(NAME_PARTERS) || name.contains(char::is_control) {
        return Err(Error::invalid(format!(
            "Invalid model name ({name:?}) provided. Model name must be a non-empty string and \
             cannot contain the following characters: {NAME_PARTERS:?}"
        )));
    }
    check_length("name", &name, NAME_MAX)?;
    check_length("model_type", &about.model_type, TYPE_MAX)?;
    check_length("source_run_id", &about.source_run_id, RUN_ID_MAX)?;
    let new = NewLoggedModel {
        id,
        experiment: experiments::id(&about.experiment_id)?,
        name,
        model_type: about.model_type,
        source_run: Some(about.source_run_id).filter(|run| !run.is_empty()),
        tags: entries::of_model("tags", about.tags)?,
        params: entries::of_model("params", about.params)?,
        now: clock::now(),
    };
    Ok(answer(&api.app.store.create_logged_model(&new).await?))
}

async fn show(api: Shared, At(text): At<String>) -> Result<Json<Value>> {
    Ok(answer(&api.app.store.logged_model(&id(&text)?).await?))
}

async fn finalize(
    api: Shared,
    At(text): At<String>,
    Args(about, _): Args<About>,
) -> Result<Json<Value>> {
    let id = id(&text)?;
    let final_ones = [ModelStatus::Ready, ModelStatus::UploadFailed];
    let status = about.status.parse().ok().filter(|status| final_ones.contains(status));
    let odd = || Error::invalid(format!("{:?} is no status to finalize with", about.status));
    let status = status.ok_or_else(odd)?;
    Ok(answer(&api.app.store.finalize_logged_model(&id, status, clock::now()).await?))
}

async fn set_tags(
    api: Shared,
    At(text): At<String>,
    Args(about, _): Args<About>,
) -> Result<Json<Value>> {
    let tags = entries::of_model("tags", about.tags)?;
    api.app.store.describe_logged_model(&id(&text)?, &tags, &Pairs::new()).await?;
    Ok(Json(json!({})))
}

async fn remove_tag(api: Shared, At((text, key)): At<(String, String)>) -> Result<Json<Value>> {
    api.app.store.untag_logged_model(&id(&text)?, &key).await?;
    Ok(Json(json!({})))
}

async fn log_params(
    api: Shared,
    At(text): At<String>,
    Args(about, _): Args<About>,
) -> Result<Json<Value>> {
    let params = entries::of_model("params", about.params)?;
    api.app.store.describe_logged_model(&id(&text)?, &Pairs::new(), &params).await?;
    Ok(Json(json!({})))
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Asked {
    experiment_ids: Vec<String>,
    filter: Option<String>,
    #[serde(deserialize_with = "wire::number")]
    max_results: Option<i64>,
    order_by: Vec<Order>,
    datasets: Vec<Value>,
    page_token: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Order {
    field_name: String,
    ascending: Option<bool>,
}

impl Order {
    /// As the search language writes it.
    fn clause(&self) -> String {
        let direction = if self.ascending.unwrap_or(true) { "ASC" } else { "DESC" };
        format!("{} {direction}", self.field_name)
    }
}

impl Asked {
    fn search(&self) -> Result<Search> {
        if !self.datasets.is_empty() {
            return Err(Error::invalid("logged models are not searched by dataset here"));
        }
        let limit = match self.max_results {
            None | Some(0) => Some(PAGE_DEFAULT),
            Some(asked) => u32::try_from(asked).ok().filter(|n| (1..=PAGE_MAX).contains(n)),
        };
        let wrong = || Error::invalid(format!("max_results must be 1 to {PAGE_MAX}"));
        let limit = limit.ok_or_else(wrong)?;
        let token = self.page_token.as_deref().filter(|token| !token.is_empty());
        let unknown = || Error::invalid("Invalid page token: it is none of this search's");
        let after = token.map(|token| Token::parse(token).ok_or_else(unknown)).transpose()?;
        let clauses: Vec<String> = self.order_by.iter().map(Order::clause).collect();
        let subject = Subject::LoggedModels;
        let filter = search::filter(self.filter.as_deref().unwrap_or_default(), subject)?;
        Ok(Search { filter, order: search::order_by(&clauses, subject)?, after, limit })
    }
}

async fn find(api: Shared, Args(asked, _): Args<Asked>) -> Result<Json<Value>> {
    entries::check_count("experiments", asked.experiment_ids.len(), EXPERIMENTS_MAX)?;
    let search = asked.search()?;
    // An experiment that is not there has no models.
    let ids = asked.experiment_ids.iter().filter_map(|text| ExperimentId::parse(text));
    let ids: Vec<ExperimentId> = ids.collect();
    let found = api.app.store.search_logged_models(&ids, &search).await?;
    let mut page = Map::new();
    if !found.items.is_empty() {
        let models: Vec<Value> = found.items.iter().map(logged::model).collect();
        page.insert("models".to_owned(), Value::Array(models));
    }
    if let Some(token) = found.next {
        page.insert("next_page_token".to_owned(), Value::String(token.to_string()));
    }
    Ok(Json(Value::Object(page)))
}

/// The id in a client's words. One that is none is as unknown as any other.
fn id(text: &str) -> Result<LoggedModelId> {
    let missing = || Error::missing(format!("Logged model with ID '{text}' not found."));
    LoggedModelId::parse(text).ok_or_else(missing)
}

fn answer(model: &LoggedModel) -> Json<Value> {
    Json(json!({"model": logged::model(model)}))
}
