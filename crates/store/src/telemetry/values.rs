//! Numbers as evidence: units by the bucket of their value, at all and once they are due.

use super::Due;
use super::cohorts::{second, units};
use super::evidence::stratum;
use crate::row::{Columns, int};
use crate::storage;
use crate::write::Write;
use seatrial_analysis::kpi::{Counts, Reference, Values};
use seatrial_domain::evidence::{ArmCount, Evidence, GateStratum, MaturedValues, Unmade};
use seatrial_domain::{RolloutId, Timestamp};
use sqlx::sqlite::SqliteRow;
use sqlx::{Row, SqliteConnection};

/// The bucket of units whose value is not counted: it made the reference, or came too early for it.
pub(crate) const NOT_COUNTED: i64 = -1;

/// Sums the seconds before `?1` of every gate, then forgets them.
const FOLD: [&str; 2] = [
    "INSERT INTO cohort_value (rollout, gate, seen, metric, second, bucket, candidate, candidate_sum,
         candidate_squares, incumbent, incumbent_sum, incumbent_squares)
     SELECT rollout, gate, seen, metric, -1, bucket, sum(candidate), sum(candidate_sum),
         sum(candidate_squares), sum(incumbent), sum(incumbent_sum), sum(incumbent_squares)
     FROM cohort_value WHERE second >= 0 AND second < ?1
     GROUP BY rollout, gate, seen, metric, bucket
     ON CONFLICT (rollout, gate, seen, metric, second, bucket) DO UPDATE SET
         candidate = candidate + excluded.candidate,
         candidate_sum = candidate_sum + excluded.candidate_sum,
         candidate_squares = candidate_squares + excluded.candidate_squares,
         incumbent = incumbent + excluded.incumbent,
         incumbent_sum = incumbent_sum + excluded.incumbent_sum,
         incumbent_squares = incumbent_squares + excluded.incumbent_squares",
    "DELETE FROM cohort_value WHERE second >= 0 AND second < ?1",
];

/// Units assigned before this second, and the values that came for them; by stratum.
pub(super) async fn mature(
    sql: &mut SqliteConnection,
    (rollout, due): (RolloutId, &Due),
    before: i64,
    into: &mut Evidence,
) -> Result<(), storage::Error> {
    // One that was frozen since the evidence was read counts at the next look.
    let buckets = into.references.get(&due.metric).map(Reference::buckets);
    for (stratum, units) in units(sql, (rollout, due), before).await? {
        matured(into, stratum, due).units = units;
    }
    let rows = sqlx::query(
        "SELECT gate, seen, bucket, sum(candidate) AS candidate, sum(candidate_sum) AS candidate_sum,
                sum(candidate_squares) AS candidate_squares, sum(incumbent) AS incumbent,
                sum(incumbent_sum) AS incumbent_sum, sum(incumbent_squares) AS incumbent_squares
         FROM cohort_value
         WHERE rollout = ? AND gate = ? AND metric = ? AND second < ? GROUP BY seen, bucket",
    )
    .bind(int(rollout.0))
    .bind(i64::from(due.gate.0))
    .bind(&due.metric)
    .bind(before)
    .fetch_all(sql)
    .await?;
    for row in &rows {
        let (candidate, incumbent) = (row.count("candidate")?, row.count("incumbent")?);
        let of_stratum = matured(into, stratum(row)?, due);
        of_stratum.labelled.merge(ArmCount { candidate, incumbent });
        if let Some(buckets) = buckets {
            add(&mut of_stratum.values, row, buckets)?;
        }
    }
    Ok(())
}

fn matured<'a>(into: &'a mut Evidence, stratum: GateStratum, due: &Due) -> &'a mut MaturedValues {
    let counts = into.gates.entry(stratum).or_default();
    counts.matured_values.entry(due.metric.clone()).or_default()
}

/// Adds a row's units to their bucket; those that are not counted have none.
pub(super) fn add(
    counts: &mut Counts,
    row: &SqliteRow,
    buckets: usize,
) -> Result<(), storage::Error> {
    let bucket: i64 = row.try_get("bucket")?;
    let Ok(bucket) = usize::try_from(bucket) else { return Ok(()) };
    let arm = |names: [&str; 3]| -> Result<Values, storage::Error> {
        let [units, sum, squares] = names;
        let mut values = Values {
            buckets: vec![0; buckets],
            sum: row.count(sum)?,
            squares: row.count(squares)?,
        };
        let beyond = || storage::Error::corrupt("bucket", &"beyond the reference's");
        *values.buckets.get_mut(bucket).ok_or_else(beyond)? = row.count(units)?;
        Ok(values)
    };
    let row = Counts {
        candidate: arm(["candidate", "candidate_sum", "candidate_squares"])?,
        incumbent: arm(["incumbent", "incumbent_sum", "incumbent_squares"])?,
    };
    counts.merge(&row).map_err(|error| storage::Error::corrupt("bucket", &error))
}

/// What a rollout's metrics are counted by, and the values counted.
pub(super) async fn read(
    sql: &mut SqliteConnection,
    rollout: RolloutId,
    into: &mut Evidence,
) -> Result<(), storage::Error> {
    let rows = sqlx::query("SELECT metric, reference FROM value_reference WHERE rollout = ?")
        .bind(int(rollout.0))
        .fetch_all(&mut *sql)
        .await?;
    for row in &rows {
        into.references.insert(row.text("metric")?, row.json("reference")?);
    }
    let rows = sqlx::query(
        "SELECT metric, count(*) AS kept, min(value) AS least, max(value) AS most
         FROM value_sample WHERE rollout = ? GROUP BY metric",
    )
    .bind(int(rollout.0))
    .fetch_all(&mut *sql)
    .await?;
    for row in &rows {
        let (least, most) = (row.try_get("least")?, row.try_get("most")?);
        let unmade = Unmade { values: row.count("kept")?, least, most };
        into.unmade.insert(row.text("metric")?, unmade);
    }
    let rows = sqlx::query("SELECT * FROM value_cell WHERE rollout = ?")
        .bind(int(rollout.0))
        .fetch_all(sql)
        .await?;
    for row in &rows {
        let metric = row.text("metric")?;
        let buckets = into.references.get(&metric).map_or(0, Reference::buckets);
        let counts = into.gates.entry(stratum(row)?).or_default();
        add(counts.values.entry(metric).or_default(), row, buckets)?;
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
