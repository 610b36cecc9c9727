//! The four acts, in order. Each is played at the prompt and judged by what the journal says; the
//! play stops at the first one that does not end as it must.

mod act;
mod setting;

use super::metrics;
use super::prompt::{ENDPOINT, Prompt};
use super::report::{Report, Requests};
use super::screen::{Screen, Tone};
use super::story::{self, Opening, Summary};
use super::traffic::{Counts, Traffic};
use crate::api::wire::Chain;
use crate::clock;
use crate::config::Addresses;
use crate::tasks::Tasks;
use anyhow::Context as _;
use futures_util::future;
use std::time::{Duration, Instant};

/// Answers clients before act 3 ends; the count of others is believed beside its own.
const INCUMBENT: u64 = 1;
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// What the acts are played with.
#[derive(Debug)]
pub(super) struct Theatre {
    pub(super) prompt: Prompt,
    pub(super) screen: Screen,
    pub(super) addresses: Addresses,
    pub(super) tasks: Tasks,
    /// For what no command tells: readiness and `/metrics`.
    pub(super) http: reqwest::Client,
    pub(super) began: Instant,
}

/// An act, with the traffic that goes on meanwhile.
#[derive(Debug)]
struct Cast<'a> {
    theatre: &'a Theatre,
    traffic: &'a Traffic,
}

/// Plays everything; `report` tells how far it came, whatever happens.
pub(super) async fn play(theatre: &Theatre, report: &mut Report) -> anyhow::Result<()> {
    setting::registered(theatre).await?;
    let (traffic, ()) =
        future::try_join(setting::clients(theatre), setting::settled(theatre)).await?;
    let opened = traffic.began();
    all(&Cast { theatre, traffic: &traffic }, report).await?;
    let open = clock::monotonic().duration_since(opened);
    let counts = traffic.stop().await?;
    report.requests = Requests {
        served: counts.served,
        failed: counts.failed,
        per_second: per_second(counts.served, open),
    };
    let chain = verified(theatre).await?;
    report.journal_verified = chain.verified;
    let total = clock::monotonic().duration_since(theatre.began);
    theatre.screen.say(Tone::Heading, &story::heading("What happened"));
    let summary = Summary { report, counts: &counts, chain: &chain, traffic: open, total };
    theatre.screen.say(Tone::Plain, &story::summary(&summary));
    for fault in &counts.faults {
        theatre.screen.say(Tone::Bad, &format!("  {fault}"));
    }
    Ok(())
}

fn per_second(served: u64, open: Duration) -> u64 {
    let per_second = u128::from(served) * 1000 / open.as_millis().max(1);
    u64::try_from(per_second).unwrap_or(u64::MAX)
}

/// The acts, until one does not end as it must.
async fn all(cast: &Cast<'_>, report: &mut Report) -> anyhow::Result<()> {
    for (number, opening) in (1_u8..).zip(&story::ACTS) {
        cast.open(opening);
        let act = match number {
            1 => act::fooled(cast).await?,
            2 => act::misexported(cast).await?,
            3 => act::better(cast).await?,
            _ => act::returned(cast).await?,
        };
        let differs = act.difference().is_some();
        report.acts.push(act);
        if differs {
            break;
        }
    }
    Ok(())
}

async fn verified(theatre: &Theatre) -> anyhow::Result<Chain> {
    let words = ["audit", "--verify"];
    theatre.screen.say(Tone::Plain, "");
    theatre.prompt.echo(&words);
    theatre.prompt.ask(&words).await
}

impl Cast<'_> {
    fn prompt(&self) -> &Prompt {
        &self.theatre.prompt
    }

    fn open(&self, opening: &Opening) {
        self.theatre.screen.say(Tone::Heading, &story::heading(opening.title));
        self.theatre.screen.tell(opening.text);
        self.theatre.screen.say(Tone::Plain, "");
    }

    /// Live requests that `version` was asked to answer: as the server counts its attempts, or as
    /// clients saw its answers, whichever is more.
    async fn live_requests_to(&self, version: u64) -> anyhow::Result<u64> {
        let url = format!("http://{}/metrics", self.theatre.addresses.control);
        let text = self.theatre.http.get(url).send().await?.error_for_status()?.text().await?;
        let seen = self.traffic.counts().of(version);
        let counted = metrics::attempts_beside(&text, ENDPOINT, (version, INCUMBENT));
        Ok(counted.context("/metrics tells of no live request at all")?.max(seen))
    }

    /// What clients see in the next `answers` answers.
    async fn next_answers(&self, answers: u64) -> Counts {
        let before = self.traffic.counts();
        loop {
            let now = self.traffic.counts();
            if now.served + now.failed >= before.served + before.failed + answers {
                return now.since(&before);
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }
}
