//! Digests that were rejected or rolled back for cause.

use super::State;
use super::problem::{Failure, Result};
use super::request::{Body, By, PageQuery, Path, Query};
use super::rollouts::reason;
use super::wire::{Page, Problem, Quarantined, Reason};
use crate::clock;
use axum::Json;
use axum::http::StatusCode;
use seatrial_domain::Digest;
use seatrial_store::page::Request;
use seatrial_store::quarantine::Mark;

/// Lists the digests in quarantine.
#[utoipa::path(get, path = "/quarantine", tag = "audit", params(PageQuery),
    responses((status = 200, body = Page<Quarantined>), (status = 400, body = Problem)))]
pub(super) async fn list(
    api: State,
    Query(page): Query<PageQuery>,
) -> Result<Json<Page<Quarantined>>> {
    let request = Request { after: page.after()?, limit: page.limit() };
    let found = api.app.store.quarantined(&request).await?;
    let next = found.next.map(|digest: Digest| digest.to_string());
    Ok(Json(Page { items: found.items.into_iter().map(view).collect(), next }))
}

/// Says why a digest is in quarantine.
#[utoipa::path(get, path = "/quarantine/{digest}", tag = "audit",
    params(("digest" = String, Path)),
    responses((status = 200, body = Quarantined), (status = 404, body = Problem)))]
pub(super) async fn show(api: State, Path(digest): Path<String>) -> Result<Json<Quarantined>> {
    let digest: Digest = digest.parse()?;
    let mark = api.app.store.quarantine(&digest).await?;
    let mark = mark.ok_or_else(|| Failure::not_found("quarantined digest", &digest))?;
    Ok(Json(view(mark)))
}

/// Lifts the mark, with a reason.
#[utoipa::path(post, path = "/quarantine/{digest}/lift", tag = "audit",
    params(("digest" = String, Path)), request_body = Reason,
    responses((status = 204), (status = 404, body = Problem)))]
pub(super) async fn lift(
    api: State,
    Path(digest): Path<String>,
    By(actor): By,
    Body(why): Body<Reason>,
) -> Result<StatusCode> {
    let digest: Digest = digest.parse()?;
    if api.app.store.quarantine(&digest).await?.is_none() {
        return Err(Failure::not_found("quarantined digest", &digest));
    }
    let why = reason(&why.reason)?;
    api.app.store.lift_quarantine(&digest, &why, &actor, clock::now()).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn view(mark: Mark) -> Quarantined {
    Quarantined {
        digest: mark.digest.to_string(),
        rollout: mark.rollout.map(|id| id.0),
        why: mark.cause,
        since: mark.at.to_string(),
    }
}
