//! `rollout explain`: where it stands and why; or the verdicts that brought it there.

use super::{Target, resolve};
use crate::api::wire::PastVerdict;
use crate::cli::exit::missing;
use crate::cli::watch::tree::{self, Detail};
use crate::cli::{Context, Exit, watch};
use clap::Args;
use seatrial_domain::RolloutId;

#[derive(Debug, Args)]
pub struct Explain {
    #[command(flatten)]
    target: Target,
    /// Every verdict in its journal instead, the earliest first.
    #[arg(long, conflicts_with = "at")]
    all: bool,
    /// The verdict in this journal row instead.
    #[arg(long, value_name = "SEQ")]
    at: Option<u64>,
}

pub(super) async fn run(arguments: &Explain, context: &Context) -> anyhow::Result<Exit> {
    let id = resolve(&arguments.target, context).await?;
    if arguments.all || arguments.at.is_some() {
        return past(id, arguments.at, context).await;
    }
    let seen = watch::look(&context.client()?, id).await?;
    context.output.show(&seen.explained, |explained| {
        let tree = tree::render(&seen, Detail::Figures, context.output.paint());
        format!("{tree}\n{}", explained.summary)
    })?;
    Ok(Exit::Success)
}

async fn past(id: RolloutId, at: Option<u64>, context: &Context) -> anyhow::Result<Exit> {
    let path = format!("/rollouts/{id}/verdicts");
    let mut verdicts: Vec<PastVerdict> = context.client()?.all(&path).await?;
    let Some(seq) = at else {
        context.output.show(&verdicts, |verdicts| {
            let told = verdicts.iter().map(|past| tree::past(past, context.output.paint()));
            let told: Vec<String> = told.collect();
            if told.is_empty() { "no verdict is journalled".to_owned() } else { told.join("\n") }
        })?;
        return Ok(Exit::Success);
    };
    verdicts.retain(|past| past.seq == seq);
    let verdict = verdicts.pop();
    let none = || missing(format!("rollout {id} has no verdict in journal row {seq}"));
    let verdict = verdict.ok_or_else(none)?;
    context.output.show(&verdict, |past| tree::past(past, context.output.paint()))?;
    Ok(Exit::Success)
}
