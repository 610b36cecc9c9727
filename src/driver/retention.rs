//! What may be forgotten: assignments whose labels are no longer waited for, the seen units of
//! rollouts that have ended, evidence its plan keeps no longer, and the bytes of deleted versions.

use super::Driver;
use crate::clock;
use seatrial_domain::rollout::Rollout;
use seatrial_domain::{Actor, RolloutId};
use seatrial_store::gc::{self, Order};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

/// How often the store is tidied.
pub(super) const EVERY: Duration = Duration::from_secs(300);

/// How long a label may be late beyond what its check says.
const GRACE: Duration = Duration::from_secs(3600);

impl Driver {
    /// Tidies the store at the start, and now and then.
    pub(super) fn forget(self: &Arc<Self>) {
        let driver = Arc::clone(self);
        self.tasks.spawn("retention", async move {
            loop {
                if let Err(error) = driver.prune().await {
                    tracing::warn!(error = format!("{error:#}"), "nothing was pruned");
                }
                // What a crash left of a push, deleted versions, and what was too young before. On a
                // full disk this is what makes room.
                if let Err(error) = driver.sweep("tidied").await {
                    tracing::warn!(%error, "garbage stays for now");
                }
                tokio::time::sleep(EVERY).await;
            }
        });
    }

    pub(super) async fn prune(&self) -> anyhow::Result<()> {
        let mut latest = Duration::ZERO;
        let mut ended = BTreeSet::new();
        for cell in self.all_cells() {
            let mut state = cell.state.lock().await;
            let known = self.known(&cell, &mut state).await?;
            if let Some(active) = &known.active {
                latest = latest.max(late_by(&active.rollout));
            }
            ended.extend(known.ended.iter().map(|rollout| rollout.id));
        }
        let now = clock::now();
        self.store.prune_assignments(self.ago(waited(latest))).await?;
        self.prune_units_of(ended).await?;
        let forgotten = self.store.prune_evidence(now).await?;
        if forgotten > 0 {
            tracing::info!(rollouts = forgotten, "evidence was kept for as long as its plan says");
        }
        Ok(())
    }

    /// Removes every blob beyond its grace that nothing refers to.
    pub(super) async fn sweep(&self, cause: &str) -> Result<(), gc::Error> {
        let size = |count: u32| usize::try_from(count).unwrap_or(usize::MAX);
        loop {
            let now = clock::now();
            let order = Order {
                before: self.ago(self.gc.grace),
                most: size(self.gc.max_removed),
                turn: size(self.gc.turn),
                actor: &Actor::Seatrial,
                cause,
                now,
            };
            let removed = self.store.collect_garbage(&order).await?.removed;
            if removed.blobs == 0 {
                return Ok(());
            }
            tracing::info!(blobs = removed.blobs, bytes = removed.bytes, "garbage was removed");
        }
    }

    async fn prune_units_of(&self, ended: BTreeSet<RolloutId>) -> anyhow::Result<()> {
        for id in ended {
            self.store.prune_units(id).await?;
        }
        Ok(())
    }
}

/// How long assignments are kept for labels, where the latest check waits so long.
const fn waited(latest: Duration) -> Duration {
    latest.saturating_add(GRACE)
}

/// How late a label may come for any check of the plan.
fn late_by(rollout: &Rollout) -> Duration {
    rollout.plan.awaited().iter().map(|awaited| awaited.span).max().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::driver::look::tests::rollout_of;

    #[test]
    fn assignments_are_kept_for_the_latest_label_and_an_hour() {
        let head = "apiVersion: seatrial/v1\nkind: RolloutPolicy\nmetadata: {name: p}\nspec:\n";
        let check = |name: &str, late: &str| {
            format!(
                "{{name: {name}, kind: feedback, metric: {name}, margin: {{absolute: 0.1}}, lateBy: {late}}}"
            )
        };
        let checks = format!(
            "  endpoint: digits\n  checks: [{}, {}]\n",
            check("a", "14m"),
            check("b", "5m")
        );
        let late_by = late_by(&rollout_of(&format!("{head}{checks}")));
        assert_eq!(late_by, Duration::from_secs(840));
        assert_eq!(waited(late_by), Duration::from_secs(4_440));
    }
}
