//! Numbers as evidence by the slices their units are in: at all, and once they are due.
//!
//! Owns nothing new: buckets and sums are those of `values`, slices and steps those of `slices`.

use super::cohorts::{Due, second};
use super::evidence::stratum;
use super::slices::{self, Stratum};
use super::values;
use crate::row::{Columns, int};
use crate::storage;
use crate::write::Write;
use seatrial_analysis::kpi::Reference;
use seatrial_domain::evidence::{ArmCount, Evidence, Labels};
use seatrial_domain::{RolloutId, Timestamp};
use sqlx::SqliteConnection;

/// Sums the steps that ended before `?1`, then forgets them.
const FOLD: [&str; 2] = [
    "INSERT INTO slice_value (rollout, gate, seen, metric, slice, label, until, bucket, candidate,
         candidate_sum, candidate_squares, incumbent, incumbent_sum, incumbent_squares)
     SELECT rollout, gate, seen, metric, slice, label, -1, bucket, sum(candidate),
         sum(candidate_sum), sum(candidate_squares), sum(incumbent), sum(incumbent_sum),
         sum(incumbent_squares)
     FROM slice_value WHERE until >= 0 AND until < ?1
     GROUP BY rollout, gate, seen, metric, slice, label, bucket
     ON CONFLICT (rollout, gate, seen, metric, slice, label, until, bucket) DO UPDATE SET
         candidate = candidate + excluded.candidate,
         candidate_sum = candidate_sum + excluded.candidate_sum,
         candidate_squares = candidate_squares + excluded.candidate_squares,
         incumbent = incumbent + excluded.incumbent,
         incumbent_sum = incumbent_sum + excluded.incumbent_sum,
         incumbent_squares = incumbent_squares + excluded.incumbent_squares",
    "DELETE FROM slice_value WHERE until >= 0 AND until < ?1",
];

/// Counts one unit, with its value, in a bucket of a slice.
const ADD: &str = "
    INSERT INTO slice_value (rollout, gate, seen, metric, slice, label, until, bucket, candidate,
        candidate_sum, candidate_squares, incumbent, incumbent_sum, incumbent_squares)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)
    ON CONFLICT (rollout, gate, seen, metric, slice, label, until, bucket) DO UPDATE SET
        candidate = candidate + ?9, candidate_sum = candidate_sum + ?10,
        candidate_squares = candidate_squares + ?11,
        incumbent = incumbent + ?12, incumbent_sum = incumbent_sum + ?13,
        incumbent_squares = incumbent_squares + ?14";

/// All of a rollout's values that count, by slice.
const ALL: &str = "
    SELECT gate, seen, metric, slice, label, bucket, sum(candidate) AS candidate,
        sum(candidate_sum) AS candidate_sum, sum(candidate_squares) AS candidate_squares,
        sum(incumbent) AS incumbent, sum(incumbent_sum) AS incumbent_sum,
        sum(incumbent_squares) AS incumbent_squares
    FROM slice_value WHERE rollout = ? AND bucket >= 0
    GROUP BY gate, seen, metric, slice, label, bucket";

/// Values of one gate and metric by slice, of the steps that are due.
const DUE: &str = "
    SELECT gate, seen, slice, label, bucket, sum(candidate) AS candidate,
        sum(candidate_sum) AS candidate_sum, sum(candidate_squares) AS candidate_squares,
        sum(incumbent) AS incumbent, sum(incumbent_sum) AS incumbent_sum,
        sum(incumbent_squares) AS incumbent_squares
    FROM slice_value WHERE rollout = ? AND gate = ? AND metric = ? AND until < ?
    GROUP BY seen, slice, label, bucket";

/// What one unit adds to its bucket: of either arm 1, its value, and its square.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Unit {
    pub(crate) bucket: i64,
    pub(crate) cells: [[i64; 3]; 2],
}

/// Counts a value in each slice its unit is in.
pub(crate) async fn add(
    write: &mut Write<'_>,
    (stratum, metric): (Stratum, &str),
    (labels, at): (&Labels, Timestamp),
    unit: Unit,
) -> Result<(), storage::Error> {
    for (column, value) in labels {
        let query = sqlx::query(ADD)
            .bind(stratum.rollout)
            .bind(stratum.gate)
            .bind(stratum.seen)
            .bind(metric)
            .bind(column)
            .bind(value)
            .bind(slices::until(at))
            .bind(unit.bucket);
        let query = unit.cells.into_iter().flatten().fold(query, |query, cell| query.bind(cell));
        query.execute(write.sql()).await?;
    }
    Ok(())
}

/// All values by slice, due or not; what they are counted by must have been read.
pub(super) async fn read(
    sql: &mut SqliteConnection,
    rollout: RolloutId,
    into: &mut Evidence,
) -> Result<(), storage::Error> {
    let rows = sqlx::query(ALL).bind(int(rollout.0)).fetch_all(sql).await?;
    for row in &rows {
        let metric = row.text("metric")?;
        let buckets = into.references.get(&metric).map_or(0, Reference::buckets);
        let (column, value) = slices::slice(row)?;
        let gate = into.gates.entry(stratum(row)?).or_default();
        let of_slice = gate.slices.of(&column, &value);
        values::add(of_slice.values.entry(metric).or_default(), row, buckets)?;
    }
    Ok(())
}

/// Values of units assigned before this second; their units are there already.
pub(super) async fn mature(
    sql: &mut SqliteConnection,
    (rollout, due): (RolloutId, &Due),
    before: i64,
    into: &mut Evidence,
) -> Result<(), storage::Error> {
    // As in `values`.
    let buckets = into.references.get(&due.metric).map(Reference::buckets);
    let rows = sqlx::query(DUE)
        .bind(int(rollout.0))
        .bind(i64::from(due.gate.0))
        .bind(&due.metric)
        .bind(before)
        .fetch_all(sql)
        .await?;
    for row in &rows {
        let (column, value) = slices::slice(row)?;
        let gate = into.gates.entry(stratum(row)?).or_default();
        let of_slice = gate.slices.of(&column, &value);
        let matured = of_slice.matured_values.entry(due.metric.clone()).or_default();
        let (candidate, incumbent) = (row.count("candidate")?, row.count("incumbent")?);
        matured.labelled.merge(ArmCount { candidate, incumbent });
        if let Some(buckets) = buckets {
            values::add(&mut matured.values, row, buckets)?;
        }
    }
    Ok(())
}

/// Sums what was assigned before `time`; no value can come for it any more.
pub(super) async fn fold(write: &mut Write<'_>, time: Timestamp) -> Result<(), storage::Error> {
    for statement in FOLD {
        sqlx::query(statement).bind(second(time)).execute(write.sql()).await?;
    }
    Ok(())
}
