//! Searching models and versions: MLflow's filter, order and pages, answered by the store.

use super::error::{Error, Result};
use super::models;
use super::wire::{self, Args, ModelVersion, RegisteredModel};
use crate::api::Api;
use crate::registry::tag;
use axum::extract::State;
use axum::routing::get;
use axum::{Json, Router};
use seatrial_domain::search::{self, Filter, Key, Subject};
use seatrial_store::search::{Search, Token};
use serde::ser::SerializeMap as _;
use serde::{Deserialize, Serialize, Serializer};
use std::sync::Arc;

type Shared = State<Arc<Api>>;

pub(super) fn routes() -> Router<Arc<Api>> {
    Router::new()
        .route("/registered-models/search", get(of_models))
        .route("/model-versions/search", get(of_versions))
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Asked {
    filter: Option<String>,
    #[serde(deserialize_with = "wire::number")]
    max_results: Option<i64>,
    order_by: Vec<String>,
    page_token: Option<String>,
}

/// How many a page has: where nothing is said, and at most.
struct Sizes {
    default: u32,
    max: u32,
}

const MODELS: Sizes = Sizes { default: 100, max: 1000 };
const VERSIONS: Sizes = Sizes { default: 10_000, max: 200_000 };

impl Asked {
    fn search(&self, subject: Subject, sizes: &Sizes) -> Result<Search> {
        let limit = match self.max_results {
            None => Some(sizes.default),
            Some(asked) => u32::try_from(asked).ok().filter(|n| (1..=sizes.max).contains(n)),
        };
        let limit = limit.ok_or_else(|| {
            let asked = self.max_results.unwrap_or_default();
            Error::invalid(format!(
                "Invalid value for max_results: it must be 1 to {}, got {asked}",
                sizes.max
            ))
        })?;
        let token = self.page_token.as_deref().filter(|token| !token.is_empty());
        let unknown = || Error::invalid("Invalid page token: it is none of this search's");
        let after = token.map(|token| Token::parse(token).ok_or_else(unknown)).transpose()?;
        let filter = search::filter(self.filter.as_deref().unwrap_or_default(), subject)?;
        refuse_of_rollouts(&filter, subject)?;
        Ok(Search { filter, order: search::order_by(&self.order_by, subject)?, after, limit })
    }
}

/// Refuses to look among a version's tags for what only looks like them: nothing, or all, is no answer.
fn refuse_of_rollouts(filter: &Filter, subject: Subject) -> Result<()> {
    if subject != Subject::Versions {
        return Ok(());
    }
    for condition in &filter.0 {
        if let Key::Tag(key) = &condition.key
            && tag::READ_ONLY.contains(&key.as_str())
        {
            return Err(Error::invalid(format!(
                "tag.{key} tells of the version's rollout and is not searched for: \
                 seatrial rollout list"
            )));
        }
    }
    Ok(())
}

async fn of_models(
    api: Shared,
    Args(asked, _): Args<Asked>,
) -> Result<Json<Page<RegisteredModel>>> {
    let search = asked.search(Subject::Models, &MODELS)?;
    let found = api.app.store.search_described(&search).await?;
    let items = found.items.iter().map(models::described).collect();
    Ok(Json(Page { name: "registered_models", items, next: found.next }))
}

async fn of_versions(api: Shared, Args(asked, _): Args<Asked>) -> Result<Json<Page<ModelVersion>>> {
    let found = api.app.store.search_versions(&asked.search(Subject::Versions, &VERSIONS)?).await?;
    let items = found.items.iter().map(wire::version).collect();
    Ok(Json(Page { name: "model_versions", items, next: found.next }))
}

/// A page in MLflow's JSON: what is empty is left out.
struct Page<T> {
    name: &'static str,
    items: Vec<T>,
    next: Option<Token>,
}

impl<T: Serialize> Serialize for Page<T> {
    fn serialize<S: Serializer>(&self, to: S) -> std::result::Result<S::Ok, S::Error> {
        let mut page = to.serialize_map(None)?;
        if !self.items.is_empty() {
            page.serialize_entry(self.name, &self.items)?;
        }
        if let Some(token) = &self.next {
            page.serialize_entry("next_page_token", &token.to_string())?;
        }
        page.end()
    }
}
