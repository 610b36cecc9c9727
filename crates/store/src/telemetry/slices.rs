//! Counted units and their labels by the slices they are in, and which of the labels are due.
//!
//! Owns the same maturity as `cohorts`, in steps of ten seconds instead of one: there are as many rows
//! for each slice, and a look sums them. A step is due when its last second is.

use super::cohorts::{Due, second};
use super::evidence::{cells, stratum};
use super::slice_values;
use crate::row::{Columns, int};
use crate::storage;
use crate::write::Write;
use seatrial_domain::evidence::{ArmCount, Evidence, Labels};
use seatrial_domain::plan::Scale;
use seatrial_domain::{RolloutId, Timestamp};
use sqlx::SqliteConnection;
use sqlx::sqlite::SqliteRow;

/// Seconds summed together.
const STEP_SECONDS: i64 = 10;

/// Where a label's unit is counted, as its assignment says.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Stratum {
    pub(crate) rollout: i64,
    pub(crate) gate: i64,
    pub(crate) seen: i64,
}

/// Counted units of the list `?1` by slice, `?2` seconds together. As for cohorts, what is known as an
/// assignment adds nothing.
const ADD: &str = "
    INSERT INTO slice_unit (rollout, gate, seen, slice, label, until, candidate, incumbent)
    SELECT unit.value ->> 'rollout', unit.value ->> 'gate', unit.value ->> 'seen', slice.key,
           slice.value, (unit.value ->> 'at') / 1000000 / ?2 * ?2 + ?2 - 1,
           sum(unit.value ->> 'arm' = 'candidate'), sum(unit.value ->> 'arm' = 'incumbent')
    FROM json_each(?1) AS unit, json_each(unit.value, '$.slices') AS slice
    WHERE unit.value ->> 'rollout' IS NOT NULL AND unit.value ->> 'gate' IS NOT NULL
      AND NOT EXISTS (SELECT 1 FROM assignment WHERE request = unit.value ->> 'request'
                      AND rollout = unit.value ->> 'rollout' AND gate = unit.value ->> 'gate')
    GROUP BY 1, 2, 3, 4, 5, 6
    ON CONFLICT (rollout, gate, seen, slice, label, until) DO UPDATE SET
        candidate = candidate + excluded.candidate, incumbent = incumbent + excluded.incumbent";

/// Sums the steps that ended before `?1`, then forgets them.
const FOLD: [&str; 4] = [
    "INSERT INTO slice_unit (rollout, gate, seen, slice, label, until, candidate, incumbent)
     SELECT rollout, gate, seen, slice, label, -1, sum(candidate), sum(incumbent)
     FROM slice_unit WHERE until >= 0 AND until < ?1 GROUP BY rollout, gate, seen, slice, label
     ON CONFLICT (rollout, gate, seen, slice, label, until) DO UPDATE SET
         candidate = candidate + excluded.candidate, incumbent = incumbent + excluded.incumbent",
    "DELETE FROM slice_unit WHERE until >= 0 AND until < ?1",
    "INSERT INTO slice_label (rollout, gate, seen, metric, slice, label, until, candidate_bad,
                              candidate_good, incumbent_bad, incumbent_good)
     SELECT rollout, gate, seen, metric, slice, label, -1, sum(candidate_bad), sum(candidate_good),
            sum(incumbent_bad), sum(incumbent_good)
     FROM slice_label WHERE until >= 0 AND until < ?1
     GROUP BY rollout, gate, seen, metric, slice, label
     ON CONFLICT (rollout, gate, seen, metric, slice, label, until) DO UPDATE SET
         candidate_bad = candidate_bad + excluded.candidate_bad,
         candidate_good = candidate_good + excluded.candidate_good,
         incumbent_bad = incumbent_bad + excluded.incumbent_bad,
         incumbent_good = incumbent_good + excluded.incumbent_good",
    "DELETE FROM slice_label WHERE until >= 0 AND until < ?1",
];

const LABEL: &str = "
    INSERT INTO slice_label (rollout, gate, seen, metric, slice, label, until, candidate_bad,
                             candidate_good, incumbent_bad, incumbent_good)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)
    ON CONFLICT (rollout, gate, seen, metric, slice, label, until) DO UPDATE SET
        candidate_bad = candidate_bad + ?8, candidate_good = candidate_good + ?9,
        incumbent_bad = incumbent_bad + ?10, incumbent_good = incumbent_good + ?11";

/// Labels of one gate and metric by slice, of the steps that are due.
const DUE: &str = "
    SELECT gate, seen, slice, label, sum(candidate_bad) AS candidate_bad, sum(candidate_good) AS candidate_good,
           sum(incumbent_bad) AS incumbent_bad, sum(incumbent_good) AS incumbent_good
    FROM slice_label WHERE rollout = ? AND gate = ? AND metric = ? AND until < ?
    GROUP BY seen, slice, label";

