//! What is typed in each act, and what came of it.

use super::Cast;
use crate::api::wire::Endpoint;
use crate::clock;
use crate::demo::prompt::ENDPOINT;
use crate::demo::report::Act;
use crate::demo::story;
use crate::demo::voyage::Voyage;
use seatrial_domain::rollout::StageName;

/// Answers that are looked at to say who answers now.
const ANSWERS: u64 = 500;

/// Act 1: v2 passes validation and shadow, and is rolled back by the clients' labels.
pub(super) async fn fooled(cast: &Cast<'_>) -> anyhow::Result<Act> {
    let voyage = promote(cast, "v2").await?;
    let explained = cast.prompt().explain().await?;
    let (units, zero_ms) = (voyage.candidate_units(), voyage.decision_to_zero_ms());
    let act = Act::Canary {
        act: 1,
        candidate: 2,
        outcome: outcome(&voyage),
        stage: voyage.turned_away().map(|(stage, _)| stage),
        candidate_units: units,
        decision_to_zero_ms: zero_ms,
    };
    if act.difference().is_none() {
        cast.theatre.screen.tell(&story::why_fooled(explained.shadow.as_ref(), units, zero_ms));
    }
    Ok(act)
}

/// Act 2: v3 is rejected before any client could meet it.
pub(super) async fn misexported(cast: &Cast<'_>) -> anyhow::Result<Act> {
    let voyage = promote(cast, "v3").await?;
    let live = cast.live_requests_to(3).await?;
    let turned_away = voyage.turned_away();
    let act = Act::Validation {
        act: 2,
        candidate: 3,
        outcome: outcome(&voyage),
        stage: turned_away.as_ref().map(|(stage, _)| *stage),
        live_requests_to_candidate: live,
    };
    if let (None, Some((_, why))) = (act.difference(), turned_away) {
        cast.theatre.screen.tell(&story::why_rejected(&why, live));
    }
    Ok(act)
}

/// Act 3: v4 climbs to everything.
pub(super) async fn better(cast: &Cast<'_>) -> anyhow::Result<Act> {
    let words = ["rollout", "start", ENDPOINT, "v4", "--watch", "--until", "stabilizing"];
    cast.prompt().watch(&words).await?;
    let voyage = cast.prompt().voyage().await?;
    let act =
        Act::Climb { act: 3, candidate: 4, outcome: outcome(&voyage), shares: voyage.shares() };
    if act.difference().is_none() {
        let seen = cast.next_answers(ANSWERS).await;
        cast.theatre.screen.tell(&story::climbed(seen.of(4), seen.served));
    }
    Ok(act)
}

/// Act 4: one word, while v4 is stabilizing.
pub(super) async fn returned(cast: &Cast<'_>) -> anyhow::Result<Act> {
    let typed_at = jiff::Timestamp::from_microsecond(clock::now().as_micros())?;
    cast.prompt().watch(&["rollback", ENDPOINT, "--reason", "a bad feeling", "--watch"]).await?;
    let voyage = cast.prompt().voyage().await?;
    let zero_ms = voyage.decision_to_zero_ms();
    // Requests that were in flight at the turn may still be answered by v4.
    cast.next_answers(ANSWERS).await;
    let seen = cast.next_answers(ANSWERS).await;
    let endpoint: Endpoint = cast.prompt().ask(&["endpoint", "show", ENDPOINT]).await?;
    let to_version = seen.only_version().filter(|number| serves(&endpoint, *number));
    let act =
        Act::Return { act: 4, outcome: outcome(&voyage), to_version, decision_to_zero_ms: zero_ms };
    if act.difference().is_none() {
        let typed_ms = voyage.ms_since(typed_at);
        cast.theatre.screen.tell(&story::returned(zero_ms, typed_ms, seen.served));
    }
    Ok(act)
}

async fn promote(cast: &Cast<'_>, version: &str) -> anyhow::Result<Voyage> {
    cast.prompt().watch(&["rollout", "start", ENDPOINT, version, "--watch"]).await?;
    cast.prompt().voyage().await
}

/// A rollout without a row is where every rollout begins.
fn outcome(voyage: &Voyage) -> StageName {
    voyage.stage().unwrap_or(StageName::Queued)
}

/// Whether the endpoint says that it serves this version.
fn serves(endpoint: &Endpoint, number: u64) -> bool {
    let serving = endpoint.serving.as_deref().unwrap_or_default();
    serving.rsplit(['/', ' ']).next() == Some(format!("v{number}").as_str())
}
