//! Aliases as MLflow's clients set, ask for and remove them.

use super::error::{Error, Result};
use super::models;
use super::owned::refuse_owned;
use super::versions;
use super::wire::{Args, Number};
use crate::api::Api;
use crate::clock;
use axum::extract::State;
use axum::routing::post;
use axum::{Json, Router};
use seatrial_domain::ModelName;
use seatrial_store::aliases::By;
use seatrial_store::changed::Changed;
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;

const CHARS_MAX: usize = 255;
/// No alias of anybody's: a model's newest version.
const LATEST: &str = "latest";

type Shared = State<Arc<Api>>;

pub(super) fn routes() -> Router<Arc<Api>> {
    Router::new().route("/registered-models/alias", post(set).get(show).delete(remove))
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Alias {
    name: String,
    alias: String,
    version: Number,
}

async fn set(api: Shared, Args(given, actor): Args<Alias>) -> Result<Json<Value>> {
    check(&given.alias)?;
    refuse_reserved(&given.alias)?;
    let version = versions::named(&api, &given.name, &given.version).await?.reference;
    refuse_owned(&api, &version.model, &given.alias).await?;
    let by = By { actor: &actor, cause: "set by a registry client", now: clock::now() };
    let key = (&version.model, version.number);
    api.app.store.set_alias(key, &given.alias, by).await?;
    let set = Changed { aliases: vec![given.alias], ..Changed::default() };
    api.app.driver.caught_up(&set).await;
    Ok(Json(json!({})))
}

async fn show(api: Shared, Args(given, _): Args<Alias>) -> Result<Json<Value>> {
    check(&given.alias)?;
    let found = match ModelName::new(&given.name) {
        Ok(model) => api.app.store.listed_as(&model, &given.alias).await?,
        Err(_) => None,
    };
    if let Some(version) = found {
        return Ok(versions::answer(&version));
    }
    let model = models::named(&api, &given.name).await?;
    if given.alias.eq_ignore_ascii_case(LATEST) {
        let Some(number) = model.latest else {
            return Err(Error::missing(format!(
                "Latest version not found for model {}.",
                model.name
            )));
        };
        return Ok(versions::answer(&api.app.store.listed((&model.name, number)).await?));
    }
    Err(Error::invalid(format!("Registered model alias {} not found.", given.alias)))
}

async fn remove(api: Shared, Args(given, actor): Args<Alias>) -> Result<Json<Value>> {
    check(&given.alias)?;
    let model = models::named(&api, &given.name).await?.name;
    refuse_owned(&api, &model, &given.alias).await?;
    let by = By { actor: &actor, cause: "removed by a registry client", now: clock::now() };
    api.app.store.remove_alias(&model, &given.alias, by).await?;
    Ok(Json(json!({})))
}

/// A word of letters, digits and a few signs.
fn check(alias: &str) -> Result<()> {
    let fits = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-');
    if alias.is_empty() || alias.chars().count() > CHARS_MAX || !alias.chars().all(fits) {
        return Err(Error::invalid(format!(
            "Invalid alias name: {alias:?}. Names may only contain alphanumerics, underscores (_) \
             and dashes (-), 1 to {CHARS_MAX} of them."
        )));
    }
    Ok(())
}

/// Refuses the words that mean versions by themselves.
fn refuse_reserved(alias: &str) -> Result<()> {
    let number = alias.strip_prefix(['v', 'V']).unwrap_or_default();
    let is_version = !number.is_empty() && number.chars().all(|c| c.is_ascii_digit());
    if alias.eq_ignore_ascii_case(LATEST) || is_version {
        return Err(Error::invalid(format!("Alias {alias:?} is reserved.")));
    }
    Ok(())
}
