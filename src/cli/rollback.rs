//! `rollback`: an endpoint's way back, in one word.

use super::client::segment;
use super::rollout::Follow;
use super::{Context, Exit, rollout};
use crate::api::wire::{RollBack, Rollout};
use clap::Args;
use seatrial_domain::VersionNumber;

#[derive(Debug, Args)]
pub struct Rollback {
    endpoint: String,
    /// A known-good version [default: the last one].
    #[arg(long, value_name = "VERSION")]
    to: Option<VersionNumber>,
    /// Why; journalled.
    #[arg(long)]
    reason: Option<String>,
    #[command(flatten)]
    follow: Follow,
}

pub(super) async fn run(arguments: Rollback, context: &Context) -> anyhow::Result<Exit> {
    let path = format!("/endpoints/{}/rollback", segment(&arguments.endpoint));
    let body = RollBack { to: arguments.to.map(|number| number.0), reason: arguments.reason };
    let rollout: Rollout = context.client()?.post(&path, &body).await?;
    rollout::told(&rollout, &arguments.follow, context).await
}
