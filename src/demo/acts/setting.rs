//! Before the first act: everything is pushed, and v1 takes the endpoint.

use super::{LOOK_EVERY, Theatre};
use crate::demo::bundle;
use crate::demo::prompt::ENDPOINT;
use crate::demo::screen::Tone;
use crate::demo::story;
use crate::demo::traffic::Traffic;
use anyhow::bail;
use reqwest::StatusCode;
use seatrial_domain::rollout::StageName;

/// Pushes models and holdout, and applies the policy.
pub(super) async fn registered(theatre: &Theatre) -> anyhow::Result<()> {
    let prompt = &theatre.prompt;
    theatre.screen.say(Tone::Heading, &story::heading("Before: v1 takes the endpoint"));
    theatre.screen.say(Tone::Plain, "");
    for version in 1..=4 {
        prompt.run(&["model", "push", &bundle::model(version), "--name", ENDPOINT]).await?;
    }
    let push = ["dataset", "push", bundle::HOLDOUT, "--name", bundle::DATASET, "--label", "label"];
    prompt.run(&push).await?;
    prompt.run(&["policy", "apply", bundle::POLICY]).await?;
    theatre.screen.tell(story::SETTING);
    theatre.screen.say(Tone::Plain, "");
    Ok(())
}

/// Lets v1 in, and waits until it is known to be good.
pub(super) async fn settled(theatre: &Theatre) -> anyhow::Result<()> {
    let prompt = &theatre.prompt;
    prompt.watch(&["rollout", "start", ENDPOINT, "v1", "--bootstrap", "--watch"]).await?;
    match prompt.voyage().await?.stage() {
        Some(StageName::Completed) => Ok(()),
        stage => bail!("v1 must be known to be good before the first act; it is {stage:?}"),
    }
}

/// Starts the clients once the endpoint says that it is ready.
pub(super) async fn clients(theatre: &Theatre) -> anyhow::Result<Traffic> {
    let inference = theatre.addresses.inference;
    let ready = format!("http://{inference}/v2/models/{ENDPOINT}/ready");
    while theatre.http.get(&ready).send().await?.status() != StatusCode::OK {
        tokio::time::sleep(LOOK_EVERY).await;
    }
    Traffic::start(&theatre.tasks, inference, ENDPOINT)
}
