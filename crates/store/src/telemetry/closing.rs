//! Units whose value is made of all their labels: closed once, in the order of their assignments.
//!
//! Owns that such a unit counts once, with the labels that had been joined when it was closed, and that
//! one which comes later is counted as late and changes nothing. Both are settled by how far a metric of
//! a gate is closed, which moves in the transaction that counts: there is no instant at which a label is
//! neither. Refuses clocks: until when labels were waited for is what its caller says.

mod begin;

pub(super) use begin::put;

use super::Due;
use super::cohorts::second;
use super::evidence::stratum;
use crate::feedback::{self, Outcome};
use crate::row::{Columns, int};
use crate::write::Write;
use crate::{Store, storage};
use seatrial_domain::evidence::{ArmCount, Evidence};
use seatrial_domain::plan::PerUnit;
use seatrial_domain::{RolloutId, Timestamp};
use sqlx::sqlite::SqliteRow;
use sqlx::{Row, SqliteConnection};

/// Assignments closed in one turn, in seconds of them: after a long pause a turn holds up nobody.
const STEP: i64 = 10 * SECOND;
const SECOND: i64 = 1_000_000;

/// What is open, and has units old enough that no label of theirs is waited for at `?1`, so long after
/// `?2`.
const OPEN: &str = "
    SELECT * FROM unit_closing
    WHERE until <= last AND until / 1000000 < (?1 - span) / 1000000 AND ?1 - span >= ?2";

/// The units of one gate assigned in [`?3`, `?4`) that have a label of the metric `?5`, as their first
/// assignments, with what is made of the labels of all the requests of their window.
const UNITS: &str = "
    SELECT first.*, max(feedback.value) AS any_of, avg(feedback.value) AS mean_of
    FROM assignment AS first
    JOIN assignment AS one
      ON one.rollout = first.rollout AND one.gate = first.gate AND one.unit = first.unit
    JOIN feedback ON feedback.request = one.request AND feedback.metric = ?5
    WHERE first.rollout = ?1 AND first.gate = ?2 AND first.unit IS NOT NULL
      AND first.counted = 'yes' AND first.at >= ?3 AND first.at < ?4
    GROUP BY first.request ORDER BY first.at, first.request";

/// When the first unit assigned at `?3` or later was.
const NEXT: &str = "
    SELECT min(at) FROM assignment
    WHERE rollout = ?1 AND gate = ?2 AND unit IS NOT NULL AND counted = 'yes' AND at >= ?3";

/// A label of the metric `?4` for the unit `?3`, if that is closed.
const LATE: &str = "
    INSERT INTO late_label (rollout, gate, seen, metric, candidate, incumbent)
    SELECT rollout, gate, seen, metric, arm = 'candidate', arm = 'incumbent'
    FROM assignment JOIN unit_closing USING (rollout, gate)
    WHERE rollout = ?1 AND gate = ?2 AND unit = ?3 AND counted = 'yes' AND metric = ?4 AND at < until
    ON CONFLICT (rollout, gate, seen, metric) DO UPDATE SET
        candidate = candidate + excluded.candidate, incumbent = incumbent + excluded.incumbent";

impl Store {
    /// Counts the units of which no label is waited for any more at `now`, by when every assignment and
    /// label of before must have been stored. Those whose labels are waited for at `since` are waited for
    /// as long from then on: the clock has jumped to it. Gives how many were counted.
    pub async fn close_units(
        &self,
        now: Timestamp,
        since: Option<Timestamp>,
    ) -> Result<u64, storage::Error> {
        let since = since.map_or(i64::MIN, Timestamp::as_micros);
        let due = sqlx::query(OPEN)
            .bind(now.as_micros())
            .bind(since)
            .fetch_optional(&mut *self.reader().await?)
            .await?;
        if due.is_none() {
            return Ok(0);
        }
        let mut write = self.write().await?;
        let open =
            sqlx::query(OPEN).bind(now.as_micros()).bind(since).fetch_all(write.sql()).await?;
        let mut counted = 0;
        for row in &open {
            counted += close(&mut write, &Open::read(row)?, now).await?;
        }
        write.commit().await?;
        Ok(counted)
    }
}

/// How far one metric of one gate is closed.
struct Open {
    rollout: i64,
    gate: i64,
    metric: String,
    per_unit: PerUnit,
    span: i64,
    until: i64,
}

