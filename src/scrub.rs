//! The scrub: reads every artifact now and then, so that bytes gone bad are known, and mended while
//! a good copy exists, before anyone needs them. Slow on purpose; goes on where a restart left it.

#[cfg(test)]
mod tests;

use crate::clock;
use crate::config;
use crate::tasks::Tasks;
use seatrial_domain::{Digest, Timestamp};
use seatrial_store::Store;
use seatrial_store::blobs::Listed;
use seatrial_store::blobs::scrub::{Health, Mended};
use seatrial_store::scrub::{Corrupt, Progress, Round};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// After a round that broke off, as when the object store is out of reach, and while a blob is corrupt.
const AGAIN_AFTER: Duration = Duration::from_secs(60);

/// Bytes after which it is noted how far the round is: what a restart repeats at most.
const NOTE_EVERY_BYTES: u64 = 256 << 20;

/// What was done since the server started.
#[derive(Debug, Default)]
pub struct Meter {
    pub blobs: AtomicU64,
    pub bytes: AtomicU64,
    pub mended_cached: AtomicU64,
    pub mended_stored: AtomicU64,
}

/// One server's scrub.
#[derive(Debug)]
pub struct Scrub {
    store: Store,
    limits: config::BlobLimits,
    meter: Arc<Meter>,
}

impl Scrub {
    pub fn new(store: Store, limits: config::BlobLimits, meter: Arc<Meter>) -> Self {
        Self { store, limits, meter }
    }

    /// Goes on until the process stops.
    pub fn run(self, tasks: &Tasks) {
        tasks.spawn("scrub", async move {
            loop {
                let rest = match self.round().await {
                    Ok(rest) => rest,
                    Err(error) => {
                        tracing::warn!(error = format!("{error:#}"), "the scrub broke off");
                        AGAIN_AFTER
                    }
                };
                tokio::time::sleep(rest).await;
            }
        });
    }

    /// Does one round if it is due; else looks at what was corrupt. Gives the time until the next look.
    pub async fn round(&self) -> anyhow::Result<Duration> {
        let mut progress = self.store.scrub_progress().await?;
        let now = clock::now();
        let due = progress.finished_at.map(|at| at.plus(self.limits.scrub_every));
        if progress.round.is_none()
            && let Some(due) = due.filter(|due| *due > now)
        {
            self.look_again().await?;
            return self.rest(due.since(now)).await;
        }
        let swept = self.store.blobs().sweep_temporary(self.limits.temporary_grace).await?;
        if swept > 0 {
            tracing::info!(swept, "what uploads had left in the object store was deleted");
        }
        self.look_at_all(&mut progress, now).await?;
        self.rest(self.limits.scrub_every).await
    }

    /// What is corrupt is soon looked at again: it may be pushed at any time.
    async fn rest(&self, until_due: Duration) -> anyhow::Result<Duration> {
        let any = !self.noted().await?.is_empty();
        Ok(if any { until_due.min(AGAIN_AFTER) } else { until_due })
    }

    async fn noted(&self) -> anyhow::Result<BTreeSet<Digest>> {
        Ok(self.store.corrupt_blobs().await?.into_iter().map(|blob| blob.digest).collect())
    }

    async fn look_again(&self) -> anyhow::Result<()> {
        let noted = self.noted().await?;
        if noted.is_empty() {
            return Ok(());
        }
        let wanted = self.store.marked().await?;
        for blob in noted.intersection(&wanted) {
            self.look_for(blob, &noted).await?;
        }
        Ok(self.store.forget_corrupt(&noted.difference(&wanted).cloned().collect()).await?)
    }

    async fn look_at_all(&self, progress: &mut Progress, now: Timestamp) -> anyhow::Result<()> {
        let fresh = Round { began_at: now, after: None, blobs: 0, bytes: 0 };
        let mut round = progress.round.take().unwrap_or(fresh);
        let blobs = self.store.blobs().inventory().await?;
        let noted = self.noted().await?;
        let mut unnoted = 0_u64;
        let came_to = round.after.clone();
        for blob in blobs.iter().filter(|blob| Some(&blob.digest) > came_to.as_ref()) {
            self.look_at(blob, &noted).await?;
            round.after = Some(blob.digest.clone());
            round.blobs += 1;
            round.bytes = round.bytes.saturating_add(blob.size);
            unnoted = unnoted.saturating_add(blob.size);
            if unnoted >= NOTE_EVERY_BYTES {
                unnoted = 0;
                let round = Some(round.clone());
                self.store.save_scrub_progress(&Progress { round, ..progress.clone() }).await?;
            }
        }
        let there: BTreeSet<_> = blobs.into_iter().map(|blob| blob.digest).collect();
        let wanted = self.store.marked().await?;
        for lost in wanted.difference(&there) {
            self.look_for(lost, &noted).await?;
        }
        self.store.forget_corrupt(&noted.difference(&wanted).cloned().collect()).await?;
        let finished = Progress { finished_at: Some(clock::now()), round: None };
        self.store.save_scrub_progress(&finished).await?;
        tracing::info!(blobs = round.blobs, bytes = round.bytes, "every blob was looked at");
        Ok(())
    }

    /// `noted`: those that were corrupt before.
    async fn look_at(&self, blob: &Listed, noted: &BTreeSet<Digest>) -> anyhow::Result<()> {
        let health = self.store.blobs().scrub(&blob.digest, self.limits.scrub_rate).await?;
        self.meter.blobs.fetch_add(1, Ordering::Relaxed);
        self.meter.bytes.fetch_add(blob.size, Ordering::Relaxed);
        match health {
            // Garbage is nobody's loss.
            Health::Corrupt { .. } if !self.store.marked().await?.contains(&blob.digest) => Ok(()),
            Health::Corrupt { found } => self.note(&blob.digest, Some(found)).await,
            // What refers to it, if anything does, is asked at the round's end.
            Health::Mended(_) | Health::Intact | Health::Gone => {
                self.is_well(&blob.digest, &health, noted).await
            }
        }
    }

    /// Of a blob that something refers to, and that was not listed.
    async fn look_for(&self, blob: &Digest, noted: &BTreeSet<Digest>) -> anyhow::Result<()> {
        let health = self.store.blobs().restore(blob, self.limits.scrub_rate).await?;
        match health {
            Health::Corrupt { found } => self.note(blob, Some(found)).await,
            Health::Gone => self.note(blob, None).await,
            Health::Mended(_) | Health::Intact => self.is_well(blob, &health, noted).await,
        }
    }

    async fn is_well(
        &self,
        blob: &Digest,
        health: &Health,
        noted: &BTreeSet<Digest>,
    ) -> anyhow::Result<()> {
        if let Health::Mended(which) = health {
            let (meter, copy) = match which {
                Mended::Cached => (&self.meter.mended_cached, "cached"),
                Mended::Stored => (&self.meter.mended_stored, "stored"),
            };
            meter.fetch_add(1, Ordering::Relaxed);
            tracing::warn!(%blob, copy, "a bad copy was replaced by a good one");
        }
        if noted.contains(blob) {
            self.store.forget_corrupt(&[blob.clone()].into()).await?;
        }
        Ok(())
    }

    /// `found`: what its bytes are, if there are any.
    async fn note(&self, blob: &Digest, found: Option<Digest>) -> anyhow::Result<()> {
        let corrupt = Corrupt { digest: blob.clone(), found, at: clock::now() };
        if self.store.note_corrupt(&corrupt).await? {
            let found = corrupt.found.as_ref().map_or("nothing", Digest::as_str);
            tracing::error!(%blob, found, "no good copy of a blob is left; push its version again");
        }
        Ok(())
    }
}
