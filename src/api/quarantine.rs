//! Digests that were rejected or rolled back for cause.

use super::State;
use super::problem::{Failure, Result};
use super::request::{Body, By, Path};
use super::rollouts::reason;
use super::wire::{Problem, Quarantined, Reason};
use crate::clock;
use axum::Json;
use axum::http::StatusCode;
use seatrial_domain::Digest;

/// Says why a digest is in quarantine.
#[utoipa::path(get, path = "/quarantine/{digest}", tag = "audit",
    params(("digest" = String, Path)),
    responses((status = 200, body = Quarantined), (status = 404, body = Problem)))]
pub(super) async fn show(api: State, Path(digest): Path<String>) -> Result<Json<Quarantined>> {
    let digest: Digest = digest.parse()?;
    let mark = api.app.store.quarantine(&digest).await?;
    let mark = mark.ok_or_else(|| Failure::not_found("quarantined digest", &digest))?;
    Ok(Json(Quarantined {
        digest: mark.digest.to_string(),
        rollout: mark.rollout.map(|id| id.0),
        why: mark.cause,
        since: mark.at.to_string(),
    }))
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
