//! What the scrub has found.

use super::State;
use super::problem::Result;
use super::wire::{CorruptBlob, Problem, Scrub};
use axum::Json;
use seatrial_store::scrub::Corrupt;

/// Says when every artifact's bytes were last looked at, and which are corrupt.
#[utoipa::path(get, path = "/scrub", tag = "server",
    responses((status = 200, body = Scrub), (status = 503, body = Problem)))]
pub(super) async fn show(api: State) -> Result<Json<Scrub>> {
    let progress = api.app.store.scrub_progress().await?;
    let corrupt = api.app.store.corrupt_blobs().await?;
    Ok(Json(Scrub {
        finished_at: progress.finished_at.map(|at| at.to_string()),
        corrupt: corrupt.iter().map(view).collect(),
    }))
}

fn view(corrupt: &Corrupt) -> CorruptBlob {
    CorruptBlob {
        digest: corrupt.digest.to_string(),
        found: corrupt.found.as_ref().map(ToString::to_string),
        since: corrupt.at.to_string(),
    }
}
