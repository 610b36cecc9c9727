//! What is forgotten, and when. The journal and rollouts themselves never are.

use crate::row::Columns;
use crate::telemetry::{cohorts, slices};
use crate::{Store, storage};
use seatrial_domain::{RolloutId, Timestamp};
use std::sync::atomic::Ordering;

/// Ended rollouts that have evidence left and whose plans keep it no longer. Spans are stored in
/// milliseconds, instants in microseconds.
const DUE: &str = "
    SELECT count(*) AS count, json_group_array(id) AS rollouts FROM rollout
    WHERE phase = 'ended'
      AND (state ->> '$.ended_at') + 1000 * (state ->> '$.plan.decommission.keep_evidence') <= ?1
      AND (id IN (SELECT rollout FROM gate_counter) OR id IN (SELECT rollout FROM shadow_counter)
        OR id IN (SELECT rollout FROM seen_unit) OR id IN (SELECT rollout FROM seen_level)
        OR id IN (SELECT rollout FROM feedback_cell) OR id IN (SELECT rollout FROM value_cell)
        OR id IN (SELECT rollout FROM value_sample)
        OR id IN (SELECT rollout FROM validation_report))";

/// All that is known of the traffic of the rollouts in the list `?1`. The order matters: labels
/// are found by their assignments.
const EVIDENCE: [&str; 24] = [
    "DELETE FROM gate_counter WHERE rollout IN (SELECT value FROM json_each(?1))",
    "DELETE FROM shadow_counter WHERE rollout IN (SELECT value FROM json_each(?1))",
    "DELETE FROM seen_level WHERE rollout IN (SELECT value FROM json_each(?1))",
    "DELETE FROM seen_unit WHERE rollout IN (SELECT value FROM json_each(?1))",
    "DELETE FROM feedback_cell WHERE rollout IN (SELECT value FROM json_each(?1))",
    "DELETE FROM cohort_unit WHERE rollout IN (SELECT value FROM json_each(?1))",
    "DELETE FROM cohort_label WHERE rollout IN (SELECT value FROM json_each(?1))",
    "DELETE FROM unit_closing WHERE rollout IN (SELECT value FROM json_each(?1))",
    "DELETE FROM shadow_pair WHERE rollout IN (SELECT value FROM json_each(?1))",
    "DELETE FROM shadow_slice_label WHERE rollout IN (SELECT value FROM json_each(?1))",
    "DELETE FROM shadow_label WHERE rollout IN (SELECT value FROM json_each(?1))",
    "DELETE FROM late_label WHERE rollout IN (SELECT value FROM json_each(?1))",
    "DELETE FROM slice_unit WHERE rollout IN (SELECT value FROM json_each(?1))",
    "DELETE FROM slice_label WHERE rollout IN (SELECT value FROM json_each(?1))",
    "DELETE FROM slice_value WHERE rollout IN (SELECT value FROM json_each(?1))",
    "DELETE FROM value_cell WHERE rollout IN (SELECT value FROM json_each(?1))",
    "DELETE FROM value_reference WHERE rollout IN (SELECT value FROM json_each(?1))",
    "DELETE FROM value_sample WHERE rollout IN (SELECT value FROM json_each(?1))",
    "DELETE FROM cohort_value WHERE rollout IN (SELECT value FROM json_each(?1))",
    "DELETE FROM evidence_maximum WHERE rollout IN (SELECT value FROM json_each(?1))",
    "DELETE FROM window_start WHERE rollout IN (SELECT value FROM json_each(?1))",
    "DELETE FROM latency_reference WHERE rollout IN (SELECT value FROM json_each(?1))",
    "DELETE FROM validation_report WHERE rollout IN (SELECT value FROM json_each(?1))",
    "DELETE FROM feedback WHERE request IN (
         SELECT request FROM assignment WHERE rollout IN (SELECT value FROM json_each(?1)))",
];

impl Store {
    /// Forgets assignments made before `time`, and the labels that came for them: from then on
    /// their feedback is unknown. What was joined and is still to be counted stays, with all that came
    /// after it. Gives how many assignments were forgotten.
    pub async fn prune_assignments(&self, time: Timestamp) -> Result<u64, storage::Error> {
        let mut write = self.write().await?;
        let open: Option<i64> =
            sqlx::query_scalar("SELECT min(until) FROM unit_closing WHERE until <= last")
                .fetch_one(write.sql())
                .await?;
        let time = open.map_or(time, |open| time.min(Timestamp::from_micros(open)));
        sqlx::query(
            "DELETE FROM feedback
             WHERE request IN (SELECT request FROM assignment WHERE at < ?)",
        )
        .bind(time.as_micros())
        .execute(write.sql())
        .await?;
        sqlx::query(
            "DELETE FROM shadow_pair
             WHERE request IN (SELECT request FROM assignment WHERE at < ?)",
        )
        .bind(time.as_micros())
        .execute(write.sql())
        .await?;
        let mut pruned = Pruned::default();
        for (evidence, rows) in pruned.each() {
            *rows = sqlx::query(
                "DELETE FROM assignment WHERE at < ? AND (counted = 'yes' OR unit IS NOT NULL) = ?",
            )
            .bind(time.as_micros())
            .bind(evidence)
            .execute(write.sql())
            .await?
            .rows_affected();
        }
        cohorts::fold(&mut write, time).await?;
        slices::fold(&mut write, time).await?;
        write.commit().await?;
        Ok(self.pruned(pruned))
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

    /// Forgets the evidence, seen units, labels and validation report of each rollout that ended
    /// longer before `now` than its plan keeps them. Gives how many rollouts those were.
    pub async fn prune_evidence(&self, now: Timestamp) -> Result<u64, storage::Error> {
        let mut write = self.write().await?;
        let due = sqlx::query(DUE).bind(now.as_micros()).fetch_one(write.sql()).await?;
        let (count, rollouts) = (due.count("count")?, due.text("rollouts")?);
        if count == 0 {
            return Ok(0);
        }
        for forget in EVIDENCE {
            sqlx::query(forget).bind(&rollouts).execute(write.sql()).await?;
        }
        let mut pruned = Pruned::default();
        for (evidence, rows) in pruned.each() {
            *rows = sqlx::query(
                "DELETE FROM assignment
                 WHERE rollout IN (SELECT value FROM json_each(?1))
                   AND (counted = 'yes' OR unit IS NOT NULL) = ?2",
            )
            .bind(&rollouts)
            .bind(evidence)
            .execute(write.sql())
            .await?
            .rows_affected();
        }
        write.commit().await?;
        self.pruned(pruned);
        Ok(count)
    }

    /// Makes room for as many new assignments; gives their number.
    fn pruned(&self, pruned: Pruned) -> u64 {
        let all = pruned.evidence + pruned.uncounted;
        self.inner.assignments.fetch_sub(all, Ordering::Relaxed);
        let less = |rows: u64| Some(rows.saturating_sub(pruned.uncounted));
        let _before = self.inner.uncounted.fetch_update(Ordering::Relaxed, Ordering::Relaxed, less);
        all
    }
}

/// Assignments forgotten.
#[derive(Debug, Clone, Copy, Default)]
struct Pruned {
    evidence: u64,
    uncounted: u64,
}

impl Pruned {
    /// Each number with whether it is of evidence, as the rows tell it.
    const fn each(&mut self) -> [(i64, &mut u64); 2] {
        [(1, &mut self.evidence), (0, &mut self.uncounted)]
    }
}
