//! A number joined to its unit: counted by its metric's reference, on the assigned arm.

use super::counted_under;
use super::reference::{self, Frozen, Sampled};
use crate::row::{Columns, int};
use crate::storage;
use crate::telemetry::cohorts::second;
use crate::telemetry::values::NOT_COUNTED;
use crate::telemetry::{slice_values, slices};
use crate::write::Write;
use seatrial_analysis::kpi::Values;
use sqlx::sqlite::SqliteRow;

/// Counts one unit, with its value, in a bucket of its gate.
const CELL: &str = "
    INSERT INTO value_cell (rollout, gate, metric, bucket, candidate, candidate_sum,
        candidate_squares, incumbent, incumbent_sum, incumbent_squares, seen)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)
    ON CONFLICT (rollout, gate, seen, metric, bucket) DO UPDATE SET
        candidate = candidate + ?5, candidate_sum = candidate_sum + ?6,
        candidate_squares = candidate_squares + ?7,
        incumbent = incumbent + ?8, incumbent_sum = incumbent_sum + ?9,
        incumbent_squares = incumbent_squares + ?10";

/// The same by the second `?12` of the assignment.
const COHORT: &str = "
    INSERT INTO cohort_value (rollout, gate, metric, bucket, candidate, candidate_sum,
        candidate_squares, incumbent, incumbent_sum, incumbent_squares, seen, second)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)
    ON CONFLICT (rollout, gate, seen, metric, second, bucket) DO UPDATE SET
        candidate = candidate + ?5, candidate_sum = candidate_sum + ?6,
        candidate_squares = candidate_squares + ?7,
        incumbent = incumbent + ?8, incumbent_sum = incumbent_sum + ?9,
        incumbent_squares = incumbent_squares + ?10";

/// Counts a value that has not come before, or keeps it to make the reference.
pub(crate) async fn join(
    write: &mut Write<'_>,
    assignment: &SqliteRow,
    metric: &str,
    value: f64,
) -> Result<(), storage::Error> {
    let Some(rollout) = assignment.maybe_count("rollout")? else { return Ok(()) };
    let sampled = Sampled { value, second: second(assignment.time("at")?) };
    let known = reference::of(write, (rollout, metric)).await?;
    let Some((_, gate)) = counted_under(assignment)? else {
        // Before the canary there are no gates, and only the incumbent answers.
        let before = assignment.maybe_count("gate")?.is_none();
        if known.is_none() && before && assignment.text("arm")? == "incumbent" {
            reference::sample_before(write, (rollout, metric), sampled).await?;
        }
        return Ok(());
    };
    let frozen = match known {
        Some(frozen) => Some(frozen),
        None => reference::make(write, (rollout, metric), sampled).await?,
    };
    let counted = frozen.filter(|frozen| frozen.since <= sampled.second);
    let unit = counted.map_or(Ok(Unit::NOT_COUNTED), |frozen| Unit::of(&frozen, value))?;
    let zeros = [0; 3];
    let cells = match assignment.text("arm")?.as_str() {
        "candidate" => [unit.cells, zeros],
        _ => [zeros, unit.cells],
    };
    let seen = int(assignment.count("seen")?);
    let bound = |sql: &'static str| {
        let query = sqlx::query(sql).bind(int(rollout)).bind(int(gate)).bind(metric.to_owned());
        let query = query.bind(unit.bucket);
        cells.into_iter().flatten().fold(query, |query, cell| query.bind(cell)).bind(seen)
    };
    if unit.bucket != NOT_COUNTED {
        bound(CELL).execute(write.sql()).await?;
    }
    bound(COHORT).bind(sampled.second).execute(write.sql()).await?;
    let Some(labels) = assignment.maybe_json("slices")? else { return Ok(()) };
    let stratum = slices::Stratum { rollout: int(rollout), gate: int(gate), seen };
    let unit = slice_values::Unit { bucket: unit.bucket, cells };
    slice_values::add(write, (stratum, metric), (&labels, assignment.time("at")?), unit).await
}

/// What one unit adds to its arm: 1, its value, and its square.
#[derive(Debug, Clone, Copy)]
struct Unit {
    bucket: i64,
    cells: [i64; 3],
}

impl Unit {
    const NOT_COUNTED: Self = Self { bucket: NOT_COUNTED, cells: [1, 0, 0] };

    fn of(frozen: &Frozen, value: f64) -> Result<Self, storage::Error> {
        let corrupt = |error| storage::Error::corrupt("reference", &error);
        let mut one = Values::default();
        one.record(&frozen.reference, value).map_err(corrupt)?;
        let bucket = frozen.reference.bucket_of(value).map_err(corrupt)?;
        let bucket = i64::try_from(bucket).unwrap_or(i64::MAX);
        Ok(Self { bucket, cells: [1, int(one.sum), int(one.squares)] })
    }
}
