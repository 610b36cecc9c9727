//! A model's past: where its aliases pointed, and what was in production when. Outlives the model.

#![expect(unused_qualifications, reason = "utoipa::path writes parameters' types out in full")]

use super::audit::{At, instant, served};
use super::problem::{Failure, Result};
use super::request::{PageQuery, Path, Query};
use super::wire::{AliasMove, Page, Past, Problem};
use super::{Api, State};
use axum::Json;
use seatrial_domain::{ModelName, Timestamp};
use seatrial_store::aliases::Move;
use seatrial_store::journal::Served;
use seatrial_store::page::Request;
use serde::Deserialize;
use std::collections::BTreeSet;
use utoipa::IntoParams;

/// Which alias.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Of {
    /// This alias alone.
    alias: Option<String>,
}

/// Lists the moves of a model's aliases, the last first.
#[utoipa::path(get, path = "/models/{model}/history", tag = "models",
    params(("model" = String, Path), PageQuery, Of),
    responses((status = 200, body = Page<AliasMove>), (status = 404, body = Problem)))]
pub(super) async fn list(
    api: State,
    Path(name): Path<String>,
    Query(page): Query<PageQuery>,
    Query(of): Query<Of>,
) -> Result<Json<Page<AliasMove>>> {
    let model = known(&api, &name).await?;
    let request = Request { after: page.after()?, limit: page.limit() };
    let found = api.app.store.alias_history(&model, of.alias.as_deref(), &request).await?;
    let next = found.next.map(|id| id.to_string());
    Ok(Json(Page { items: found.items.into_iter().map(view).collect(), next }))
}

/// Says what of a model was in production at an instant, what it was called, and why.
#[utoipa::path(get, path = "/models/{model}/history/at", tag = "models",
    params(("model" = String, Path), At),
    responses((status = 200, body = Past), (status = 400, body = Problem),
        (status = 404, body = Problem)))]
pub(super) async fn at(
    api: State,
    Path(name): Path<String>,
    Query(at): Query<At>,
) -> Result<Json<Past>> {
    let model = known(&api, &name).await?;
    let time = instant(&at)?;
    let aliases = api.app.store.aliases_at(&model, time).await?;
    Ok(Json(Past {
        model: model.to_string(),
        time: time.to_string(),
        endpoints: endpoints(&api, &model, time).await?.into_iter().map(served).collect(),
        aliases: aliases.into_iter().map(view).collect(),
    }))
}

/// What served the model, was bringing it in, or was to serve it and answered with none.
async fn endpoints(api: &Api, model: &ModelName, time: Timestamp) -> Result<Vec<Served>> {
    let meant = api.app.store.endpoints().await?.into_iter();
    let meant = meant.filter(|endpoint| endpoint.settings.model == *model);
    let meant = meant.map(|endpoint| endpoint.name).collect::<BTreeSet<_>>();
    let concerns = |served: &Served| {
        let candidate = served.rollout.as_ref().map(|rollout| &rollout.candidate);
        let versions = [served.version.as_ref(), candidate];
        versions.iter().flatten().any(|version| version.model == *model)
            || (served.version.is_none() && meant.contains(&served.endpoint))
    };
    let all = api.app.store.served_at(time).await?;
    Ok(all.into_iter().filter(concerns).collect())
}

/// The model's name, also of one that was deleted.
async fn known(api: &Api, name: &str) -> Result<ModelName> {
    let model = ModelName::new(name)?;
    if api.app.store.ever_had(&model).await? {
        return Ok(model);
    }
    Err(Failure::not_found("model", &model).hint("seatrial model list"))
}

fn view(one: Move) -> AliasMove {
    AliasMove {
        alias: one.alias,
        version: one.to.map(|number| number.0),
        at: one.at.to_string(),
        actor: one.actor.to_string(),
        why: one.cause,
    }
}
