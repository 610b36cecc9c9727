//! Runs, their metrics and logged models in MLflow's JSON: what is empty is left out, NaN is text.

use super::wire::{Tag, tags};
use seatrial_store::tracking::{Dataset, LoggedModel, Metric, ModelMetric, Run};
use serde::Serialize;
use serde_json::{Value, json};

#[derive(Debug, Serialize)]
pub(super) struct Point {
    key: String,
    value: Value,
    timestamp: i64,
    step: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    dataset_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    dataset_digest: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    model_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    run_id: Option<String>,
}

pub(super) fn point(metric: &Metric) -> Point {
    Point {
        key: metric.key.clone(),
        value: if metric.value.is_nan() { json!("NaN") } else { json!(metric.value) },
        timestamp: metric.at_ms,
        step: metric.step,
        dataset_name: None,
        dataset_digest: None,
        model_id: None,
        run_id: None,
    }
}

fn model_point(metric: &ModelMetric) -> Point {
    Point {
        dataset_name: metric.of.dataset.clone(),
        dataset_digest: metric.of.digest.clone(),
        model_id: Some(metric.of.model.to_string()),
        run_id: Some(metric.run.to_string()),
        ..point(&metric.metric)
    }
}

#[derive(Debug, Serialize)]
pub(super) struct RunInfo {
    run_id: String,
    /// Its older name.
    run_uuid: String,
    experiment_id: String,
    run_name: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    user_id: String,
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    start_time: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    end_time: Option<i64>,
    artifact_uri: String,
    lifecycle_stage: &'static str,
}

pub(super) fn run_info(run: &Run) -> RunInfo {
    RunInfo {
        run_id: run.id.to_string(),
        run_uuid: run.id.to_string(),
        experiment_id: run.experiment.to_string(),
        run_name: run.name.clone(),
        user_id: run.user.clone(),
        status: run.status.as_str(),
        start_time: run.started_ms,
        end_time: run.ended_ms,
        artifact_uri: run.artifact_uri(),
        lifecycle_stage: "active",
    }
}

/// Lists under their names, without the empty ones.
fn lists<const N: usize>(lists: [(&str, Vec<Value>); N]) -> Value {
    let full = lists.into_iter().filter(|(_, list)| !list.is_empty());
    full.map(|(name, list)| (name.to_owned(), Value::Array(list))).collect()
}

fn values<T: Serialize>(items: impl IntoIterator<Item = T>) -> Vec<Value> {
    items.into_iter().map(|item| json!(item)).collect()
}

pub(super) fn run(run: &Run) -> Value {
    let outputs = run.outputs.iter();
    let outputs = outputs.map(|made| json!({"model_id": made.model.as_str(), "step": made.step}));
    let inputs = run.inputs.iter().map(|model| json!({"model_id": model.as_str()}));
    json!({
        "info": run_info(run),
        "data": lists([
            ("metrics", values(run.metrics.iter().map(point))),
            ("params", values(tags(&run.params))),
            ("tags", values(tags(&run.tags))),
        ]),
        "inputs": lists([
            ("dataset_inputs", values(run.datasets.iter().map(dataset_input))),
            ("model_inputs", inputs.collect()),
        ]),
        "outputs": lists([("model_outputs", outputs.collect())]),
    })
}

#[derive(Debug, Serialize)]
struct DatasetInput {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tags: Vec<Tag>,
    dataset: Described,
}

#[derive(Debug, Serialize)]
struct Described {
    name: String,
    digest: String,
    source_type: String,
    source: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    schema: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    profile: Option<String>,
}

fn dataset_input(dataset: &Dataset) -> DatasetInput {
    DatasetInput {
        tags: tags(&dataset.tags),
        dataset: Described {
            name: dataset.name.clone(),
            digest: dataset.digest.clone(),
            source_type: dataset.source_type.clone(),
            source: dataset.source.clone(),
            schema: dataset.schema.clone(),
            profile: dataset.profile.clone(),
        },
    }
}

#[derive(Debug, Serialize)]
struct ModelInfo {
    model_id: String,
    experiment_id: String,
    name: String,
    creation_timestamp_ms: i64,
    last_updated_timestamp_ms: i64,
    artifact_uri: String,
    status: &'static str,
    model_type: String,
    source_run_id: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tags: Vec<Tag>,
}

pub(super) fn model(model: &LoggedModel) -> Value {
    let info = ModelInfo {
        model_id: model.id.to_string(),
        experiment_id: model.experiment.to_string(),
        name: model.name.clone(),
        creation_timestamp_ms: model.created_at.as_micros() / 1000,
        last_updated_timestamp_ms: model.updated_at.as_micros() / 1000,
        artifact_uri: model.artifact_uri(),
        status: model.status.as_str(),
        model_type: model.model_type.clone(),
        source_run_id: model.source_run.clone().unwrap_or_default(),
        tags: tags(&model.tags),
    };
    json!({
        "info": info,
        "data": lists([
            ("metrics", values(model.metrics.iter().map(model_point))),
            ("params", values(tags(&model.params))),
        ]),
    })
}
