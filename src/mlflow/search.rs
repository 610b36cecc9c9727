//! Searching models and versions: MLflow's filter, order and pages, answered by the store.

use super::error::{Error, Result};
use super::models;
use super::wire::{self, Args};
use crate::api::Api;
use axum::extract::State;
use axum::routing::get;
use axum::{Json, Router};
use seatrial_domain::search::{self, Subject};
use seatrial_store::search::{Search, Token};
use serde::Deserialize;
use serde_json::{Map, Value, json};
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
        Ok(Search {
            filter: search::filter(self.filter.as_deref().unwrap_or_default(), subject)?,
            order: search::order_by(&self.order_by, subject)?,
            after,
            limit,
        })
    }
}

async fn of_models(api: Shared, Args(asked, _): Args<Asked>) -> Result<Json<Value>> {
    let found = api.app.store.search_models(&asked.search(Subject::Models, &MODELS)?).await?;
    let mut shown = Vec::with_capacity(found.items.len());
    for model in &found.items {
        shown.push(json!(models::full(&api, model).await?));
    }
    Ok(page("registered_models", shown, found.next.as_ref()))
}

async fn of_versions(api: Shared, Args(asked, _): Args<Asked>) -> Result<Json<Value>> {
    let found = api.app.store.search_versions(&asked.search(Subject::Versions, &VERSIONS)?).await?;
    let standings = api.app.store.standings(&found.items).await?;
    let shown = found.items.iter().zip(&standings);
    let shown = shown.map(|(version, standing)| json!(wire::version(version, standing))).collect();
    Ok(page("model_versions", shown, found.next.as_ref()))
}

fn page(name: &str, items: Vec<Value>, next: Option<&Token>) -> Json<Value> {
    let mut page = Map::new();
    if !items.is_empty() {
        page.insert(name.to_owned(), Value::Array(items));
    }
    if let Some(token) = next {
        page.insert("next_page_token".to_owned(), Value::String(token.to_string()));
    }
    Json(Value::Object(page))
}
