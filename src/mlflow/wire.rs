//! MLflow's JSON: numbers of 64 bits as numbers, versions as text, what is empty left out. Reads
//! arguments from a query or a body alike, and passes over what it does not know.

use super::error::{Error, Result};
use axum::extract::{FromRequest, FromRequestParts, Path, Query, Request};
use axum::http::Method;
use axum::http::request::Parts;
use seatrial_domain::{Actor, Timestamp, VersionNumber};
use seatrial_store::models::Model;
use seatrial_store::versions::Listed;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// Arguments that a query may repeat.
const LISTS: [&str; 2] = ["order_by", "stages"];
const ACTOR_CHARS_MAX: usize = 64;

/// A request's arguments, and who sends them.
#[derive(Debug)]
pub(super) struct Args<T>(pub(super) T, pub(super) Actor);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Args<T> {
    type Rejection = Error;

    async fn from_request(request: Request, state: &S) -> Result<Self> {
        let (parts, body) = request.into_parts();
        let actor = actor(&parts);
        let given = if parts.method == Method::GET {
            query(&parts)?
        } else {
            let request = Request::from_parts(parts, body);
            let bytes = axum::body::Bytes::from_request(request, state).await;
            let bytes = bytes.map_err(|refused| Error::invalid(refused.body_text()))?;
            if bytes.is_empty() { Value::Object(Map::new()) } else { json(&bytes)? }
        };
        let read = serde_json::from_value(given);
        read.map(|args| Self(args, actor)).map_err(|fault| Error::invalid(fault.to_string()))
    }
}

