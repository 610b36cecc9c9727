//! Retired versions whose plans don't keep them (`decommission.keepArtifacts: false`). Looks at
//! what is stored, whenever the journal grows and now and then: a crash only delays it.

use super::Driver;
use super::retention::EVERY;
use crate::clock;
use seatrial_domain::RolloutId;
use seatrial_store::versions::Error;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// Between two looks: it is in no hurry, and most rows of the journal are about something else.
const REST: Duration = Duration::from_millis(250);

/// What was last said to keep each rollout's retired version: said again only when it changes.
type Kept = BTreeMap<RolloutId, String>;

impl Driver {
    /// Releases what waits for it, until the process stops.
    pub(super) fn release(self: &Arc<Self>) {
        let driver = Arc::clone(self);
        self.tasks.spawn("release", async move {
            let mut journal = driver.store.journal_head();
            let mut kept = Kept::new();
            loop {
                journal.mark_unchanged();
                if let Err(error) = driver.release_all(&mut kept).await {
                    tracing::warn!(
                        error = format!("{error:#}"),
                        "retired versions wait to be released"
                    );
                }
                tokio::select! {
                    grown = journal.changed() => if grown.is_err() { return },
                    () = tokio::time::sleep(EVERY) => {}
                }
                tokio::time::sleep(REST).await;
            }
        });
    }

    async fn release_all(&self, kept: &mut Kept) -> anyhow::Result<()> {
        let mut released = 0_u32;
        let waiting = self.store.releasable().await?;
        kept.retain(|rollout, _| waiting.iter().any(|retired| retired.rollout == *rollout));
        for retired in waiting {
            let rollout = retired.rollout;
            match self.store.release_version(&retired, clock::now()).await {
                Ok(()) => {
                    released += 1;
                    tracing::info!(version = %retired.version, rollout.id = %rollout, "released");
                }
                Err(Error::Referenced { version, by }) => {
                    if kept.get(&rollout) != Some(&by) {
                        tracing::info!(%version, rollout.id = %rollout, "kept for {by}");
                        kept.insert(rollout, by);
                    }
                }
                Err(error) => return Err(error.into()),
            }
        }
        if released > 0 {
            self.sweep("after a release").await?;
        }
        Ok(())
    }
}
