//! Endpoints, and the way back.

use super::State;
use super::problem::{Failure, Kind, Result};
use super::request::{Body, By, PageQuery, Path, Query};
use super::rollouts::{self, Tagged};
use super::wire::{self, Page, Problem, RollBack, SettingsChange};
use crate::clock;
use axum::Json;
use seatrial_domain::endpoint::{Endpoint, Runtime, Settings};
use seatrial_domain::{EndpointName, ModelName, VersionNumber};
use seatrial_store::page::Request;
use std::time::Duration;

/// Most sessions of one endpoint.
const SESSIONS_MAX: u32 = 64;
const CONCURRENCY_MAX: u32 = 4096;
const DEADLINE_MS_MAX: u64 = 600_000;

/// Lists endpoints by name.
#[utoipa::path(get, path = "/endpoints", tag = "endpoints", params(PageQuery),
    responses((status = 200, body = Page<wire::Endpoint>), (status = 400, body = Problem)))]
pub(super) async fn list(
    api: State,
    Query(page): Query<PageQuery>,
) -> Result<Json<Page<wire::Endpoint>>> {
    let request = Request { after: page.after()?, limit: page.limit() };
    let found = api.app.store.endpoints_page(&request).await?;
    let next = found.next.map(|name: EndpointName| name.to_string());
    Ok(Json(Page { items: found.items.iter().map(view).collect(), next }))
}

/// Shows one endpoint.
#[utoipa::path(get, path = "/endpoints/{endpoint}", tag = "endpoints",
    params(("endpoint" = String, Path)),
    responses((status = 200, body = wire::Endpoint), (status = 404, body = Problem)))]
pub(super) async fn show(api: State, Path(name): Path<String>) -> Result<Json<wire::Endpoint>> {
    let found = api.app.store.endpoint(&EndpointName::new(&name)?).await?;
    let missing = || Failure::not_found("endpoint", &name).hint("seatrial endpoint list");
    found.map(|endpoint| Json(view(&endpoint))).ok_or_else(missing)
}

/// Changes settings, or makes the endpoint; applies to the next rollout.
#[utoipa::path(patch, path = "/endpoints/{endpoint}", tag = "endpoints",
    params(("endpoint" = String, Path)), request_body = SettingsChange,
    responses((status = 200, body = wire::Endpoint), (status = 422, body = Problem)))]
pub(super) async fn set(
    api: State,
    Path(name): Path<String>,
    By(actor): By,
    Body(change): Body<SettingsChange>,
) -> Result<Json<wire::Endpoint>> {
    let name = EndpointName::new(&name)?;
    let before = match api.app.store.endpoint(&name).await? {
        Some(endpoint) => endpoint.settings,
        None => Settings::of(ModelName::new(change.model.as_deref().unwrap_or(name.as_str()))?),
    };
    let settings = changed(before, change, api.app.config.limits.inference.max_body)?;
    let endpoint = api.app.store.set_endpoint(&name, &settings, &actor, clock::now()).await?;
    api.app.driver.look_after(&name);
    Ok(Json(view(&endpoint)))
}

/// Takes an endpoint back: its rollout is rolled back, else a known-good version is restored.
#[utoipa::path(post, path = "/endpoints/{endpoint}/rollback", tag = "endpoints",
    params(("endpoint" = String, Path)), request_body = RollBack,
    responses((status = 200, body = wire::Rollout), (status = 404, body = Problem),
        (status = 409, body = Problem)))]
pub(super) async fn roll_back(
    api: State,
    Path(name): Path<String>,
    By(actor): By,
    Body(back): Body<RollBack>,
) -> Result<Tagged> {
    let name = EndpointName::new(&name)?;
    let reason = back.reason.unwrap_or_else(|| "rollback ordered".to_owned());
    let to = back.to.map(VersionNumber);
    let driver = &api.app.driver;
    let stored = Box::pin(driver.roll_back(&name, to, rollouts::reason(&reason)?, actor)).await?;
    Ok(rollouts::tagged(&stored.rollout, stored.revision))
}

fn changed(mut settings: Settings, change: SettingsChange, body_max: u64) -> Result<Settings> {
    if let Some(model) = change.model {
        settings.model = ModelName::new(&model)?;
    }
    if let Some(deadline) = change.deadline_ms {
        settings.deadline =
            Duration::from_millis(within("deadline_ms", deadline, DEADLINE_MS_MAX)?);
    }
    if let Some(max_body) = change.max_body {
        settings.max_body = within("max_body", max_body, body_max)?;
    }
    if let Some(concurrency) = change.max_concurrency {
        settings.max_concurrency = within("max_concurrency", concurrency, CONCURRENCY_MAX)?;
    }
    if let Some(sessions) = change.sessions {
        settings.sessions = within("sessions", sessions, SESSIONS_MAX)?;
    }
    Ok(settings)
}

/// A setting from 1 to its limit.
fn within<T: Copy + PartialOrd + From<u8> + std::fmt::Display>(
    field: &str,
    value: T,
    limit: T,
) -> Result<T> {
    if value >= T::from(1) && value <= limit {
        return Ok(value);
    }
    let detail = format!("{field} is {value}; it must be from 1 to {limit}");
    Err(Failure::new(Kind::Refused, detail))
}

fn view(endpoint: &Endpoint) -> wire::Endpoint {
    let settings = &endpoint.settings;
    let runtime = match settings.runtime {
        Runtime::Embedded => "embedded",
    };
    wire::Endpoint {
        name: endpoint.name.to_string(),
        model: settings.model.to_string(),
        serving: endpoint.serving.as_ref().map(ToString::to_string),
        serving_digest: endpoint.serving.as_ref().map(|version| version.digest.to_string()),
        runtime: runtime.to_owned(),
        deadline_ms: u64::try_from(settings.deadline.as_millis()).unwrap_or(u64::MAX),
        max_body: settings.max_body,
        max_concurrency: settings.max_concurrency,
        sessions: settings.sessions,
    }
}
