//! Models and their aliases.

use super::State;
use super::problem::{Failure, Kind, Result};
use super::request::{Body, By, PageQuery, Path, Query};
use super::wire::{self, Page, Problem};
use crate::clock;
use axum::Json;
use axum::http::StatusCode;
use seatrial_domain::{ModelName, VersionNumber};
use seatrial_store::aliases;
use seatrial_store::changed::Changed;
use seatrial_store::models::Model;
use seatrial_store::page::Request;

const ALIAS_CHARS_MAX: usize = 255;

/// Lists models by name.
#[utoipa::path(get, path = "/models", tag = "models", params(PageQuery),
    responses((status = 200, body = Page<wire::Model>), (status = 400, body = Problem)))]
pub(super) async fn list(
    api: State,
    Query(page): Query<PageQuery>,
) -> Result<Json<Page<wire::Model>>> {
    let request = Request { after: page.after()?, limit: page.limit() };
    let found = api.app.store.models(&request).await?;
    let next = found.next.map(|name: ModelName| name.to_string());
    Ok(Json(Page { items: found.items.into_iter().map(view).collect(), next }))
}

/// Shows one model.
#[utoipa::path(get, path = "/models/{model}", tag = "models",
    params(("model" = String, Path, description = "The model's name.")),
    responses((status = 200, body = wire::Model), (status = 404, body = Problem)))]
pub(super) async fn show(api: State, Path(name): Path<String>) -> Result<Json<wire::Model>> {
    let model = api.app.store.model(&ModelName::new(&name)?).await?;
    Ok(Json(view(model)))
}

/// Deletes a model with all its versions. Their numbers are never given again.
#[utoipa::path(delete, path = "/models/{model}", tag = "models",
    params(("model" = String, Path)),
    responses((status = 204), (status = 404, body = Problem), (status = 409, body = Problem)))]
pub(super) async fn remove(
    api: State,
    Path(name): Path<String>,
    By(actor): By,
) -> Result<StatusCode> {
    api.app.store.delete_model(&ModelName::new(&name)?, &actor, clock::now()).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Points an alias at a version.
#[utoipa::path(put, path = "/models/{model}/aliases/{alias}", tag = "models",
    params(("model" = String, Path), ("alias" = String, Path)), request_body = wire::Alias,
    responses((status = 200, body = wire::Model), (status = 403, body = Problem),
        (status = 404, body = Problem)))]
pub(super) async fn set_alias(
    api: State,
    Path((name, alias)): Path<(String, String)>,
    By(actor): By,
    Body(to): Body<wire::Alias>,
) -> Result<Json<wire::Model>> {
    let model = ModelName::new(&name)?;
    check_alias(&api, &model, &alias).await?;
    let by = aliases::By { actor: &actor, cause: "set by hand", now: clock::now() };
    let version = VersionNumber(to.version);
    api.app.store.set_alias((&model, version), &alias, by).await?;
    let found = api.app.store.model(&model).await?;
    let set = Changed { aliases: vec![alias], ..Changed::default() };
    api.app.driver.caught_up(&set).await;
    Ok(Json(view(found)))
}

/// Removes an alias; an absent one is as good as removed.
#[utoipa::path(delete, path = "/models/{model}/aliases/{alias}", tag = "models",
    params(("model" = String, Path), ("alias" = String, Path)),
    responses((status = 204), (status = 403, body = Problem)))]
pub(super) async fn remove_alias(
    api: State,
    Path((name, alias)): Path<(String, String)>,
    By(actor): By,
) -> Result<StatusCode> {
    let model = ModelName::new(&name)?;
    check_alias(&api, &model, &alias).await?;
    let by = aliases::By { actor: &actor, cause: "removed by hand", now: clock::now() };
    api.app.store.remove_alias(&model, &alias, by).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// An alias is a word; one that rollouts move is theirs alone.
pub(super) async fn check_alias(api: &super::Api, model: &ModelName, alias: &str) -> Result<()> {
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    let is_version = alias.parse::<VersionNumber>().is_ok();
    let is_word = !alias.is_empty() && alias.len() <= ALIAS_CHARS_MAX && alias.chars().all(fits);
    if !is_word || is_version || alias == "latest" {
        let detail = format!(
            "{alias:?} is no alias: use letters, digits, `-`, `_`; not a version, not latest"
        );
        return Err(Failure::new(Kind::Invalid, detail));
    }
    if api.app.driver.moves(model, alias).await? {
        let detail = format!("alias {alias} of {model} is moved by rollouts alone");
        let hint = format!("seatrial rollout start {model} VERSION");
        return Err(Failure::new(Kind::Denied, detail).hint(hint));
    }
    Ok(())
}

fn view(model: Model) -> wire::Model {
    wire::Model {
        name: model.name.to_string(),
        latest: model.latest.map(|number| number.0),
        aliases: model.aliases.into_iter().map(|(alias, number)| (alias, number.0)).collect(),
        created_at: model.created_at.to_string(),
    }
}
