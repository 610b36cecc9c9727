//! Live traffic: clients that send pictures at a steady rate, whatever the answers take, and tell
//! for each answer whether it was right. They know the inference address and nothing else.

mod client;
mod draw;
mod pictures;
mod tally;
mod visitors;

pub(super) use tally::Counts;

use super::bundle;
use crate::clock;
use crate::tasks::Tasks;
use client::{Client, Label};
use futures_util::stream::{self, Stream, StreamExt as _};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tally::Tally;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio_util::sync::{CancellationToken, DropGuard};
use visitors::{Request, Visitors};

/// Requests a second, as DESIGN.md §7 has it.
const RATE: u32 = 500;
/// Requests in flight at once; beyond it the clients wait. Few, so that a machine that cannot keep
/// up has fewer requests and not slower ones.
const IN_FLIGHT: usize = 16;
/// Labels in flight at once. The server joins many in one transaction, so many may wait.
const LABELS_IN_FLIGHT: usize = 128;
/// Labels not sent yet; beyond it the clients wait, so that labels are never late.
const LABELS_WAITING: usize = 128;
/// The order of pictures and of returning writers.
const SEED: u64 = 22;

/// Clients at work; they stop when this is dropped.
#[derive(Debug)]
pub(super) struct Traffic {
    began: Instant,
    tally: Arc<Tally>,
    stop: DropGuard,
    done: JoinHandle<()>,
}

impl Traffic {
    /// Starts to send to `endpoint`.
    pub(super) fn start(
        tasks: &Tasks,
        address: SocketAddr,
        endpoint: &str,
    ) -> anyhow::Result<Self> {
        let client = Client::new(address, endpoint)?;
        let visitors = Visitors::new(pictures::read(bundle::LIVE)?, SEED);
        let tally = Arc::new(Tally::default());
        let stop = tasks.stop().child_token();
        let clients = serve(client, visitors, Arc::clone(&tally), stop.clone());
        let done = tasks.spawn_to_end("traffic", clients);
        Ok(Self { began: clock::monotonic(), tally, stop: stop.drop_guard(), done })
    }

    /// When the first request was sent.
    pub(super) const fn began(&self) -> Instant {
        self.began
    }

    /// What the clients saw so far.
    pub(super) fn counts(&self) -> Counts {
        self.tally.counts()
    }

    /// Sends nothing new, waits for what is in flight, and tells what the clients saw.
    pub(super) async fn stop(self) -> anyhow::Result<Counts> {
        drop(self.stop);
        self.done.await?;
        Ok(self.tally.counts())
    }
}

async fn serve(client: Client, visitors: Visitors, tally: Arc<Tally>, stop: CancellationToken) {
    let (labels, waiting) = mpsc::channel(LABELS_WAITING);
    let asking = ask_all(&client, visitors, &tally, (labels, stop));
    futures_util::future::join(asking, tell_all(&client, waiting, &tally)).await;
}

/// Sends every request in its turn until told to stop; the labels' channel closes with it.
async fn ask_all(
    client: &Client,
    visitors: Visitors,
    tally: &Tally,
    (labels, stop): (mpsc::Sender<Label>, CancellationToken),
) {
    let labels = &labels;
    paced(visitors)
        .take_until(stop.cancelled())
        .for_each_concurrent(IN_FLIGHT, |request| async move {
            match client.ask(request).await {
                Ok(answer) => {
                    tally.served(answer.version);
                    // It is taken until the last request is answered.
                    let _taken = labels.send(answer.label).await;
                }
                Err(error) => tally.failed(&format!("{error:#}")),
            }
        })
        .await;
}

async fn tell_all(client: &Client, waiting: mpsc::Receiver<Label>, tally: &Tally) {
    stream::unfold(waiting, |mut waiting| async { Some((waiting.recv().await?, waiting)) })
        .for_each_concurrent(LABELS_IN_FLIGHT, |label| async move {
            match client.tell(&label).await {
                Ok(told) => tally.told(told),
                Err(error) => tally.label_lost(&format!("{error:#}")),
            }
        })
        .await;
}

/// Requests at a steady rate: what falls behind is caught up with, as far as is allowed in flight.
fn paced(visitors: Visitors) -> impl Stream<Item = Request> {
    let ticks = tokio::time::interval(Duration::from_secs(1) / RATE);
    stream::unfold((ticks, visitors), |(mut ticks, mut visitors)| async {
        let request = visitors.next()?;
        ticks.tick().await;
        Some((request, (ticks, visitors)))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn requests_come_at_the_documented_rate() {
        let visitors = Visitors::new(pictures::read(bundle::LIVE).unwrap(), SEED);
        let ten_seconds = tokio::time::sleep(Duration::from_secs(10));
        let sent = paced(visitors).take_until(ten_seconds).count().await;
        assert!((4_999..=5_001).contains(&sent), "{sent} in ten seconds");
    }
}
