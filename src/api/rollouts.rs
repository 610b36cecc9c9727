//! Rollouts and the words people say to them.

#![expect(unused_qualifications, reason = "utoipa::path writes parameters' types out in full")]

use super::State;
use super::audit::{self, rows};
use super::problem::{Failure, Kind, Result};
use super::request::{Body, By, IfMatch, PageQuery, Path, Query};
use super::wire::{self, Command, Explained, JournalRow, Page, Problem, Start, StartAnswer};
use crate::driver::command::{self, Retry, Said};
use axum::Json;
use axum::http::{HeaderName, header};
use seatrial_domain::plan::Kind as PlanKind;
use seatrial_domain::rollout::{Bootstrap, Event, Rollout};
use seatrial_domain::{Actor, EndpointName, ModelName, Revision, RolloutId, VersionNumber};
use seatrial_store::page::Request;
use seatrial_store::rollouts::Filter;
use serde::Deserialize;
use utoipa::IntoParams;

const REASON_CHARS_MAX: usize = 1000;

/// A rollout with its revision as `ETag`.
pub(super) type Tagged = ([(HeaderName, String); 1], Json<wire::Rollout>);

/// Which rollouts.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Of {
    /// Only this endpoint's.
    endpoint: Option<String>,
}

/// Lists rollouts, the newest first.
#[utoipa::path(get, path = "/rollouts", tag = "rollouts", params(Of, PageQuery),
    responses((status = 200, body = Page<wire::Rollout>), (status = 400, body = Problem)))]
pub(super) async fn list(
    api: State,
    Query(of): Query<Of>,
    Query(page): Query<PageQuery>,
) -> Result<Json<Page<wire::Rollout>>> {
    let endpoint = of.endpoint.map(|name| EndpointName::new(&name)).transpose()?;
    let request = Request { after: page.after()?.map(RolloutId), limit: page.limit() };
    let filter = Filter { endpoint, phase: None };
    let found = api.app.store.rollouts(&filter, &request).await?;
    let standing = found.items.into_iter().map(|stored| api.app.driver.standing(stored));
    let items = standing.map(|stored| view(&stored.rollout, stored.revision));
    Ok(Json(Page { items: items.collect(), next: found.next.map(|id| id.to_string()) }))
}

/// Begins to promote a version.
#[utoipa::path(post, path = "/rollouts", tag = "rollouts", request_body = Start,
    responses((status = 200, body = StartAnswer), (status = 404, body = Problem),
        (status = 409, body = Problem), (status = 429, body = Problem)))]
pub(super) async fn start(
    api: State,
    By(actor): By,
    Body(start): Body<Start>,
) -> Result<Json<StartAnswer>> {
    let start = command::Start {
        endpoint: start.endpoint.map(|name| EndpointName::new(&name)).transpose()?,
        model: ModelName::new(&start.model)?,
        version: VersionNumber(start.version),
        policy: start.policy,
        bootstrap: if start.bootstrap { Bootstrap::Approved } else { Bootstrap::Ask },
        override_quarantine: start.override_quarantine.as_deref().map(reason).transpose()?,
        cause: because("started", start.reason.as_deref())?,
        actor,
    };
    Ok(Json(match Box::pin(api.app.driver.start(start)).await? {
        command::Started::Rollout(stored) => {
            let rollout = Box::new(view(&stored.rollout, stored.revision));
            StartAnswer::Started { rollout }
        }
        command::Started::SameArtifact { endpoint, serving } => {
            StartAnswer::SameArtifact { endpoint: endpoint.to_string(), serving: serving.0 }
        }
    }))
}

/// Shows one rollout in short; its revision is the `ETag`.
#[utoipa::path(get, path = "/rollouts/{rollout}", tag = "rollouts",
    params(("rollout" = u64, Path)),
    responses((status = 200, body = wire::Rollout), (status = 404, body = Problem)))]
pub(super) async fn show(api: State, Path(id): Path<u64>) -> Result<Tagged> {
    let found = api.app.store.rollout(RolloutId(id)).await?;
    let missing = || Failure::not_found("rollout", id).hint("seatrial rollout list");
    let stored = api.app.driver.standing(found.ok_or_else(missing)?);
    Ok(tagged(&stored.rollout, stored.revision))
}

/// Says where it stands, why, and what is still needed.
#[utoipa::path(get, path = "/rollouts/{rollout}/explain", tag = "rollouts",
    params(("rollout" = u64, Path)),
    responses((status = 200, body = Explained), (status = 404, body = Problem)))]
pub(super) async fn explain(api: State, Path(id): Path<u64>) -> Result<Json<Explained>> {
    let explanation = api.app.driver.explain(RolloutId(id)).await?;
    Ok(Json(Explained {
        rollout: explanation.rollout,
        revision: explanation.revision,
        verdict: explanation.verdict,
        accounts: explanation.accounts,
        trust: explanation.trust,
        trip: explanation.trip,
        validation: explanation.validation,
        shadow: explanation.shadow,
        summary: explanation.summary,
        now: explanation.now,
    }))
}

