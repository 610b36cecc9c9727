//! Removing garbage, turn by turn. Of two sweeps at once the second begins where the first ended; one
//! that is stopped anywhere is made up for by the next.

use super::{Error, Total};
use crate::blobs::Listed;
use crate::{Store, journal, storage};
use seatrial_domain::{Actor, Timestamp};
use serde_json::json;

/// What is to be removed, by whose order and why.
#[derive(Debug, Clone, Copy)]
pub struct Order<'a> {
    /// Only blobs stored before this instant.
    pub before: Timestamp,
    /// At most so many blobs are looked at.
    pub most: usize,
    /// Blobs of one turn: what is wanted of them meanwhile waits for its end.
    pub turn: usize,
    pub actor: &'a Actor,
    pub cause: &'a str,
    pub now: Timestamp,
}

/// What a sweep did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Collected {
    pub removed: Total,
    /// What was garbage at the sweep's beginning and is there still: beyond `most`, or in use.
    pub left: Total,
}

impl Store {
    /// Removes garbage. Each turn's blobs are journalled before they go.
    pub async fn collect_garbage(&self, order: &Order<'_>) -> Result<Collected, Error> {
        let collected = self.sweep(order).await;
        self.inner.garbage.ended(&collected);
        collected
    }

    /// What sweeps have done since the store was opened.
    pub fn garbage_metrics(&self) -> super::Metrics {
        self.inner.garbage.read()
    }

    async fn sweep(&self, order: &Order<'_>) -> Result<Collected, Error> {
        // One after the other: else both would journal what one of them removes.
        let _alone = self.inner.sweeping.lock().await;
        let garbage = self.garbage(order.before).await?.garbage;
        let looked_at = garbage.get(..order.most).unwrap_or(&garbage);
        let blobs = u64::try_from(looked_at.len()).unwrap_or(u64::MAX);
        let mut running = self.inner.garbage.begin(blobs);
        let mut collected = Collected { left: garbage.iter().collect(), ..Collected::default() };
        for turn in looked_at.chunks(order.turn.max(1)) {
            let removed = self.turn(turn, order).await?;
            collected.removed.blobs += removed.blobs;
            collected.removed.bytes += removed.bytes;
            collected.left.blobs -= removed.blobs;
            collected.left.bytes -= removed.bytes;
            running.looked_at(u64::try_from(turn.len()).unwrap_or(u64::MAX));
        }
        Ok(collected)
    }

    /// One turn: what was registered since the marks were read is let go, and so is, by and by,
    /// what was removed.
    async fn turn(&self, blobs: &[Listed], order: &Order<'_>) -> Result<Total, Error> {
        let mut claim = self.blobs().claim(blobs.iter().map(|blob| &blob.digest));
        for digest in self.marked_among(claim.digests()).await? {
            claim.release(&digest);
        }
        let claimed = |blob: &&Listed| claim.digests().contains(&blob.digest);
        let going = blobs.iter().filter(claimed).collect::<Vec<_>>();
        if going.is_empty() {
            return Ok(Total::default());
        }
        let noted = self.note(&going, order).await;
        let is_full = matches!(noted, Err(storage::Error::Full(_)));
        if !is_full {
            noted?;
        }
        let mut removed = Total::default();
        for blob in &going {
            if self.blobs().remove(&blob.digest).await? {
                removed.add(blob.size);
                self.inner.garbage.removed(blob.size);
            }
            claim.release(&blob.digest);
        }
        if is_full {
            // Now there is room to say so.
            self.note(&going, order).await?;
        }
        Ok(removed)
    }

    async fn note(&self, going: &[&Listed], order: &Order<'_>) -> Result<(), storage::Error> {
        let total = going.iter().copied().collect::<Total>();
        let blobs = going.iter().map(|blob| json!([blob.digest, blob.size]));
        let evidence = json!({"blobs": blobs.collect::<Vec<_>>()});
        let said = format!(
            "{}: {} blobs, {} bytes, that nothing refers to",
            order.cause, total.blobs, total.bytes
        );
        let row = journal::New::about("blobs", "garbage_removed", order.actor, order.now)
            .because(said)
            .with(Some(&evidence));
        let mut write = self.write().await?;
        write.journal(row).await?;
        write.commit().await
    }
}
