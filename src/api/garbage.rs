//! Blobs that nothing refers to: what would go, and its going.

#![expect(unused_qualifications, reason = "utoipa::path writes parameters' types out in full")]

use super::problem::{Failure, Kind, Result};
use super::request::{Body, By, PageQuery, Query};
use super::wire::{Collect, Collected, Garbage, GarbageBlob, Problem, Total};
use super::{Api, State};
use crate::clock;
use axum::Json;
use seatrial_domain::{Digest, Timestamp};
use seatrial_store::blobs::Listed;
use seatrial_store::gc::{self, Order};
use serde::Deserialize;
use std::time::Duration;
use utoipa::IntoParams;

/// How old garbage must be.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Grace {
    /// Blobs stored within this time stay: 36h, 90m [default: `limits.gc.grace`].
    grace: Option<String>,
}

/// Lists what a collection would remove now; removes nothing.
#[utoipa::path(get, path = "/gc", tag = "models", params(PageQuery, Grace),
    responses((status = 200, body = Garbage), (status = 400, body = Problem),
        (status = 422, body = Problem)))]
pub(super) async fn plan(
    api: State,
    Query(page): Query<PageQuery>,
    Query(grace): Query<Grace>,
) -> Result<Json<Garbage>> {
    let now = clock::now();
    let before = before(&api, grace.grace.as_deref(), now)?;
    let after: Option<Digest> = page.after()?;
    let survey = api.app.store.garbage(before).await?;
    let limit = usize::try_from(page.limit()).unwrap_or(usize::MAX);
    let begin = after.map_or(0, |after| survey.garbage.partition_point(|b| b.digest <= after));
    let rest = survey.garbage.get(begin..).unwrap_or_default();
    let items = rest.get(..limit).unwrap_or(rest);
    let is_last = items.len() == rest.len();
    let next = items.last().filter(|_| !is_last).map(|blob| blob.digest.to_string());
    Ok(Json(Garbage {
        garbage: total(survey.garbage.iter().collect()),
        young: total(survey.young),
        kept: total(survey.kept),
        items: items.iter().map(|blob| view(blob, now)).collect(),
        next,
    }))
}

/// Removes garbage, as much as one request may.
#[utoipa::path(post, path = "/gc", tag = "models", request_body = Collect,
    responses((status = 200, body = Collected), (status = 422, body = Problem)))]
pub(super) async fn run(
    api: State,
    By(actor): By,
    Body(collect): Body<Collect>,
) -> Result<Json<Collected>> {
    let (now, limits) = (clock::now(), &api.app.config.limits.gc);
    let size = |count: u32| usize::try_from(count).unwrap_or(usize::MAX);
    let order = Order {
        before: before(&api, collect.grace.as_deref(), now)?,
        most: size(limits.max_removed),
        turn: size(limits.turn),
        actor: &actor,
        cause: "by hand",
        now,
    };
    let collected = api.app.store.collect_garbage(&order).await?;
    Ok(Json(Collected { removed: total(collected.removed), left: total(collected.left) }))
}

/// What is stored from here on stays.
fn before(api: &Api, grace: Option<&str>, now: Timestamp) -> Result<Timestamp> {
    let grace = grace.map_or(Ok(api.app.config.limits.gc.grace), span)?;
    let longest = api.app.config.limits.uploads.expire_after;
    if grace <= longest {
        let detail = format!("a grace of {grace:?} is too short: an upload may take {longest:?}");
        let hint = "the grace is longer than limits.uploads.expire_after";
        return Err(Failure::new(Kind::Refused, detail).hint(hint));
    }
    let micros = i64::try_from(grace.as_micros()).unwrap_or(i64::MAX);
    Ok(Timestamp::from_micros(now.as_micros().saturating_sub(micros)))
}

fn span(text: &str) -> Result<Duration> {
    let span = text.parse::<jiff::SignedDuration>().ok().and_then(|s| Duration::try_from(s).ok());
    let detail = || format!("{text:?} is no duration: write 36h, 90m");
    span.ok_or_else(|| Failure::new(Kind::Invalid, detail()))
}

fn view(blob: &Listed, now: Timestamp) -> GarbageBlob {
    GarbageBlob {
        digest: blob.digest.to_string(),
        size: blob.size,
        stored_at: blob.stored_at.to_string(),
        age_seconds: now.since(blob.stored_at).as_secs(),
    }
}

const fn total(total: gc::Total) -> Total {
    Total { blobs: total.blobs, bytes: total.bytes }
}
