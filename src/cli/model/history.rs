//! `model history`: where a model's aliases pointed, and what was in production when.

use super::super::audit::{instant, underway};
use super::super::client::segment;
use super::super::table::{self, or_dash};
use super::{Context, Exit};
use crate::api::wire::{AliasMove, Past, Served};
use clap::Args;
use seatrial_domain::VersionNumber;

#[derive(Debug, Args)]
pub struct History {
    /// The model, also one that was deleted.
    name: String,
    /// The moves of this alias alone.
    #[arg(long, conflicts_with = "at")]
    alias: Option<String>,
    /// What was in production then: 2026-03-01T12:00:00Z, or a span ago such as 2h.
    #[arg(long, value_name = "TIME")]
    at: Option<String>,
    /// At most this many moves, the last first.
    #[arg(long, default_value_t = 100, conflicts_with = "at")]
    limit: usize,
}

pub(super) async fn run(arguments: History, context: &Context) -> anyhow::Result<Exit> {
    match &arguments.at {
        Some(time) => at(&arguments.name, time, context).await,
        None => moves(&arguments, context).await,
    }
}

async fn moves(arguments: &History, context: &Context) -> anyhow::Result<Exit> {
    let alias = arguments.alias.as_ref();
    let of = alias.map(|alias| format!("?alias={}", segment(alias))).unwrap_or_default();
    let path = format!("/models/{}/history{of}", segment(&arguments.name));
    let moves: Vec<AliasMove> = context.client()?.first(arguments.limit, &path).await?;
    context.output.show(&moves, |moves| aliases(moves))?;
    Ok(Exit::Success)
}

async fn at(name: &str, time: &str, context: &Context) -> anyhow::Result<Exit> {
    let client = context.client()?;
    let path = format!("/models/{}/history/at", segment(name));
    let request = client.request(reqwest::Method::GET, &path).query(&[("time", instant(time)?)]);
    let past: Past = client.json(request).await?;
    context.output.show(&past, |past| {
        let row = |one: &Served| {
            let version = or_dash(one.version.as_ref());
            let rollout = or_dash(one.rollout.as_ref().map(underway));
            [one.endpoint.clone(), version, rollout, one.since.clone(), one.why.clone()]
        };
        let rows = past.endpoints.iter().map(row).collect::<Vec<_>>();
        let served = table::render(["endpoint", "serving", "rollout", "since", "why"], &rows);
        format!("{served}\n\n{}", aliases(&past.aliases))
    })?;
    Ok(Exit::Success)
}

fn aliases(moves: &[AliasMove]) -> String {
    let row = |one: &AliasMove| {
        let version = or_dash(one.version.map(VersionNumber));
        [one.alias.clone(), version, one.at.clone(), one.actor.clone(), one.why.clone()]
    };
    let rows = moves.iter().map(row).collect::<Vec<_>>();
    table::render(["alias", "version", "since", "actor", "why"], &rows)
}
