//! Tags of models and versions. Those that rollouts show are read only.

use super::error::{Error, Result};
use super::wire::{Args, Number, Tag};
use super::{models, versions};
use crate::api::Api;
use crate::clock;
use crate::registry::tag;
use axum::extract::State;
use axum::routing::{delete, post};
use axum::{Json, Router};
use seatrial_store::aliases::By;
use seatrial_store::changed::Changed;
use seatrial_store::models::Said;
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;

type Shared = State<Arc<Api>>;

pub(super) fn routes() -> Router<Arc<Api>> {
    Router::new()
        .route("/registered-models/set-tag", post(set_on_model))
        .route("/registered-models/delete-tag", delete(remove_from_model))
        .route("/model-versions/set-tag", post(set_on_version))
        .route("/model-versions/delete-tag", delete(remove_from_version))
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Given {
    name: String,
    version: Number,
    key: String,
    value: String,
}

impl Given {
    fn tags(&self) -> Result<BTreeMap<String, String>> {
        checked(vec![Tag { key: self.key.clone(), value: self.value.clone() }])
    }
}

async fn set_on_model(api: Shared, Args(given, _): Args<Given>) -> Result<Json<Value>> {
    let tags = given.tags()?;
    let name = models::named(&api, &given.name).await?.name;
    let said = Said { description: None, tags };
    api.app.store.describe_model(&name, &said, clock::now()).await?;
    Ok(Json(json!({})))
}

async fn remove_from_model(api: Shared, Args(given, _): Args<Given>) -> Result<Json<Value>> {
    tag::check_key(&given.key)?;
    let name = models::named(&api, &given.name).await?.name;
    api.app.store.untag_model(&name, &given.key, clock::now()).await?;
    Ok(Json(json!({})))
}

async fn set_on_version(api: Shared, Args(given, actor): Args<Given>) -> Result<Json<Value>> {
    let tags = given.tags()?;
    let version = versions::named(&api, &given.name, &given.version).await?.reference;
    let key = (&version.model, version.number);
    let by = By { actor: &actor, cause: "set by a registry client", now: clock::now() };
    api.app.store.tag_version(key, &tags, by).await?;
    api.app.driver.caught_up(&Changed { tags, ..Changed::default() }).await;
    Ok(Json(json!({})))
}

async fn remove_from_version(api: Shared, Args(given, actor): Args<Given>) -> Result<Json<Value>> {
    tag::check_key(&given.key)?;
    let version = versions::named(&api, &given.name, &given.version).await?.reference;
    let key = (&version.model, version.number);
    let by = By { actor: &actor, cause: "removed by a registry client", now: clock::now() };
    api.app.store.untag_version(key, &given.key, by).await?;
    Ok(Json(json!({})))
}

/// Tags as a client may set them; of one key, the last.
pub(super) fn checked(tags: Vec<Tag>) -> Result<BTreeMap<String, String>> {
    let mut checked = BTreeMap::new();
    for Tag { key, value } in tags {
        tag::check(&key, &value)?;
        checked.insert(key, value);
    }
    Ok(checked)
}

impl From<tag::Error> for Error {
    fn from(error: tag::Error) -> Self {
        match error {
            tag::Error::Key(_) | tag::Error::Value { .. } => Self::invalid(error.to_string()),
            tag::Error::Owned(_) => Self::denied(error.to_string()),
        }
    }
}