/// What the address names, decoded once.
#[derive(Debug)]
pub(super) struct At<T>(pub(super) T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for At<T> {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self> {
        let named = Path::<T>::from_request_parts(parts, state).await;
        let Path(named) = named.map_err(|refused| Error::invalid(refused.body_text()))?;
        Ok(Self(named))
    }
}

fn json(bytes: &[u8]) -> Result<Value> {
    serde_json::from_slice(bytes).map_err(|fault| Error::invalid(format!("no JSON: {fault}")))
}

fn query(parts: &Parts) -> Result<Value> {
    let pairs = Query::<Vec<(String, String)>>::try_from_uri(&parts.uri);
    let Query(pairs) = pairs.map_err(|refused| Error::invalid(refused.body_text()))?;
    let mut given = Map::new();
    for (key, value) in pairs {
        let value = Value::String(value);
        if LISTS.contains(&key.as_str()) {
            let list = given.entry(key).or_insert_with(|| Value::Array(Vec::new()));
            list.as_array_mut().into_iter().for_each(|list| list.push(value.clone()));
        } else {
            given.insert(key, value);
        }
    }
    Ok(Value::Object(given))
}

/// As a client says, which nothing proves.
fn actor(parts: &Parts) -> Actor {
    let said = |name: &str| parts.headers.get(name).and_then(|value| value.to_str().ok());
    let said = said("x-seatrial-actor").or_else(|| said("user-agent")).unwrap_or_default();
    let fit = |c: &char| c.is_ascii_graphic() || *c == ' ';
    let name: String = said.chars().filter(fit).take(ACTOR_CHARS_MAX).collect();
    Actor::Unverified(if name.trim().is_empty() { "unknown".to_owned() } else { name })
}

/// A number, also where it comes as text.
pub(super) fn number<'de, D: Deserializer<'de>>(
    from: D,
) -> std::result::Result<Option<i64>, D::Error> {
    use serde::de::Error as _;
    match Value::deserialize(from)? {
        Value::Null => Ok(None),
        Value::Number(number) => number
            .as_i64()
            .map(Some)
            .ok_or_else(|| D::Error::custom(format!("{number} is no whole number"))),
        Value::String(text) => text
            .parse()
            .map(Some)
            .map_err(|_fault| D::Error::custom(format!("{text:?} is no whole number"))),
        other @ (Value::Bool(_) | Value::Array(_) | Value::Object(_)) => {
            Err(D::Error::custom(format!("{other} is no number")))
        }
    }
}

/// A version's number, as text or as a number.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(transparent)]
pub(super) struct Number(#[serde(deserialize_with = "number_text")] String);

fn number_text<'de, D: Deserializer<'de>>(from: D) -> std::result::Result<String, D::Error> {
    Ok(match Value::deserialize(from)? {
        Value::String(text) => text,
        other @ (Value::Null
        | Value::Bool(_)
        | Value::Number(_)
        | Value::Array(_)
        | Value::Object(_)) => other.to_string(),
    })
}

impl Number {
    pub(super) fn of(text: &str) -> Self {
        Self(text.to_owned())
    }

    /// Refuses what is no whole number.
    pub(super) fn read(&self) -> Result<VersionNumber> {
        let number = self.0.parse::<u64>();
        number.map(VersionNumber).map_err(|_fault| {
            Error::invalid(format!("Model version must be an integer, got {:?}", self.0))
        })
    }
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Tag {
    pub(super) key: String,
    #[serde(default)]
    pub(super) value: String,
}

#[derive(Debug, Serialize)]
pub(super) struct Alias {
    alias: String,
    version: String,
}

#[derive(Debug, Serialize)]
pub(super) struct RegisteredModel {
    name: String,
    creation_timestamp: i64,
    last_updated_timestamp: i64,
    #[serde(skip_serializing_if = "String::is_empty")]
    description: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    latest_versions: Vec<ModelVersion>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tags: Vec<Tag>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    aliases: Vec<Alias>,
}

#[derive(Debug, Serialize)]
pub(super) struct ModelVersion {
    name: String,
    version: String,
    creation_timestamp: i64,
    last_updated_timestamp: i64,
    current_stage: &'static str,
    #[serde(skip_serializing_if = "String::is_empty")]
    description: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    user_id: String,
    source: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    run_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    run_link: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    model_id: Option<String>,
    /// Nothing else is ever answered: a version is registered once its blobs are there.
    status: &'static str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tags: Vec<Tag>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    aliases: Vec<String>,
}

pub(super) fn model(model: &Model, latest: Vec<ModelVersion>) -> RegisteredModel {
    let alias = |(alias, number): (&String, &VersionNumber)| Alias {
        alias: alias.clone(),
        version: number.0.to_string(),
    };
    RegisteredModel {
        name: model.name.to_string(),
        creation_timestamp: millis(model.created_at),
        last_updated_timestamp: millis(model.updated_at),
        description: model.description.clone(),
        latest_versions: latest,
        tags: tags(&model.tags),
        aliases: model.aliases.iter().map(alias).collect(),
    }
}

pub(super) fn version(version: &Listed) -> ModelVersion {
    let mut shown = version.tags.clone();
    if let Some(rollout) = &version.standing.rollout {
        shown.insert("rollout.id".to_owned(), rollout.id.to_string());
        shown.insert("rollout.stage".to_owned(), rollout.stage.clone());
        let share = f64::from(rollout.share.basis_points()) / 100.0;
        shown.insert("rollout.share".to_owned(), format!("{share}%"));
    }
    let reference = &version.reference;
    let sealed = format!("models:/{}/{}", reference.model, reference.number.0);
    ModelVersion {
        name: reference.model.to_string(),
        version: reference.number.0.to_string(),
        creation_timestamp: millis(version.created_at),
        last_updated_timestamp: millis(version.updated_at),
        current_stage: version.standing.stage.as_str(),
        description: version.description.clone(),
        user_id: version.created_by.to_string(),
        source: version.source.clone().unwrap_or(sealed),
        run_id: version.origin.run_id.clone(),
        run_link: version.origin.run_link.clone(),
        model_id: version.origin.model_id.clone(),
        status: "READY",
        tags: tags(&shown),
        aliases: version.aliases.clone(),
    }
}

pub(super) fn tags(tags: &BTreeMap<String, String>) -> Vec<Tag> {
    tags.iter().map(|(key, value)| Tag { key: key.clone(), value: value.clone() }).collect()
}

const fn millis(at: Timestamp) -> i64 {
    at.as_micros() / 1000
}
