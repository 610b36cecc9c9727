//! Before the first act: everything is pushed, and v1 takes the endpoint.

use super::{Cast, Theatre};
use crate::demo::bundle;
use crate::demo::prompt::ENDPOINT;
use crate::demo::screen::Tone;
use crate::demo::story;
use crate::demo::traffic::RATE;
use anyhow::bail;
use seatrial_domain::rollout::StageName;

/// Pushes models and holdout, applies the policy, and lets v1 in.
pub(super) async fn registered(theatre: &Theatre) -> anyhow::Result<()> {
    let prompt = &theatre.prompt;
    theatre.screen.say(Tone::Heading, &story::heading("Before: v1 takes the endpoint"));
    theatre.screen.say(Tone::Plain, "");
    for version in 1..=4 {
        prompt.run(&["model", "push", &bundle::model(version), "--name", ENDPOINT]).await?;
    }
    let holdout = ["dataset", "push", bundle::HOLDOUT, "--name", "digits-holdout", "--label", "label"];
    prompt.run(&holdout).await?;
    prompt.run(&["policy", "apply", bundle::POLICY]).await?;
    theatre.screen.tell(story::SETTING);
    theatre.screen.say(Tone::Plain, "");
    let start = ["rollout", "start", ENDPOINT, "v1", "--bootstrap"];
    prompt.watch(&[&start[..], &["--watch", "--until", "stabilizing"]].concat()).await
}

/// Lets the traffic in, and waits until v1 is known to be good.
pub(super) async fn settled(cast: &Cast<'_>) -> anyhow::Result<()> {
    let begun = format!("v1 serves. The clients begin: {RATE} requests a second.");
    cast.theatre.screen.tell(&begun);
    cast.theatre.screen.say(Tone::Plain, "");
    cast.prompt().watch(&["rollout", "watch", ENDPOINT]).await?;
    match cast.prompt().voyage().await?.stage() {
        Some(StageName::Completed) => Ok(()),
        stage => bail!("v1 must be known to be good before the first act; it is {stage:?}"),
    }
}
