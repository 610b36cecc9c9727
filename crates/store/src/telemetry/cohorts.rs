//! Units and labels by the second of their assignment: which labels are due, and which are not.
//!
//! Owns maturity. A label may come late, and a "no" later than a "yes"; so what passes a gate is
//! judged over the units whose label is no longer waited for, the same on both arms.

use super::evidence::{cells, stratum};
use super::values;
use crate::row::{Columns, int};
use crate::storage;
use crate::write::Write;
use seatrial_domain::evidence::{ArmCount, Evidence, GateIndex, GateStratum, Matured};
use seatrial_domain::plan::Scale;
use seatrial_domain::{RolloutId, Timestamp};
use sqlx::SqliteConnection;
use sqlx::sqlite::SqliteRow;
use std::collections::BTreeMap;

/// Labels of one metric under one gate, and up to when units must have been assigned for them to
/// be due.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Due {
    pub gate: GateIndex,
    pub metric: String,
    /// What the metric's labels are.
    pub scale: Scale,
    pub assigned_before: Timestamp,
}

/// Counted units of the list `?1` by second, for all of which there is room. A flush that comes again
/// adds none: what it brought is known as an assignment.
const ADD: &str = "
    INSERT INTO cohort_unit (rollout, gate, seen, second, candidate, incumbent)
    SELECT value ->> 'rollout', value ->> 'gate', value ->> 'seen', (value ->> 'at') / 1000000,
           sum(value ->> 'arm' = 'candidate'), sum(value ->> 'arm' = 'incumbent')
    FROM json_each(?1)
    WHERE value ->> 'counted' = 'yes' AND value ->> 'rollout' IS NOT NULL
      AND value ->> 'gate' IS NOT NULL
      AND NOT EXISTS (SELECT 1 FROM assignment WHERE request = value ->> 'request'
                      AND rollout = value ->> 'rollout' AND gate = value ->> 'gate')
    GROUP BY 1, 2, 3, 4
    ON CONFLICT (rollout, gate, seen, second) DO UPDATE SET
        candidate = candidate + excluded.candidate, incumbent = incumbent + excluded.incumbent";

/// Sums the seconds before `?1` of every gate, then forgets them.
const FOLD: [&str; 4] = [
    "INSERT INTO cohort_unit (rollout, gate, seen, second, candidate, incumbent)
     SELECT rollout, gate, seen, -1, sum(candidate), sum(incumbent)
     FROM cohort_unit WHERE second >= 0 AND second < ?1 GROUP BY rollout, gate, seen
     ON CONFLICT (rollout, gate, seen, second) DO UPDATE SET
         candidate = candidate + excluded.candidate, incumbent = incumbent + excluded.incumbent",
    "DELETE FROM cohort_unit WHERE second >= 0 AND second < ?1",
    "INSERT INTO cohort_label (rollout, gate, seen, metric, second, candidate_bad, candidate_good,
                               incumbent_bad, incumbent_good)
     SELECT rollout, gate, seen, metric, -1, sum(candidate_bad), sum(candidate_good),
            sum(incumbent_bad), sum(incumbent_good)
     FROM cohort_label WHERE second >= 0 AND second < ?1
     GROUP BY rollout, gate, seen, metric
     ON CONFLICT (rollout, gate, seen, metric, second) DO UPDATE SET
         candidate_bad = candidate_bad + excluded.candidate_bad,
         candidate_good = candidate_good + excluded.candidate_good,
         incumbent_bad = incumbent_bad + excluded.incumbent_bad,
         incumbent_good = incumbent_good + excluded.incumbent_good",
    "DELETE FROM cohort_label WHERE second >= 0 AND second < ?1",
];

/// Units assigned before this second, and the labels that came for them; by stratum.
pub(super) async fn mature(
    sql: &mut SqliteConnection,
    (rollout, due): (RolloutId, &Due),
    before: i64,
    into: &mut Evidence,
) -> Result<(), storage::Error> {
    for (stratum, units) in units(sql, (rollout, due), before).await? {
        matured(into, stratum, due).units = units;
    }
    let labels = sqlx::query(
        "SELECT gate, seen, sum(candidate_bad) AS candidate_bad,
                sum(candidate_good) AS candidate_good, sum(incumbent_bad) AS incumbent_bad,
                sum(incumbent_good) AS incumbent_good
         FROM cohort_label WHERE rollout = ? AND gate = ? AND metric = ? AND second < ?
         GROUP BY seen",
    )
    .bind(int(rollout.0))
    .bind(i64::from(due.gate.0))
    .bind(&due.metric)
    .bind(before)
    .fetch_all(sql)
    .await?;
    for row in &labels {
        matured(into, stratum(row)?, due).labels = cells(row)?;
    }
    Ok(())
}

fn matured<'a>(into: &'a mut Evidence, stratum: GateStratum, due: &Due) -> &'a mut Matured {
    let counts = into.gates.entry(stratum).or_default();
    counts.matured.entry(due.metric.clone()).or_default()
}

/// The units assigned before this second.
pub(super) async fn units(
    sql: &mut SqliteConnection,
    (rollout, due): (RolloutId, &Due),
    before: i64,
) -> Result<BTreeMap<GateStratum, ArmCount>, storage::Error> {
    let rows = sqlx::query(
        "SELECT gate, seen, sum(candidate) AS candidate, sum(incumbent) AS incumbent
         FROM cohort_unit WHERE rollout = ? AND gate = ? AND second < ? GROUP BY seen",
    )
    .bind(int(rollout.0))
    .bind(i64::from(due.gate.0))
    .bind(before)
    .fetch_all(sql)
    .await?;
    let count = |row: &SqliteRow| {
        let (candidate, incumbent) = (row.count("candidate")?, row.count("incumbent")?);
        Ok((stratum(row)?, ArmCount { candidate, incumbent }))
    };
    rows.iter().map(count).collect()
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
    values::fold(write, time).await
}

/// The second an instant is in.
pub(crate) const fn second(at: Timestamp) -> i64 {
    at.as_micros().div_euclid(1_000_000)
}
