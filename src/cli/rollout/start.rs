//! `rollout start`.

use super::{Follow, told};
use crate::api::wire::{self, StartAnswer};
use crate::cli::{Context, Exit, model};
use clap::Args;
use seatrial_domain::VersionNumber;

#[derive(Debug, Args)]
pub struct Start {
    /// The model whose version is promoted.
    model: String,
    /// The version [default: the newest].
    version: Option<VersionNumber>,
    /// The endpoint [default: the policy's, else the model's name].
    #[arg(long)]
    endpoint: Option<String>,
    /// An applied policy's name [default: the endpoint's, else the built-in one].
    #[arg(long)]
    policy: Option<String>,
    /// Approve an endpoint's first version beforehand.
    #[arg(long)]
    bootstrap: bool,
    /// Roll out a quarantined digest all the same; needs --reason.
    #[arg(long, requires = "reason")]
    override_quarantine: bool,
    /// Why; journalled.
    #[arg(long)]
    reason: Option<String>,
    #[command(flatten)]
    follow: Follow,
}

pub(super) async fn run(arguments: Start, context: &Context) -> anyhow::Result<Exit> {
    let version = match arguments.version {
        Some(version) => version,
        None => model::latest(&arguments.model, context).await?,
    };
    let start = wire::Start {
        model: arguments.model,
        version: version.0,
        endpoint: arguments.endpoint,
        policy: arguments.policy,
        bootstrap: arguments.bootstrap,
        override_quarantine: arguments.reason.clone().filter(|_| arguments.override_quarantine),
        reason: arguments.reason,
    };
    let answer: StartAnswer = context.client()?.post("/rollouts", &start).await?;
    match &answer {
        StartAnswer::Started { rollout } => told(rollout, &arguments.follow, context).await,
        StartAnswer::SameArtifact { endpoint, serving } => {
            let serving = VersionNumber(*serving);
            context.output.show(&answer, |_| {
                format!("{endpoint} serves these very bytes already, as {serving}; nothing to do")
            })?;
            Ok(Exit::Success)
        }
    }
}
