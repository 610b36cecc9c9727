//! Which request went to which arm, kept until its label may no longer come.

use crate::row::to_json;
use crate::storage::Error;
use seatrial_domain::split::Arm;
use seatrial_domain::telemetry::{Assignment, Counted, Telemetry};
use serde::Serialize;
use sqlx::SqliteConnection;

/// What became of a batch.
#[derive(Debug, Clone, Copy)]
pub(super) struct Batch {
    pub(super) added: u64,
    pub(super) dropped: u64,
}

/// One element of the statement's JSON array.
#[derive(Serialize)]
struct Element<'a> {
    request: i64,
    endpoint: &'a str,
    rollout: Option<u64>,
    gate: Option<u8>,
    arm: &'static str,
    counted: &'static str,
    at: i64,
}

/// Adds what there is room for, in one statement; the rest is dropped and counted. A request that
/// is known already stays as it is.
pub(super) async fn put(
    sql: &mut SqliteConnection,
    from: &Telemetry,
    room: u64,
) -> Result<Batch, Error> {
    let room = usize::try_from(room).unwrap_or(usize::MAX);
    let elements: Vec<Element<'_>> = from.assignments.iter().take(room).map(element).collect();
    let dropped = from.assignments.len().saturating_sub(elements.len());
    let added = sqlx::query(
        "INSERT OR IGNORE INTO assignment (request, endpoint, rollout, gate, arm, counted, at)
         SELECT value ->> 'request', value ->> 'endpoint', value ->> 'rollout', value ->> 'gate',
                value ->> 'arm', value ->> 'counted', value ->> 'at'
         FROM json_each(?)",
    )
    .bind(to_json("assignments", &elements)?)
    .execute(sql)
    .await?
    .rows_affected();
    Ok(Batch { added, dropped: u64::try_from(dropped).unwrap_or(u64::MAX) })
}

fn element(assignment: &Assignment) -> Element<'_> {
    Element {
        request: assignment.request.cast_signed(),
        endpoint: assignment.endpoint.as_str(),
        rollout: assignment.rollout.map(|id| id.0),
        gate: assignment.gate.map(|gate| gate.0),
        arm: match assignment.arm {
            Arm::Incumbent => "incumbent",
            Arm::Candidate => "candidate",
        },
        counted: match assignment.counted {
            Counted::Yes => "yes",
            Counted::No => "no",
        },
        at: assignment.at.as_micros(),
    }
}