/// All of a rollout's labels by slice.
const ALL: &str = "
    SELECT gate, seen, metric, slice, label,
           sum(candidate_bad) AS candidate_bad, sum(candidate_good) AS candidate_good,
           sum(incumbent_bad) AS incumbent_bad, sum(incumbent_good) AS incumbent_good
    FROM slice_label WHERE rollout = ? GROUP BY gate, seen, metric, slice, label";

/// The units of steps that ended before this second, by slice.
pub(super) async fn mature(
    sql: &mut SqliteConnection,
    (rollout, due): (RolloutId, &Due),
    before: i64,
    into: &mut Evidence,
) -> Result<(), storage::Error> {
    let rows = sqlx::query(
        "SELECT gate, seen, slice, label, sum(candidate) AS candidate, sum(incumbent) AS incumbent
         FROM slice_unit WHERE rollout = ? AND gate = ? AND until < ? GROUP BY seen, slice, label",
    )
    .bind(int(rollout.0))
    .bind(i64::from(due.gate.0))
    .bind(before)
    .fetch_all(sql)
    .await?;
    for row in &rows {
        let units =
            ArmCount { candidate: row.count("candidate")?, incumbent: row.count("incumbent")? };
        let (column, value) = slice(row)?;
        let gate = into.gates.entry(stratum(row)?).or_default();
        let of_slice = gate.slices.of(&column, &value);
        let metric = due.metric.clone();
        match due.scale {
            Scale::YesNo => of_slice.matured.entry(metric).or_default().units = units,
            Scale::Number => of_slice.matured_values.entry(metric).or_default().units = units,
        }
    }
    Ok(())
}

/// The labels that came for them.
pub(super) async fn mature_labels(
    sql: &mut SqliteConnection,
    (rollout, due): (RolloutId, &Due),
    before: i64,
    into: &mut Evidence,
) -> Result<(), storage::Error> {
    let rows = sqlx::query(DUE)
        .bind(int(rollout.0))
        .bind(i64::from(due.gate.0))
        .bind(&due.metric)
        .bind(before)
        .fetch_all(sql)
        .await?;
    for row in &rows {
        let (column, value) = slice(row)?;
        let gate = into.gates.entry(stratum(row)?).or_default();
        let of_slice = gate.slices.of(&column, &value);
        of_slice.matured.entry(due.metric.clone()).or_default().labels = cells(row)?;
    }
    Ok(())
}

/// Before the assignments of the same flush are stored: by them it is known whether it is new.
pub(super) async fn put(sql: &mut SqliteConnection, list: &str) -> Result<(), storage::Error> {
    sqlx::query(ADD).bind(list).bind(STEP_SECONDS).execute(sql).await?;
    Ok(())
}

/// Counts a label in each slice its unit is in; `cells` has a one.
pub(crate) async fn label(
    write: &mut Write<'_>,
    (stratum, metric): (Stratum, &str),
    (labels, at): (&Labels, Timestamp),
    cells: [i64; 4],
) -> Result<(), storage::Error> {
    for (column, value) in labels {
        let mut query = sqlx::query(LABEL)
            .bind(stratum.rollout)
            .bind(stratum.gate)
            .bind(stratum.seen)
            .bind(metric)
            .bind(column)
            .bind(value)
            .bind(until(at));
        for one in cells {
            query = query.bind(one);
        }
        query.execute(write.sql()).await?;
    }
    Ok(())
}

/// All labels by slice, due or not.
pub(super) async fn labels(
    sql: &mut SqliteConnection,
    rollout: RolloutId,
    into: &mut Evidence,
) -> Result<(), storage::Error> {
    let rows = sqlx::query(ALL).bind(int(rollout.0)).fetch_all(sql).await?;
    for row in &rows {
        let (column, value) = slice(row)?;
        let gate = into.gates.entry(stratum(row)?).or_default();
        let feedback = &mut gate.slices.of(&column, &value).feedback;
        feedback.entry(row.text("metric")?).or_default().merge(&cells(row)?);
    }
    Ok(())
}

/// Sums what was assigned before `time`; no label can come for it any more.
pub(crate) async fn fold(write: &mut Write<'_>, time: Timestamp) -> Result<(), storage::Error> {
    for statement in FOLD {
        sqlx::query(statement).bind(second(time)).execute(write.sql()).await?;
    }
    slice_values::fold(write, time).await
}

/// The last second of an instant's step.
pub(super) const fn until(at: Timestamp) -> i64 {
    second(at).div_euclid(STEP_SECONDS) * STEP_SECONDS + STEP_SECONDS - 1
}

/// Column and value.
pub(super) fn slice(row: &SqliteRow) -> Result<(String, String), storage::Error> {
    Ok((row.text("slice")?, row.text("label")?))
}
