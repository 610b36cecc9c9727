//! What may be forgotten: assignments whose labels are no longer waited for, the seen units of
//! rollouts that have ended, evidence its plan keeps no longer, and the bytes of deleted versions.

use super::Driver;
use crate::clock;
use seatrial_domain::plan::{Gate, Rule};
use seatrial_domain::rollout::Rollout;
use seatrial_domain::{RolloutId, Timestamp};
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
                tokio::time::sleep(EVERY).await;
            }
        });
    }

    async fn prune(&self) -> anyhow::Result<()> {
        let mut late_by = Duration::ZERO;
        let mut ended = BTreeSet::new();
        for cell in self.all_cells() {
            let mut state = cell.state.lock().await;
            let known = self.known(&cell, &mut state).await?;
            if let Some(active) = &known.active {
                late_by = late_by.max(latest(&active.rollout));
            }
            ended.extend(known.ended.iter().map(|rollout| rollout.id));
        }
        let now = clock::now();
        let before = now.as_micros() - micros(late_by + GRACE);
        self.store.prune_assignments(Timestamp::from_micros(before)).await?;
        self.prune_units_of(ended).await?;
        let forgotten = self.store.prune_evidence(now).await?;
        if forgotten > 0 {
            tracing::info!(rollouts = forgotten, "evidence was kept for as long as its plan says");
        }
        // What a crash left of a push, or between a version's deletion and its bytes'.
        self.store.sweep_blobs().await?;
        Ok(())
    }

    async fn prune_units_of(&self, ended: BTreeSet<RolloutId>) -> anyhow::Result<()> {
        for id in ended {
            self.store.prune_units(id).await?;
        }
        Ok(())
    }
}

fn micros(span: Duration) -> i64 {
    i64::try_from(span.as_micros()).unwrap_or(i64::MAX)
}

/// The latest label any check of the plan waits for.
fn latest(rollout: &Rollout) -> Duration {
    let checks = rollout.plan.gates.iter().flat_map(|gate: &Gate| &gate.checks);
    checks
        .chain(&rollout.plan.stability.checks)
        .map(|check| match &check.rule {
            Rule::Feedback { late_by, .. } => *late_by,
            Rule::Errors { .. } | Rule::Latency { .. } => Duration::ZERO,
        })
        .max()
        .unwrap_or_default()
}