/// Lists every step it took, the earliest first.
#[utoipa::path(get, path = "/rollouts/{rollout}/history", tag = "rollouts",
    params(("rollout" = u64, Path), PageQuery),
    responses((status = 200, body = Page<JournalRow>), (status = 404, body = Problem)))]
pub(super) async fn history(
    api: State,
    Path(id): Path<u64>,
    Query(page): Query<PageQuery>,
) -> Result<Json<Page<JournalRow>>> {
    if api.app.store.rollout(RolloutId(id)).await?.is_none() {
        return Err(Failure::not_found("rollout", id).hint("seatrial rollout list"));
    }
    let filter = audit::Filter { rollout: Some(RolloutId(id)), ..audit::Filter::default() };
    let request = Request { after: page.after()?, limit: page.limit() };
    Ok(Json(rows(api.app.store.journal(&filter, &request).await?)))
}

/// Says a word to a rollout. With `If-Match`, only if it is still at that revision.
#[utoipa::path(post, path = "/rollouts/{rollout}/commands", tag = "rollouts",
    params(("rollout" = u64, Path),
        ("If-Match" = Option<String>, Header, description = "The revision that is meant.")),
    request_body = Command,
    responses((status = 200, body = wire::Rollout), (status = 404, body = Problem),
        (status = 409, body = Problem), (status = 412, body = Problem)))]
pub(super) async fn command(
    api: State,
    Path(id): Path<u64>,
    By(actor): By,
    IfMatch(revision): IfMatch,
    Body(word): Body<Command>,
) -> Result<Tagged> {
    let (id, driver) = (RolloutId(id), &api.app.driver);
    let said: Said = match word {
        Command::Retry { override_quarantine, reason: why } => {
            let override_quarantine = override_quarantine.as_deref().map(reason).transpose()?;
            let cause = because(&format!("rollout {id} again"), why.as_deref())?;
            let retry = Retry { override_quarantine, cause, actor };
            let stored = Box::pin(driver.retry(id, revision, retry)).await?;
            return Ok(tagged(&stored.rollout, stored.revision));
        }
        Command::Approve { reason: why } => {
            let event = Event::Approve { by: person(&actor) };
            Said { event, reason: why.as_deref().map(reason).transpose()? }
        }
        Command::Resume { reason: why } => {
            Said { event: Event::Resume, reason: why.as_deref().map(reason).transpose()? }
        }
        Command::Reject { reason: why } => Event::Reject { reason: reason(&why)? }.into(),
        Command::Pause { reason: why } => Event::Pause { reason: reason(&why)? }.into(),
        Command::Promote { reason: why } => Event::Promote { reason: reason(&why)? }.into(),
        Command::Abort { reason: why } => Event::Abort { reason: reason(&why)? }.into(),
    };
    let stored = driver.command(id, revision, said, actor).await?;
    Ok(tagged(&stored.rollout, stored.revision))
}

fn person(actor: &Actor) -> String {
    match actor {
        Actor::Unverified(name) => name.clone(),
        Actor::Seatrial | Actor::Gateway => actor.to_string(),
    }
}

/// What happened, with a person's reason where there is one.
fn because(what: &str, why: Option<&str>) -> Result<String> {
    Ok(match why {
        Some(why) => format!("{what}: {}", reason(why)?),
        None => what.to_owned(),
    })
}

/// A reason is there, and short enough to be read.
pub(super) fn reason(text: &str) -> Result<String> {
    let text = text.trim();
    if text.is_empty() || text.chars().count() > REASON_CHARS_MAX {
        let detail = format!("a reason has 1 to {REASON_CHARS_MAX} characters");
        return Err(Failure::new(Kind::Refused, detail));
    }
    Ok(text.split_whitespace().collect::<Vec<_>>().join(" "))
}

pub(super) fn tagged(rollout: &Rollout, revision: Revision) -> Tagged {
    let tag = (header::ETAG, format!("\"{revision}\""));
    ([tag], Json(view(rollout, revision)))
}

fn view(rollout: &Rollout, revision: Revision) -> wire::Rollout {
    let kind = match rollout.plan.kind {
        PlanKind::Promote => "promote",
        PlanKind::First => "first",
        PlanKind::Restore => "restore",
    };
    let paused = rollout.paused.map(|cause| format!("paused({cause})"));
    let awaiting = rollout.awaiting.map(|_| "awaiting_approval".to_owned());
    let held = rollout.held.map(|cause| format!("held({cause})"));
    wire::Rollout {
        id: rollout.id.0,
        endpoint: rollout.endpoint.to_string(),
        model: rollout.candidate.model.to_string(),
        candidate: rollout.candidate.number.0,
        incumbent: rollout.incumbent.as_ref().map(|version| version.number.0),
        attempt: rollout.attempt,
        kind: kind.to_owned(),
        policy: rollout.plan.policy.clone(),
        plan_hash: rollout.plan_hash.to_string(),
        stage: rollout.stage.name().to_string(),
        share: rollout.share().basis_points(),
        overlays: paused.into_iter().chain(awaiting).chain(held).collect(),
        epoch: rollout.epoch.0,
        revision: revision.0,
        reason: rollout.reason.clone(),
        created_at: rollout.created_at.to_string(),
        ended_at: rollout.ended_at.map(|at| at.to_string()),
    }
}
