//! From when on a gate's units are closed, and how long each is waited for: noted with the flush that
//! brings the first of them.

use super::whole_second;
use crate::row::{Columns, int};
use crate::storage;
use seatrial_domain::RolloutId;
use seatrial_domain::evidence::GateIndex;
use seatrial_domain::plan::{PerUnit, Plan};
use seatrial_domain::telemetry::{Counted, Telemetry};
use sqlx::SqliteConnection;
use std::collections::BTreeMap;
use std::time::Duration;

/// Notes which units of a flush are to be closed. One that comes for a time that is closed already has no
/// value: it was not stored by then.
pub(in crate::telemetry) async fn put(
    sql: &mut SqliteConnection,
    from: &Telemetry,
) -> Result<(), storage::Error> {
    let mut gates: BTreeMap<(RolloutId, GateIndex), (i64, i64)> = BTreeMap::new();
    for one in from.assignments.iter().filter(|one| one.counted == Counted::Yes) {
        let (Some(rollout), Some(gate), Some(_)) = (one.rollout, one.gate, one.unit) else {
            continue;
        };
        let at = one.at.as_micros();
        let (first, last) = gates.entry((rollout, gate)).or_insert((at, at));
        (*first, *last) = ((*first).min(at), (*last).max(at));
    }
    for ((rollout, gate), (first, last)) in gates {
        let known = sqlx::query(
            "UPDATE unit_closing SET last = max(last, ?3) WHERE rollout = ?1 AND gate = ?2",
        )
        .bind(int(rollout.0))
        .bind(i64::from(gate.0))
        .bind(last)
        .execute(&mut *sql)
        .await?;
        if known.rows_affected() == 0 {
            begin(sql, (rollout, gate), (first, last)).await?;
        }
    }
    Ok(())
}

/// The first units of a gate: from when on they are closed, metric by metric, as the plan says.
async fn begin(
    sql: &mut SqliteConnection,
    (rollout, gate): (RolloutId, GateIndex),
    (first, last): (i64, i64),
) -> Result<(), storage::Error> {
    let row = sqlx::query(
        "SELECT state -> '$.plan' AS plan, state ->> '$.settings.deadline' AS deadline_ms
         FROM rollout WHERE id = ?",
    )
    .bind(int(rollout.0))
    .fetch_optional(&mut *sql)
    .await?;
    let Some(row) = row else { return Ok(()) };
    let plan: Plan = row.json("plan")?;
    // An assignment is stored with its answer, which may take as long.
    let deadline = Duration::from_millis(row.count("deadline_ms")?);
    for of in plan.awaited().iter().filter(|of| of.gate == gate) {
        let span = of.span.saturating_add(deadline);
        let per_unit = match of.per_unit {
            PerUnit::First => continue,
            PerUnit::Any => "any",
            PerUnit::Mean => "mean",
        };
        sqlx::query(
            "INSERT OR IGNORE INTO unit_closing (rollout, gate, metric, per_unit, span, until, last)
             VALUES (?, ?, ?, ?, ?, ?, ?)",
        )
        .bind(int(rollout.0))
        .bind(i64::from(gate.0))
        .bind(of.metric)
        .bind(per_unit)
        .bind(i64::try_from(span.as_micros()).unwrap_or(i64::MAX))
        .bind(whole_second(first))
        .bind(last)
        .execute(&mut *sql)
        .await?;
    }
    Ok(())
}