impl Open {
    fn read(row: &SqliteRow) -> Result<Self, storage::Error> {
        let per_unit = match row.text("per_unit")?.as_str() {
            "any" => PerUnit::Any,
            "mean" => PerUnit::Mean,
            other => return Err(storage::Error::corrupt("per_unit", &other)),
        };
        Ok(Self {
            rollout: row.try_get("rollout")?,
            gate: row.try_get("gate")?,
            metric: row.text("metric")?,
            per_unit,
            span: row.try_get("span")?,
            until: row.try_get("until")?,
        })
    }
}

/// One turn: the units of [`STEP`] at most, from the first that is not closed on.
async fn close(write: &mut Write<'_>, open: &Open, now: Timestamp) -> Result<u64, storage::Error> {
    let due = whole_second(now.as_micros().saturating_sub(open.span));
    let next: Option<i64> = sqlx::query_scalar(NEXT)
        .bind(open.rollout)
        .bind(open.gate)
        .bind(open.until)
        .fetch_one(write.sql())
        .await?;
    let from = next.map(whole_second).filter(|from| *from < due);
    let until = from.map_or(due, |from| due.min(from + STEP));
    let mut counted = 0;
    if from.is_some() {
        let units = sqlx::query(UNITS)
            .bind(open.rollout)
            .bind(open.gate)
            .bind(open.until)
            .bind(until)
            .bind(&open.metric)
            .fetch_all(write.sql())
            .await?;
        for unit in &units {
            count(write, unit, open).await?;
            counted += 1;
        }
    }
    sqlx::query(
        "UPDATE unit_closing SET until = ?4 WHERE rollout = ?1 AND gate = ?2 AND metric = ?3",
    )
    .bind(open.rollout)
    .bind(open.gate)
    .bind(&open.metric)
    .bind(until)
    .execute(write.sql())
    .await?;
    Ok(counted)
}

/// Counts one unit, as its first request's label is counted where that is its value.
async fn count(write: &mut Write<'_>, unit: &SqliteRow, open: &Open) -> Result<(), storage::Error> {
    match open.per_unit {
        PerUnit::First | PerUnit::Any => {
            let any: f64 = unit.try_get("any_of")?;
            let outcome = if any > 0.0 { Outcome::Good } else { Outcome::Bad };
            feedback::count(write, unit, &open.metric, outcome).await
        }
        PerUnit::Mean => {
            feedback::value::join(write, unit, &open.metric, unit.try_get("mean_of")?).await
        }
    }
}

/// Counts a label of an assignment's unit as late, if that is closed; else it waits for the closing.
pub(crate) async fn label(
    write: &mut Write<'_>,
    assignment: &SqliteRow,
    metric: &str,
) -> Result<(), storage::Error> {
    sqlx::query(LATE)
        .bind(assignment.try_get::<Option<i64>, _>("rollout")?)
        .bind(assignment.try_get::<Option<i64>, _>("gate")?)
        .bind(assignment.try_get::<Option<i64>, _>("unit")?)
        .bind(metric)
        .execute(write.sql())
        .await?;
    Ok(())
}

/// The second before which units of `due` wait for no label, and have been counted if they wait to be.
pub(super) async fn settled_before(
    sql: &mut SqliteConnection,
    rollout: RolloutId,
    due: &Due,
) -> Result<i64, storage::Error> {
    let closed: Option<i64> = sqlx::query_scalar(
        "SELECT until FROM unit_closing
         WHERE rollout = ? AND gate = ? AND metric = ? AND until <= last",
    )
    .bind(int(rollout.0))
    .bind(i64::from(due.gate.0))
    .bind(&due.metric)
    .fetch_optional(sql)
    .await?;
    let due = second(due.assigned_before);
    Ok(closed.map_or(due, |until| due.min(until.div_euclid(SECOND))))
}

/// What came too late.
pub(super) async fn late(
    sql: &mut SqliteConnection,
    rollout: RolloutId,
    into: &mut Evidence,
) -> Result<(), storage::Error> {
    let rows = sqlx::query("SELECT * FROM late_label WHERE rollout = ?")
        .bind(int(rollout.0))
        .fetch_all(sql)
        .await?;
    for row in &rows {
        let late =
            ArmCount { candidate: row.count("candidate")?, incumbent: row.count("incumbent")? };
        let counts = into.gates.entry(stratum(row)?).or_default();
        counts.late.insert(row.text("metric")?, late);
    }
    Ok(())
}

const fn whole_second(micros: i64) -> i64 {
    micros.div_euclid(SECOND) * SECOND
}
