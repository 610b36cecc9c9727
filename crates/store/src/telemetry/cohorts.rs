//! Units and labels by the second of their assignment: which labels are due, and which are not.
//!
//! Owns maturity. A label may come late, and a "no" later than a "yes"; so what passes a gate is
//! judged over the units whose label is no longer waited for, the same on both arms.

use crate::row::{Columns, int};
use crate::write::Write;
use crate::{Store, storage};
use seatrial_analysis::counts::Cells;
use seatrial_domain::evidence::{ArmCount, GateIndex, Matured};
use seatrial_domain::{RolloutId, Timestamp};
use sqlx::SqliteConnection;

/// Labels of one metric under one gate, and up to when units must have been assigned for them to
/// be due.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Due {
    pub gate: GateIndex,
    pub metric: String,
    pub assigned_before: Timestamp,
}

/// Counted units of the list `?1` by second. A flush that comes again adds none: what it brought is
/// known as an assignment, unless there was no room for it.
const ADD: &str = "
    INSERT INTO cohort_unit (rollout, gate, second, candidate, incumbent)
    SELECT value ->> 'rollout', value ->> 'gate', (value ->> 'at') / 1000000,
           sum(value ->> 'arm' = 'candidate'), sum(value ->> 'arm' = 'incumbent')
    FROM json_each(?1)
    WHERE value ->> 'counted' = 'yes' AND value ->> 'rollout' IS NOT NULL
      AND value ->> 'gate' IS NOT NULL
      AND NOT EXISTS (SELECT 1 FROM assignment WHERE request = value ->> 'request'
                      AND rollout = value ->> 'rollout' AND gate = value ->> 'gate')
    GROUP BY 1, 2, 3
    ON CONFLICT (rollout, gate, second) DO UPDATE SET
        candidate = candidate + excluded.candidate, incumbent = incumbent + excluded.incumbent";

/// Sums the seconds before `?1` of every gate, then forgets them.
const FOLD: [&str; 4] = [
    "INSERT INTO cohort_unit (rollout, gate, second, candidate, incumbent)
     SELECT rollout, gate, -1, sum(candidate), sum(incumbent)
     FROM cohort_unit WHERE second >= 0 AND second < ?1 GROUP BY rollout, gate
     ON CONFLICT (rollout, gate, second) DO UPDATE SET
         candidate = candidate + excluded.candidate, incumbent = incumbent + excluded.incumbent",
    "DELETE FROM cohort_unit WHERE second >= 0 AND second < ?1",
    "INSERT INTO cohort_label (rollout, gate, metric, second, candidate_bad, candidate_good,
                               incumbent_bad, incumbent_good)
     SELECT rollout, gate, metric, -1, sum(candidate_bad), sum(candidate_good),
            sum(incumbent_bad), sum(incumbent_good)
     FROM cohort_label WHERE second >= 0 AND second < ?1 GROUP BY rollout, gate, metric
     ON CONFLICT (rollout, gate, metric, second) DO UPDATE SET
         candidate_bad = candidate_bad + excluded.candidate_bad,
         candidate_good = candidate_good + excluded.candidate_good,
         incumbent_bad = incumbent_bad + excluded.incumbent_bad,
         incumbent_good = incumbent_good + excluded.incumbent_good",
    "DELETE FROM cohort_label WHERE second >= 0 AND second < ?1",
];

impl Store {
    /// The units of `due` and the labels that came for them, at one instant, in its order.
    pub async fn matured(
        &self,
        rollout: RolloutId,
        due: &[Due],
    ) -> Result<Vec<Matured>, storage::Error> {
        let mut tx = self.readers().begin().await?;
        let mut matured = Vec::with_capacity(due.len());
        for due in due {
            matured.push(one(&mut tx, rollout, due).await?);
        }
        Ok(matured)
    }
}

async fn one(
    sql: &mut SqliteConnection,
    rollout: RolloutId,
    due: &Due,
) -> Result<Matured, storage::Error> {
    let units = sqlx::query(
        "SELECT coalesce(sum(candidate), 0) AS candidate, coalesce(sum(incumbent), 0) AS incumbent
         FROM cohort_unit WHERE rollout = ? AND gate = ? AND second < ?",
    )
    .bind(int(rollout.0))
    .bind(i64::from(due.gate.0))
    .bind(second(due.assigned_before))
    .fetch_one(&mut *sql)
    .await?;
    let labels = sqlx::query(
        "SELECT coalesce(sum(candidate_bad), 0) AS candidate_bad,
                coalesce(sum(candidate_good), 0) AS candidate_good,
                coalesce(sum(incumbent_bad), 0) AS incumbent_bad,
                coalesce(sum(incumbent_good), 0) AS incumbent_good
         FROM cohort_label WHERE rollout = ? AND gate = ? AND metric = ? AND second < ?",
    )
    .bind(int(rollout.0))
    .bind(i64::from(due.gate.0))
    .bind(&due.metric)
    .bind(second(due.assigned_before))
    .fetch_one(sql)
    .await?;
    Ok(Matured {
        units: ArmCount {
            candidate: units.count("candidate")?,
            incumbent: units.count("incumbent")?,
        },
        labels: Cells {
            candidate_bad: labels.count("candidate_bad")?,
            candidate_good: labels.count("candidate_good")?,
            incumbent_bad: labels.count("incumbent_bad")?,
            incumbent_good: labels.count("incumbent_good")?,
        },
    })
}

/// Before the assignments of the same flush are stored: by them it is known whether it is new.
pub(super) async fn put(sql: &mut SqliteConnection, list: &str) -> Result<(), storage::Error> {
    sqlx::query(ADD).bind(list).execute(sql).await?;
    Ok(())
}

/// Sums what was assigned before `time`; no label can come for it any more.
pub(crate) async fn fold(write: &mut Write<'_>, time: Timestamp) -> Result<(), storage::Error> {
    for statement in FOLD {
        sqlx::query(statement).bind(second(time)).execute(write.sql()).await?;
    }
    Ok(())
}

/// The second an instant is in.
pub(crate) const fn second(at: Timestamp) -> i64 {
    at.as_micros().div_euclid(1_000_000)
}
