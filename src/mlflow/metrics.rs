//! What a run logs as it goes: metrics and parameters, one by one or in batches; and the history of
//! a metric, part after part.

use super::entries::{self, check_count, check_key};
use super::error::{Error, Result};
use super::logged;
use super::runs::Which;
use super::wire::{self, Args, Tag};
use crate::api::Api;
use axum::extract::State;
use axum::routing::{get, post};
use axum::{Json, Router};
use seatrial_store::tracking::{Batch, HistoryMark, LoggedModelId, Metric, Of};
use serde::{Deserialize, Deserializer};
use serde_json::{Value, json};
use std::sync::Arc;

const METRICS_MAX: usize = 1000;
const PARAMS_MAX: usize = 100;
const TAGS_MAX: usize = 100;
const ENTRIES_MAX: usize = 1000;
/// Points of one answer.
const HISTORY_MAX: u32 = 25_000;
const DATASET_NAME_MAX: usize = 500;
const DATASET_DIGEST_MAX: usize = 36;

type Shared = State<Arc<Api>>;

pub(super) fn routes() -> Router<Arc<Api>> {
    Router::new()
        .route("/runs/log-metric", post(log_metric))
        .route("/runs/log-parameter", post(log_param))
        .route("/runs/log-batch", post(log_batch))
        .route("/metrics/get-history", get(history))
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Point {
    key: String,
    #[serde(deserialize_with = "double")]
    value: Option<f64>,
    #[serde(deserialize_with = "wire::number")]
    timestamp: Option<i64>,
    #[serde(deserialize_with = "wire::number")]
    step: Option<i64>,
    model_id: String,
    dataset_name: Option<String>,
    dataset_digest: Option<String>,
}

/// A number of 64 bits; what JSON cannot write as one comes as text.
fn double<'de, D: Deserializer<'de>>(from: D) -> std::result::Result<Option<f64>, D::Error> {
    use serde::de::Error as _;
    let value = Value::deserialize(from)?;
    let number = match &value {
        Value::Null => return Ok(None),
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.parse().ok(),
        Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    };
    let odd = || D::Error::custom(format!("{value}: please specify value as a valid double"));
    number.map(Some).ok_or_else(odd)
}

impl Point {
    fn checked(self) -> Result<(Metric, Option<Of>)> {
        check_key(&self.key)?;
        let missing = |what: &str| {
            Error::invalid(format!("Missing value for required parameter '{what}' of {}", self.key))
        };
        let value = self.value.ok_or_else(|| missing("value"))?;
        let at_ms = self.timestamp.ok_or_else(|| missing("timestamp"))?;
        if at_ms < 0 {
            return Err(Error::invalid(format!(
                "Invalid value {at_ms} for parameter 'timestamp' supplied: metric '{}'. Timestamp \
                 must be a nonnegative long (64-bit integer)",
                self.key
            )));
        }
        let step = self.step.unwrap_or_default();
        let of = if self.model_id.is_empty() {
            None
        } else {
            let model = LoggedModelId::parse(&self.model_id);
            let unknown =
                || Error::missing(format!("Logged model with ID '{}' not found.", self.model_id));
            let model = model.ok_or_else(unknown)?;
            for (text, max) in
                [(&self.dataset_name, DATASET_NAME_MAX), (&self.dataset_digest, DATASET_DIGEST_MAX)]
            {
                entries::check_length("dataset", text.as_deref().unwrap_or_default(), max)?;
            }
            Some(Of { model, dataset: self.dataset_name, digest: self.dataset_digest })
        };
        Ok((Metric { key: self.key, value, at_ms, step }, of))
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct One {
    #[serde(flatten)]
    which: Which,
    #[serde(flatten)]
    point: Point,
}

async fn log_metric(api: Shared, Args(one, _): Args<One>) -> Result<Json<Value>> {
    let id = one.which.id()?;
    let metrics = vec![one.point.checked()?];
    api.app.store.log(&id, &Batch { metrics, ..Batch::default() }).await?;
    Ok(Json(json!({})))
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Param {
    #[serde(flatten)]
    which: Which,
    key: String,
    value: String,
}

async fn log_param(api: Shared, Args(param, _): Args<Param>) -> Result<Json<Value>> {
    let id = param.which.id()?;
    let params = entries::params(vec![Tag { key: param.key, value: param.value }])?;
    api.app.store.log(&id, &Batch { params, ..Batch::default() }).await?;
    Ok(Json(json!({})))
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Many {
    #[serde(flatten)]
    which: Which,
    metrics: Vec<Point>,
    params: Vec<Tag>,
    tags: Vec<Tag>,
}

async fn log_batch(api: Shared, Args(many, _): Args<Many>) -> Result<Json<Value>> {
    let id = many.which.id()?;
    let counts = [many.metrics.len(), many.params.len(), many.tags.len()];
    check_count("metrics", many.metrics.len(), METRICS_MAX)?;
    check_count("params", many.params.len(), PARAMS_MAX)?;
    check_count("tags", many.tags.len(), TAGS_MAX)?;
    check_count("metrics, params, and tags", counts.iter().sum(), ENTRIES_MAX)?;
    let batch = Batch {
        metrics: many.metrics.into_iter().map(Point::checked).collect::<Result<_>>()?,
        params: entries::params(many.params)?,
        tags: entries::tags(many.tags)?,
    };
    api.app.store.log(&id, &batch).await?;
    Ok(Json(json!({})))
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Asked {
    #[serde(flatten)]
    which: Which,
    metric_key: String,
    #[serde(deserialize_with = "wire::number")]
    max_results: Option<i64>,
    page_token: String,
}

async fn history(api: Shared, Args(asked, _): Args<Asked>) -> Result<Json<Value>> {
    let id = asked.which.id()?;
    let limit = asked.max_results.map_or(Some(HISTORY_MAX), |asked| {
        let asked = u32::try_from(asked).ok().filter(|asked| *asked > 0);
        asked.map(|asked| asked.min(HISTORY_MAX))
    });
    let limit = limit.ok_or_else(|| Error::invalid("max_results must be above zero"))?;
    let token = Some(asked.page_token).filter(|token| !token.is_empty());
    let after = token.map(|token| {
        let odd = || Error::invalid("Invalid page token: it is none of this metric's");
        HistoryMark::parse(&token).ok_or_else(odd)
    });
    let after = after.transpose()?;
    let key = (&id, asked.metric_key.as_str());
    let history = api.app.store.metric_history(key, after.as_ref(), limit).await?;
    let mut page = serde_json::Map::new();
    if !history.metrics.is_empty() {
        let points: Vec<_> = history.metrics.iter().map(logged::point).collect();
        page.insert("metrics".to_owned(), json!(points));
    }
    if let Some(next) = history.next {
        page.insert("next_page_token".to_owned(), json!(next.to_string()));
    }
    Ok(Json(Value::Object(page)))
}
