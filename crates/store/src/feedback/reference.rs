//! What a metric's values are counted by in a rollout: made once, before any value is counted, and
//! never again.
//!
//! Owns of what it is made: of the incumbent's values from before the canary where enough came by
//! then, else of the first values of the canary. Those never count, and neither do other units
//! assigned no later than the last of them: which units are left out must not depend on how fast
//! their values come. Which arm a value is of is not looked at. While they are all alike there is none;
//! the newest are kept then, so that it is made once they differ.

use crate::row::{Columns, int, to_json};
use crate::storage;
use crate::write::Write;
use seatrial_analysis::kpi::{self, Reference};
use seatrial_domain::evidence::values::{BEFORE_MIN, BURN_IN, SAMPLE_MAX};
use sqlx::Row;
use sqlx::sqlite::SqliteRow;

/// A metric of a rollout.
type Of<'a> = (u64, &'a str);

/// A value and the second of its unit's assignment.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sampled {
    pub(super) value: f64,
    pub(super) second: i64,
}

/// A reference, and the first second of assignments that are counted by it.
#[derive(Debug)]
pub(super) struct Frozen {
    pub(super) reference: Reference,
    pub(super) since: i64,
}

pub(super) async fn of(
    write: &mut Write<'_>,
    (rollout, metric): Of<'_>,
) -> Result<Option<Frozen>, storage::Error> {
    let row = sqlx::query(
        "SELECT reference, since FROM value_reference WHERE rollout = ? AND metric = ?",
    )
    .bind(int(rollout))
    .bind(metric)
    .fetch_optional(write.sql())
    .await?;
    let frozen = |row: SqliteRow| {
        Ok(Frozen { reference: row.json("reference")?, since: row.try_get("since")? })
    };
    row.map(frozen).transpose()
}

/// Keeps a value of the incumbent's from before the canary, while there is room.
pub(super) async fn sample_before(
    write: &mut Write<'_>,
    of: Of<'_>,
    sampled: Sampled,
) -> Result<(), storage::Error> {
    add(write, of, Stage::Before, sampled).await?;
    Ok(())
}

/// The reference for a value of the canary for which there is none: at once where enough values came
/// before the canary; else with the last value of the burn-in, which this may be.
pub(super) async fn make(
    write: &mut Write<'_>,
    of: Of<'_>,
    sampled: Sampled,
) -> Result<Option<Frozen>, storage::Error> {
    let before = count(write, of, Stage::Before).await?;
    let first = count(write, of, Stage::Live).await? == 0;
    if first
        && before >= i64::from(BEFORE_MIN)
        && let Some(frozen) = freeze(write, of).await?
    {
        return Ok(Some(frozen));
    }
    let Some(live) = add(write, of, Stage::Live, sampled).await? else { return Ok(None) };
    let whole = (before + live) % i64::from(BURN_IN) == 0;
    if whole { freeze(write, of).await } else { Ok(None) }
}

/// When a value came to be.
#[derive(Debug, Clone, Copy)]
enum Stage {
    Before,
    Live,
}

impl Stage {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Before => "before",
            Self::Live => "live",
        }
    }
}

async fn count(
    write: &mut Write<'_>,
    (rollout, metric): Of<'_>,
    stage: Stage,
) -> Result<i64, storage::Error> {
    // They are numbered from 1 without gaps, so the last one tells how many came.
    let count = sqlx::query_scalar(
        "SELECT coalesce(max(number), 0) FROM value_sample
         WHERE rollout = ? AND metric = ? AND stage = ?",
    )
    .bind(int(rollout))
    .bind(metric)
    .bind(stage.as_str())
    .fetch_one(write.sql())
    .await?;
    Ok(count)
}

/// Gives how many of the stage came by then; none: there was no room.
async fn add(
    write: &mut Write<'_>,
    of: Of<'_>,
    stage: Stage,
    sampled: Sampled,
) -> Result<Option<i64>, storage::Error> {
    let number = count(write, of, stage).await? + 1;
    let (rollout, metric) = of;
    let excess = number - i64::from(SAMPLE_MAX);
    if excess > 0 {
        match stage {
            Stage::Before => return Ok(None),
            Stage::Live => forget(write, of, excess).await?,
        }
    }
    sqlx::query(
        "INSERT INTO value_sample (rollout, metric, stage, number, value, second)
         VALUES (?, ?, ?, ?, ?, ?)",
    )
    .bind(int(rollout))
    .bind(metric)
    .bind(stage.as_str())
    .bind(number)
    .bind(sampled.value)
    .bind(sampled.second)
    .execute(write.sql())
    .await?;
    Ok(Some(number))
}

/// Makes room for a newer value of the canary.
async fn forget(
    write: &mut Write<'_>,
    (rollout, metric): Of<'_>,
    number: i64,
) -> Result<(), storage::Error> {
    sqlx::query(
        "DELETE FROM value_sample
         WHERE rollout = ? AND metric = ? AND stage = 'live' AND number = ?",
    )
    .bind(int(rollout))
    .bind(metric)
    .bind(number)
    .execute(write.sql())
    .await?;
    Ok(())
}

/// Makes a reference of what was sampled, and forgets the sample. None of values that are all alike.
async fn freeze(
    write: &mut Write<'_>,
    (rollout, metric): Of<'_>,
) -> Result<Option<Frozen>, storage::Error> {
    let rows = sqlx::query(
        "SELECT value, iif(stage = 'live', second + 1, NULL) AS since FROM value_sample
         WHERE rollout = ? AND metric = ?",
    )
    .bind(int(rollout))
    .bind(metric)
    .fetch_all(write.sql())
    .await?;
    let (mut sample, mut since) = (Vec::with_capacity(rows.len()), i64::MIN);
    for row in &rows {
        sample.push(row.try_get("value")?);
        since = since.max(row.try_get::<Option<i64>, _>("since")?.unwrap_or(i64::MIN));
    }
    let reference = match Reference::freeze(&sample) {
        Ok(reference) => reference,
        Err(kpi::Error::Constant | kpi::Error::TooFew { .. }) => return Ok(None),
        Err(
            error @ (kpi::Error::NotFinite
            | kpi::Error::Damaged
            | kpi::Error::Ratio(_)
            | kpi::Error::Absolute(_)),
        ) => return Err(storage::Error::corrupt("value", &error)),
    };
    sqlx::query(
        "INSERT INTO value_reference (rollout, metric, reference, since) VALUES (?, ?, ?, ?)",
    )
    .bind(int(rollout))
    .bind(metric)
    .bind(to_json("reference", &reference)?)
    .bind(since)
    .execute(write.sql())
    .await?;
    sqlx::query("DELETE FROM value_sample WHERE rollout = ? AND metric = ?")
        .bind(int(rollout))
        .bind(metric)
        .execute(write.sql())
        .await?;
    Ok(Some(Frozen { reference, since }))
}
