//! `audit`: the journal, its proof, and what served when.

mod replay;

use super::exit::usage;
use super::rollout::Target;
use super::table::{self, or_dash};
use super::{Context, Exit};
use crate::api::wire::{Chain, JournalRow, Page, Served, Underway};
use clap::{Args, Subcommand};

#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct Audit {
    #[command(subcommand)]
    verb: Option<Verb>,
    /// What served every endpoint then: 2026-03-01T12:00:00Z, or a span ago such as 2h.
    #[arg(long, value_name = "TIME", conflicts_with = "verify")]
    at: Option<String>,
    /// Prove that the journal is what was written, and print its head.
    #[arg(long)]
    verify: bool,
    /// Rows after this number.
    #[arg(long, value_name = "SEQ")]
    after: Option<u64>,
    /// At most this many rows.
    #[arg(long, default_value_t = 100)]
    limit: u32,
}

#[derive(Debug, Subcommand)]
pub(super) enum Verb {
    /// Derive every verdict of a rollout again from the journal alone, and report any difference.
    Replay(Target),
}

pub(super) async fn run(arguments: Audit, context: &Context) -> anyhow::Result<Exit> {
    if let Some(Verb::Replay(target)) = &arguments.verb {
        return replay::run(target, context).await;
    }
    if arguments.verify {
        return verify(context).await;
    }
    match &arguments.at {
        Some(time) => at(time, context).await,
        None => list(&arguments, context).await,
    }
}

async fn verify(context: &Context) -> anyhow::Result<Exit> {
    let chain: Chain = context.client()?.get("/audit/verify").await?;
    context.output.show(&chain, |chain| match &chain.fault {
        None => format!("verified: {} rows, head {}", chain.rows, or_dash(chain.head.as_ref())),
        Some(fault) => format!("broken: {fault}"),
    })?;
    Ok(if chain.verified { Exit::Success } else { Exit::Internal })
}

async fn at(time: &str, context: &Context) -> anyhow::Result<Exit> {
    let instant = instant(time)?;
    let client = context.client()?;
    let request = client.request(reqwest::Method::GET, "/audit/at").query(&[("time", instant)]);
    let served: Vec<Served> = client.json(request).await?;
    context.output.show(&served, |served| {
        let row = |one: &Served| {
            let version = or_dash(one.version.as_ref());
            let rollout = or_dash(one.rollout.as_ref().map(underway));
            [one.endpoint.clone(), version, rollout, one.since.clone(), one.why.clone()]
        };
        let rows = served.iter().map(row).collect::<Vec<_>>();
        table::render(["endpoint", "serving", "rollout", "since", "why"], &rows)
    })?;
    Ok(Exit::Success)
}

/// A rollout in one cell: `digits/v2 ramp 50 %`, and what held it.
pub(super) fn underway(rollout: &Underway) -> String {
    let Underway { candidate, stage, share, overlays, .. } = rollout;
    let share = f64::from(*share) / 100.0;
    let overlays = overlays.iter().map(|overlay| format!(" {overlay}")).collect::<String>();
    format!("{candidate} {stage} {share} %{overlays}")
}

/// A time as the API takes it; a span is counted back from now.
pub(super) fn instant(text: &str) -> anyhow::Result<String> {
    if let Ok(instant) = text.parse::<jiff::Timestamp>() {
        return Ok(instant.to_string());
    }
    let fault = || usage(format!("{text:?} is no time: write 2026-03-01T12:00:00Z, or 2h"));
    let span = text.parse::<jiff::SignedDuration>().map_err(|_fault| fault())?;
    let now = jiff::Timestamp::from_microsecond(crate::clock::now().as_micros())?;
    Ok(now.checked_sub(span.abs()).map_err(|_fault| fault())?.to_string())
}

async fn list(arguments: &Audit, context: &Context) -> anyhow::Result<Exit> {
    let after = arguments.after.map(|after| format!("&cursor={after}")).unwrap_or_default();
    let path = format!("/audit?limit={}{after}", arguments.limit);
    let page: Page<JournalRow> = context.client()?.get(&path).await?;
    context.output.show(&page.items, |rows| {
        let row = |row: &JournalRow| {
            let about = or_dash(row.endpoint.as_ref().or(row.subject.as_ref()));
            let rollout = or_dash(row.rollout);
            [
                row.seq.to_string(),
                row.at.clone(),
                about,
                rollout,
                row.actor.clone(),
                row.what.clone(),
            ]
        };
        let rows = rows.iter().map(row).collect::<Vec<_>>();
        table::render(["seq", "at", "about", "rollout", "actor", "what"], &rows)
    })?;
    if let Some(next) = &page.next {
        context.output.note(&format!("more: seatrial audit --after {next}"));
    }
    Ok(Exit::Success)
}
