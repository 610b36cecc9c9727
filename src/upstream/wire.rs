//! The answers' JSON, as far as it is used.

use serde::{Deserialize, Deserializer};
use serde_json::Value;

#[derive(Debug, Deserialize)]
pub(super) struct Problem {
    #[serde(default)]
    pub(super) error_code: String,
    #[serde(default)]
    pub(super) message: String,
}

#[derive(Debug, Deserialize)]
pub(super) struct OneVersion {
    pub(super) model_version: Version,
}

#[derive(Debug, Deserialize)]
pub(super) struct Latest {
    #[serde(default)]
    pub(super) model_versions: Vec<Version>,
}

#[derive(Debug, Clone, Deserialize)]
pub(super) struct Version {
    pub(super) name: String,
    #[serde(deserialize_with = "number")]
    pub(super) version: u64,
    #[serde(default)]
    pub(super) description: String,
    #[serde(default)]
    pub(super) run_id: String,
    #[serde(default)]
    pub(super) model_id: String,
    #[serde(default)]
    pub(super) source: String,
    #[serde(default)]
    pub(super) tags: Vec<Tag>,
}

#[derive(Debug, Clone, Deserialize)]
pub(super) struct Tag {
    pub(super) key: String,
    #[serde(default)]
    pub(super) value: String,
}

#[derive(Debug, Deserialize)]
pub(super) struct DownloadUri {
    pub(super) artifact_uri: String,
}

#[derive(Debug, Deserialize)]
pub(super) struct LoggedModel {
    pub(super) model: Logged,
}

#[derive(Debug, Deserialize)]
pub(super) struct Logged {
    pub(super) info: LoggedInfo,
}

#[derive(Debug, Deserialize)]
pub(super) struct LoggedInfo {
    #[serde(default)]
    pub(super) name: String,
    pub(super) artifact_uri: String,
    #[serde(default)]
    pub(super) source_run_id: String,
}

#[derive(Debug, Deserialize)]
pub(super) struct OneRun {
    pub(super) run: Run,
}

#[derive(Debug, Deserialize)]
pub(super) struct Run {
    pub(super) info: RunInfo,
    #[serde(default)]
    pub(super) outputs: Outputs,
}

#[derive(Debug, Deserialize)]
pub(super) struct RunInfo {
    pub(super) artifact_uri: String,
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct Outputs {
    #[serde(default)]
    pub(super) model_outputs: Vec<Output>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Output {
    pub(super) model_id: String,
    #[serde(default, deserialize_with = "number")]
    pub(super) step: u64,
}

#[derive(Debug, Deserialize)]
pub(super) struct Files {
    #[serde(default)]
    pub(super) files: Vec<File>,
}

#[derive(Debug, Deserialize)]
pub(super) struct File {
    pub(super) path: String,
    #[serde(default)]
    pub(super) is_dir: bool,
    #[serde(default, deserialize_with = "maybe_number")]
    pub(super) file_size: Option<u64>,
}

/// A whole number, also as text: MLflow writes both.
fn number<'de, D: Deserializer<'de>>(from: D) -> Result<u64, D::Error> {
    maybe_number(from)?.ok_or_else(|| serde::de::Error::custom("no number"))
}

fn maybe_number<'de, D: Deserializer<'de>>(from: D) -> Result<Option<u64>, D::Error> {
    let read = match Value::deserialize(from)? {
        Value::Null => return Ok(None),
        Value::Number(number) => number.as_u64(),
        Value::String(text) => text.parse().ok(),
        Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    };
    read.map(Some).ok_or_else(|| serde::de::Error::custom("not a whole number"))
}
