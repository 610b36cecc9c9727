//! Verdicts of the past: what they rested on, and whether they derive again.

use super::State;
use super::audit::{chain, step};
use super::problem::{Failure, Result};
use super::request::{PageQuery, Path, Query};
use super::wire::{Page, PastVerdict, Problem, Replay, ReplayedVerdict};
use crate::past::{self, Outcome, Past, Planned, Replayed};
use axum::Json;
use seatrial_domain::RolloutId;
use seatrial_store::page::Request;

/// Lists every verdict in a rollout's journal, the earliest first, each with what it rested on.
#[utoipa::path(get, path = "/rollouts/{rollout}/verdicts", tag = "rollouts",
    params(("rollout" = u64, Path), PageQuery),
    responses((status = 200, body = Page<PastVerdict>), (status = 404, body = Problem)))]
pub(super) async fn list(
    api: State,
    Path(id): Path<u64>,
    Query(page): Query<PageQuery>,
) -> Result<Json<Page<PastVerdict>>> {
    let (planned, found) = found(&api, id, &page).await?;
    let items = found.items.into_iter().map(|past| view(past, &planned)).collect();
    Ok(Json(Page { items, next: found.next.map(|seq| seq.to_string()) }))
}

/// Derives every verdict of a rollout again from the journal alone, and tells where one is another.
#[utoipa::path(get, path = "/audit/replay/{rollout}", tag = "audit",
    params(("rollout" = u64, Path), PageQuery),
    responses((status = 200, body = Replay), (status = 404, body = Problem)))]
pub(super) async fn replay(
    api: State,
    Path(id): Path<u64>,
    Query(page): Query<PageQuery>,
) -> Result<Json<Replay>> {
    let chain = match page.cursor {
        None => Some(chain(&api).await?),
        Some(_) => None,
    };
    let (planned, found) = match found(&api, id, &page).await {
        Ok(found) => found,
        // Rows that can't be read at all: the chain says which is the first.
        Err(_) if chain.as_ref().is_some_and(|chain| !chain.verified) => {
            return Ok(Json(Replay { chain, verdicts: Vec::new(), next: None }));
        }
        Err(fault) => return Err(fault),
    };
    let mut verdicts = Vec::with_capacity(found.items.len());
    for past in found.items {
        verdicts.push(replayed(past.replay(&planned)));
        // Deriving one takes milliseconds; others are answered in between.
        tokio::task::yield_now().await;
    }
    Ok(Json(Replay { chain, verdicts, next: found.next.map(|seq| seq.to_string()) }))
}

async fn found(
    api: &State,
    id: u64,
    page: &PageQuery,
) -> Result<(Planned, seatrial_store::Page<Past, u64>)> {
    let (store, rollout) = (&api.app.store, RolloutId(id));
    if store.rollout(rollout).await?.is_none() {
        return Err(Failure::not_found("rollout", id).hint("seatrial rollout list"));
    }
    let request = Request { after: page.after()?, limit: page.limit() };
    Ok((past::planned(store, rollout).await?, past::verdicts(store, rollout, &request).await?))
}

fn view(past: Past, planned: &Planned) -> PastVerdict {
    PastVerdict {
        seq: past.row.seq,
        at: past.row.at.to_string(),
        step: step(&past.row),
        said: past.row.cause.in_words(),
        accounts: past.accounts(planned),
        trust: past.trust(planned),
        verdict: past.verdict,
    }
}

fn replayed(Replayed { past, outcome }: Replayed) -> ReplayedVerdict {
    let (outcome, why, differences) = match outcome {
        Outcome::Agrees => ("agrees", None, Vec::new()),
        Outcome::Differs(differences) => ("differs", None, differences),
        Outcome::NotRecorded(why) => ("not_recorded", Some(why.to_owned()), Vec::new()),
        Outcome::Unreadable(why) => ("unreadable", Some(why), Vec::new()),
    };
    ReplayedVerdict {
        seq: past.row.seq,
        at: past.row.at.to_string(),
        step: step(&past.row),
        said: past.verdict.map_or_else(|| past.row.cause.in_words(), |verdict| verdict.in_words()),
        outcome: outcome.to_owned(),
        why,
        differences,
    }
}
