//! The journal: its rows, its proof, and what it says about the past.

#![expect(unused_qualifications, reason = "utoipa::path writes parameters' types out in full")]

use super::State;
use super::problem::{Failure, Kind, Result};
use super::request::{PageQuery, Query};
use super::wire::{Chain, JournalRow, Page, Problem, Served, Underway};
use axum::Json;
use seatrial_domain::Timestamp;
pub(super) use seatrial_store::journal::Filter;
use seatrial_store::journal::{Row, Verdict};
use seatrial_store::{self as store, page::Request};
use serde::Deserialize;
use utoipa::IntoParams;

/// An instant.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct At {
    /// RFC 3339, such as 2026-03-01T12:00:00Z.
    time: String,
}

/// Lists the journal, the earliest row first.
#[utoipa::path(get, path = "/audit", tag = "audit", params(PageQuery),
    responses((status = 200, body = Page<JournalRow>), (status = 400, body = Problem)))]
pub(super) async fn list(
    api: State,
    Query(page): Query<PageQuery>,
) -> Result<Json<Page<JournalRow>>> {
    let request = Request { after: page.after()?, limit: page.limit() };
    Ok(Json(rows(api.app.store.journal(&Filter::default(), &request).await?)))
}

/// Proves that the journal is what was written.
#[utoipa::path(get, path = "/audit/verify", tag = "audit",
    responses((status = 200, body = Chain)))]
pub(super) async fn verify(api: State) -> Result<Json<Chain>> {
    Ok(Json(chain(&api).await?))
}

pub(super) async fn chain(api: &State) -> Result<Chain> {
    Ok(match api.app.store.verify_journal().await? {
        Verdict::Verified(chain) => Chain {
            verified: true,
            rows: chain.rows,
            head: Some(chain.head.to_string()),
            fault: None,
        },
        Verdict::Broken { seq, why } => Chain {
            verified: false,
            rows: seq.saturating_sub(1),
            head: None,
            fault: Some(format!("row {seq}: {why}")),
        },
    })
}

/// Says which version served each endpoint at an instant, and why.
#[utoipa::path(get, path = "/audit/at", tag = "audit", params(At),
    responses((status = 200, body = Vec<Served>), (status = 400, body = Problem)))]
pub(super) async fn at(api: State, Query(at): Query<At>) -> Result<Json<Vec<Served>>> {
    let all = api.app.store.served_at(instant(&at)?).await?;
    Ok(Json(all.into_iter().map(served).collect()))
}

pub(super) fn instant(at: &At) -> Result<Timestamp> {
    let instant = at.time.parse::<jiff::Timestamp>().map_err(|_fault| {
        let detail = format!("{:?} is no time: write 2026-03-01T12:00:00Z", at.time);
        Failure::new(Kind::Invalid, detail)
    })?;
    Ok(Timestamp::from_micros(instant.as_microsecond()))
}

/// What served, as clients see it.
pub(super) fn served(served: store::journal::Served) -> Served {
    Served {
        endpoint: served.endpoint.to_string(),
        version: served.version.as_ref().map(ToString::to_string),
        digest: served.version.map(|version| version.digest.to_string()),
        since: served.row.at.to_string(),
        why: what(&served.row),
        seq: served.row.seq,
        rollout: served.rollout.map(underway),
    }
}

fn underway(rollout: store::journal::Underway) -> Underway {
    Underway {
        id: rollout.id.0,
        candidate: rollout.candidate.to_string(),
        stage: rollout.stage,
        share: rollout.share.basis_points(),
        overlays: rollout.overlays,
    }
}

/// A page of rows as clients see them.
pub(super) fn rows(page: store::Page<Row, u64>) -> Page<JournalRow> {
    let next = page.next.map(|seq| seq.to_string());
    Page { items: page.items.into_iter().map(view).collect(), next }
}

/// One row as clients see it.
pub(super) fn view(row: Row) -> JournalRow {
    JournalRow {
        seq: row.seq,
        at: row.at.to_string(),
        actor: row.actor.to_string(),
        event: row.event.clone(),
        subject: row.subject.clone(),
        rollout: row.rollout.map(|id| id.0),
        endpoint: row.endpoint.as_ref().map(ToString::to_string),
        what: what(&row),
        hash: row.hash.to_string(),
        canonical: row.canonical.clone(),
        entry: serde_json::to_value(row).unwrap_or_default(),
    }
}

/// The row in one line: the step it was, and why.
fn what(row: &Row) -> String {
    format!("{}  {}: {}", step(row), row.event, row.cause.in_words())
}

/// `canary -> ramp at 25 %`; outside a rollout, what the row is about.
pub(super) fn step(row: &Row) -> String {
    let share = row.share.map(|share| format!(" at {share}")).unwrap_or_default();
    let overlays = row.overlays.iter().map(|overlay| format!(" {overlay}")).collect::<String>();
    match (&row.from, &row.to) {
        (Some(from), Some(to)) if from == to => format!("{to}{share}{overlays}"),
        (Some(from), Some(to)) => format!("{from} -> {to}{share}{overlays}"),
        (None, Some(to)) => format!("{to}{share}{overlays}"),
        (Some(_) | None, None) => row.subject.clone().unwrap_or_default(),
    }
}
