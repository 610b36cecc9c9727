//! What is forgotten, and when. The journal, versions and counters never are.

use crate::{Store, storage};
use seatrial_domain::{RolloutId, Timestamp};
use std::sync::atomic::Ordering;

impl Store {
    /// Forgets assignments made before `time`, and the labels that came for them: from then on
    /// their feedback is unknown. Gives how many assignments were forgotten.
    pub async fn prune_assignments(&self, time: Timestamp) -> Result<u64, storage::Error> {
        let mut write = self.write().await?;
        sqlx::query(
            "DELETE FROM feedback
             WHERE request IN (SELECT request FROM assignment WHERE at < ?)",
        )
        .bind(time.as_micros())
        .execute(write.sql())
        .await?;
        let pruned = sqlx::query("DELETE FROM assignment WHERE at < ?")
            .bind(time.as_micros())
            .execute(write.sql())
            .await?
            .rows_affected();
        write.commit().await?;
        self.inner.assignments.fetch_sub(pruned, Ordering::Relaxed);
        Ok(pruned)
    }

    /// Forgets the seen units of a rollout that has ended: its counters stay.
    pub async fn prune_units(&self, rollout: RolloutId) -> Result<(), storage::Error> {
        let mut write = self.write().await?;
        sqlx::query(
            "DELETE FROM seen_unit WHERE rollout = ?1
             AND EXISTS (SELECT 1 FROM rollout WHERE id = ?1 AND phase = 'ended')",
        )
        .bind(crate::row::int(rollout.0))
        .execute(write.sql())
        .await?;
        write.commit().await
    }
}
