//! `rollout`: start, look, and the words people say to one.

mod command;
mod explain;
mod show;
mod start;

use super::client::segment;
use super::exit::missing;
use super::{Context, Exit, watch};
use crate::api::wire::{Page, Rollout as RolloutView};
use clap::{Args, Subcommand};
use seatrial_domain::RolloutId;
use std::time::Duration;

#[derive(Debug, Subcommand)]
pub enum Rollout {
    /// Begin to promote a version.
    Start(start::Start),
    /// List rollouts, the newest first.
    List(show::List),
    /// Show one rollout in short.
    Show(Target),
    /// Follow a rollout until it ends or needs a person.
    Watch(Watch),
    /// Say where it stands, why, and what is still needed.
    Explain(explain::Explain),
    /// Grant an approval, or accept a divergence.
    Approve(command::Word),
    /// Refuse an approval or a divergence; ends in `rejected`.
    Reject(command::Reasoned),
    /// Keep the share where it is.
    Pause(command::Reasoned),
    /// Go on, with a fresh deadline for this gate.
    Resume(command::Word),
    /// Leave this one gate without its verdict.
    Promote(command::Reasoned),
    /// End it; the candidate's share goes to zero first.
    Abort(command::Reasoned),
    /// Begin a new attempt of a finished rollout.
    Retry(command::Retry),
    /// List every step it took, with cause and actor.
    History(Target),
}

/// Which rollout.
#[derive(Debug, Clone, Args)]
pub struct Target {
    /// A rollout's number, or an endpoint's name for its newest rollout.
    #[arg(value_name = "ROLLOUT|ENDPOINT")]
    rollout: String,
}

#[derive(Debug, Args)]
pub struct Watch {
    #[command(flatten)]
    target: Target,
    #[command(flatten)]
    limits: Limits,
}

/// How long to follow.
#[derive(Debug, Clone, Default, Args)]
pub(super) struct Limits {
    /// Give up after this time (exit status 124): 30s, 15m, 24h.
    #[arg(long, value_name = "SPAN", value_parser = span)]
    timeout: Option<Duration>,
    /// Stop with success once this stage is reached.
    #[arg(long, value_name = "STAGE", value_parser = watch::stage)]
    until: Option<seatrial_domain::rollout::StageName>,
}

/// Whether to stay until it is over.
#[derive(Debug, Clone, Default, Args)]
pub(super) struct Follow {
    /// Wait until it ends or needs a person; the exit status says how. --timeout and --until wait
    /// as well.
    #[arg(long)]
    wait: bool,
    /// As --wait, and show it as a tree meanwhile.
    #[arg(long)]
    watch: bool,
    #[command(flatten)]
    limits: Limits,
}

fn span(text: &str) -> Result<Duration, String> {
    let fault = || format!("{text:?} is no duration: write 30s, 15m, 24h");
    let span = text.parse::<jiff::SignedDuration>().map_err(|_fault| fault())?;
    Duration::try_from(span).map_err(|_fault| fault())
}

impl Follow {
    /// A limit to how long it waits is meant for a wait.
    const fn follows(&self) -> bool {
        self.wait || self.watch || self.limits.timeout.is_some() || self.limits.until.is_some()
    }
}

impl Limits {
    pub(super) const fn timeout(&self) -> Option<Duration> {
        self.timeout
    }

    pub(super) const fn until(&self) -> Option<seatrial_domain::rollout::StageName> {
        self.until
    }
}

pub(super) async fn run(verb: Rollout, context: &Context) -> anyhow::Result<Exit> {
    match verb {
        Rollout::Start(arguments) => start::run(arguments, context).await,
        Rollout::List(arguments) => show::list(&arguments, context).await,
        Rollout::Show(target) => show::show(&target, context).await,
        Rollout::Watch(arguments) => {
            let id = resolve(&arguments.target, context).await?;
            watch::follow(id, &arguments.limits, watch::View::Tree, context).await
        }
        Rollout::Explain(arguments) => explain::run(&arguments, context).await,
        Rollout::History(target) => show::history(&target, context).await,
        Rollout::Approve(word) => command::approve(word, context).await,
        Rollout::Resume(word) => command::resume(word, context).await,
        Rollout::Reject(words) => command::reject(words, context).await,
        Rollout::Pause(words) => command::pause(words, context).await,
        Rollout::Promote(words) => command::promote(words, context).await,
        Rollout::Abort(words) => command::abort(words, context).await,
        Rollout::Retry(words) => command::retry(words, context).await,
    }
}

/// The rollout that is meant.
pub(super) async fn resolve(target: &Target, context: &Context) -> anyhow::Result<RolloutId> {
    if let Ok(number) = target.rollout.parse() {
        return Ok(RolloutId(number));
    }
    let path = format!("/rollouts?endpoint={}&limit=1", segment(&target.rollout));
    let page: Page<RolloutView> = context.client()?.get(&path).await?;
    let newest = page.items.first().map(|rollout| RolloutId(rollout.id));
    newest.ok_or_else(|| missing(format!("endpoint {} has no rollout", target.rollout)))
}

/// Tells a rollout in short, or follows it as asked.
pub(super) async fn told(
    rollout: &RolloutView,
    follow: &Follow,
    context: &Context,
) -> anyhow::Result<Exit> {
    if !follow.follows() {
        context.output.show(rollout, show::line)?;
        return Ok(Exit::Success);
    }
    context.output.note(&show::line(rollout));
    let view = if follow.watch { watch::View::Tree } else { watch::View::Quiet };
    watch::follow(RolloutId(rollout.id), &follow.limits, view, context).await
}
