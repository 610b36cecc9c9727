//! `rollout list | show | history`.

use super::{Target, resolve};
use crate::api::wire::{JournalRow, Rollout};
use crate::cli::client::segment;
use crate::cli::table::{self, or_dash};
use crate::cli::{Context, Exit, watch};
use clap::Args;
use seatrial_domain::{Share, VersionNumber};

#[derive(Debug, Args)]
pub struct List {
    /// Only this endpoint's.
    #[arg(long)]
    endpoint: Option<String>,
    /// At most this many.
    #[arg(long, default_value_t = 50)]
    limit: u32,
}

pub(super) async fn list(arguments: &List, context: &Context) -> anyhow::Result<Exit> {
    let of = arguments.endpoint.as_deref().map(|name| format!("?endpoint={}", segment(name)));
    let path = format!("/rollouts{}", of.unwrap_or_default());
    let most = usize::try_from(arguments.limit).unwrap_or(usize::MAX);
    let rollouts: Vec<Rollout> = context.client()?.first(most, &path).await?;
    context.output.show(&rollouts, |rollouts| {
        let rows = rollouts.iter().map(row).collect::<Vec<_>>();
        table::render(["rollout", "endpoint", "candidate", "stage", "share", "since"], &rows)
    })?;
    Ok(Exit::Success)
}

fn row(rollout: &Rollout) -> [String; 6] {
    [
        rollout.id.to_string(),
        rollout.endpoint.clone(),
        VersionNumber(rollout.candidate).to_string(),
        stage(rollout),
        share(rollout),
        rollout.created_at.clone(),
    ]
}

fn stage(rollout: &Rollout) -> String {
    let overlays = rollout.overlays.iter().map(|overlay| format!(" {overlay}"));
    std::iter::once(rollout.stage.clone()).chain(overlays).collect()
}

fn share(rollout: &Rollout) -> String {
    Share::new(rollout.share).unwrap_or_default().to_string()
}

/// A rollout in one line.
pub(super) fn line(rollout: &Rollout) -> String {
    let from = rollout.incumbent.map(|number| format!("{} -> ", VersionNumber(number)));
    format!(
        "rollout {}  {}  {}{}  {}",
        rollout.id,
        rollout.endpoint,
        from.unwrap_or_default(),
        VersionNumber(rollout.candidate),
        stage(rollout),
    )
}

pub(super) async fn show(target: &Target, context: &Context) -> anyhow::Result<Exit> {
    let id = resolve(target, context).await?;
    let rollout: Rollout = context.client()?.get(&format!("/rollouts/{id}")).await?;
    context.output.show(&rollout, |rollout| {
        table::facts(&[
            ("rollout", rollout.id.to_string()),
            ("endpoint", rollout.endpoint.clone()),
            ("candidate", format!("{}/{}", rollout.model, VersionNumber(rollout.candidate))),
            ("incumbent", or_dash(rollout.incumbent.map(VersionNumber))),
            ("kind", rollout.kind.clone()),
            ("attempt", rollout.attempt.to_string()),
            ("policy", format!("{}  {}", rollout.policy, rollout.plan_hash)),
            ("stage", stage(rollout)),
            ("share", share(rollout)),
            ("reason", or_dash(rollout.reason.as_ref())),
            ("revision", rollout.revision.to_string()),
            ("created", rollout.created_at.clone()),
            ("ended", or_dash(rollout.ended_at.as_ref())),
        ])
    })?;
    Ok(Exit::Success)
}

pub(super) async fn history(target: &Target, context: &Context) -> anyhow::Result<Exit> {
    let id = resolve(target, context).await?;
    let rows: Vec<JournalRow> = watch::history(&context.client()?, id).await?;
    context.output.show(&rows, |rows| {
        let row = |row: &JournalRow| {
            [row.seq.to_string(), row.at.clone(), row.actor.clone(), row.what.clone()]
        };
        table::render(["seq", "at", "actor", "what"], &rows.iter().map(row).collect::<Vec<_>>())
    })?;
    Ok(Exit::Success)
}
