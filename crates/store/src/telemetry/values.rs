//! Numbers as evidence: units by the bucket of their value, at all and once they are due.

use super::Due;
use super::cohorts::{second, units};
use super::evidence::stratum;
use crate::row::{Columns, int};
use crate::write::Write;
use crate::{Store, storage};
use seatrial_analysis::kpi::{Counts, Reference, Values};
use seatrial_domain::evidence::{ArmCount, Evidence, GateStratum, MaturedValues};
use seatrial_domain::{RolloutId, Timestamp};
use sqlx::sqlite::SqliteRow;
use sqlx::{Row, SqliteConnection};
use std::collections::BTreeMap;

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

impl Store {
    /// By stratum, the units of `due` and the values that came for them, at one instant, in its order.
    pub async fn matured_values(
        &self,
        rollout: RolloutId,
        due: &[Due],
    ) -> Result<Vec<BTreeMap<GateStratum, MaturedValues>>, storage::Error> {
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
) -> Result<BTreeMap<GateStratum, MaturedValues>, storage::Error> {
    let mut matured: BTreeMap<GateStratum, MaturedValues> = BTreeMap::new();
    for (stratum, units) in units(sql, rollout, due).await? {
        matured.entry(stratum).or_default().units = units;
    }
    let buckets = reference(sql, rollout, &due.metric).await?.map_or(0, |it| it.buckets());
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
    .bind(second(due.assigned_before))
    .fetch_all(sql)
    .await?;
    for row in &rows {
        let (candidate, incumbent) = (row.count("candidate")?, row.count("incumbent")?);
        let of_stratum = matured.entry(stratum(row)?).or_default();
        of_stratum.labelled.merge(ArmCount { candidate, incumbent });
        add(&mut of_stratum.values, row, buckets)?;
    }
    Ok(matured)
}

/// Adds a row's units to their bucket; those that are not counted have none.
fn add(counts: &mut Counts, row: &SqliteRow, buckets: usize) -> Result<(), storage::Error> {
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

async fn reference(
    sql: &mut SqliteConnection,
    rollout: RolloutId,
    metric: &str,
) -> Result<Option<Reference>, storage::Error> {
    let row = sqlx::query("SELECT reference FROM value_reference WHERE rollout = ? AND metric = ?")
        .bind(int(rollout.0))
        .bind(metric)
        .fetch_optional(sql)
        .await?;
    row.map(|row| row.json("reference")).transpose()
}

/// Sums what was assigned before `time`; no value can come for it any more.
pub(super) async fn fold(write: &mut Write<'_>, time: Timestamp) -> Result<(), storage::Error> {
    for statement in FOLD {
        sqlx::query(statement).bind(second(time)).execute(write.sql()).await?;
    }
    Ok(())
}
