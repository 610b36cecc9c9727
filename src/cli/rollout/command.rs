//! The words people say to a rollout.

use super::{Follow, Target, resolve, told};
use crate::api::wire::{Command, Rollout};
use crate::cli::{Context, Exit};
use clap::Args;

/// A word that needs no reason.
#[derive(Debug, Args)]
pub struct Word {
    #[command(flatten)]
    target: Target,
    /// Why; journalled.
    #[arg(long)]
    reason: Option<String>,
    #[command(flatten)]
    how: How,
}

/// A word with its reason.
#[derive(Debug, Args)]
pub struct Reasoned {
    #[command(flatten)]
    target: Target,
    /// Why; journalled.
    #[arg(long)]
    reason: String,
    #[command(flatten)]
    how: How,
}

#[derive(Debug, Args)]
pub struct Retry {
    #[command(flatten)]
    target: Target,
    /// Retry a quarantined digest all the same; needs --reason.
    #[arg(long, requires = "reason")]
    override_quarantine: bool,
    /// Why; journalled.
    #[arg(long)]
    reason: Option<String>,
    #[command(flatten)]
    how: How,
}

#[derive(Debug, Args)]
pub(super) struct How {
    /// Only if the rollout is still at this revision.
    #[arg(long, value_name = "REVISION")]
    if_revision: Option<u64>,
    #[command(flatten)]
    follow: Follow,
}

pub(super) async fn approve(word: Word, context: &Context) -> anyhow::Result<Exit> {
    say(&word.target, Command::Approve { reason: word.reason }, &word.how, context).await
}

pub(super) async fn resume(word: Word, context: &Context) -> anyhow::Result<Exit> {
    say(&word.target, Command::Resume { reason: word.reason }, &word.how, context).await
}

pub(super) async fn reject(words: Reasoned, context: &Context) -> anyhow::Result<Exit> {
    say(&words.target, Command::Reject { reason: words.reason }, &words.how, context).await
}

pub(super) async fn pause(words: Reasoned, context: &Context) -> anyhow::Result<Exit> {
    say(&words.target, Command::Pause { reason: words.reason }, &words.how, context).await
}

pub(super) async fn promote(words: Reasoned, context: &Context) -> anyhow::Result<Exit> {
    say(&words.target, Command::Promote { reason: words.reason }, &words.how, context).await
}

pub(super) async fn abort(words: Reasoned, context: &Context) -> anyhow::Result<Exit> {
    say(&words.target, Command::Abort { reason: words.reason }, &words.how, context).await
}

pub(super) async fn retry(words: Retry, context: &Context) -> anyhow::Result<Exit> {
    let override_quarantine = words.reason.clone().filter(|_| words.override_quarantine);
    let command = Command::Retry { override_quarantine, reason: words.reason };
    say(&words.target, command, &words.how, context).await
}

async fn say(
    target: &Target,
    command: Command,
    how: &How,
    context: &Context,
) -> anyhow::Result<Exit> {
    let id = resolve(target, context).await?;
    let client = context.client()?;
    let path = format!("/rollouts/{id}/commands");
    let mut request = client.request(reqwest::Method::POST, &path).json(&command);
    if let Some(revision) = how.if_revision {
        request = request.header("if-match", format!("\"{revision}\""));
    }
    let rollout: Rollout = client.json(request).await?;
    told(&rollout, &how.follow, context).await
}
