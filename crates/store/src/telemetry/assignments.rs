//! Which request went to which arm, kept until its label may no longer come.
//!
//! Owns the bound on rows: as they fill it, assignments are sampled on their hash. Whoever
//! is left out is no unit whose label is waited for, on either arm.

use super::{cohorts, slices};
use crate::row::{Columns, to_json};
use crate::storage::Error;
use seatrial_domain::evidence::Labels;
use seatrial_domain::split::Arm;
use seatrial_domain::telemetry::{Assignment, Counted, Telemetry, sample};
use serde::Serialize;
use sqlx::SqliteConnection;

/// Rows that may still be added.
#[derive(Debug, Clone, Copy)]
pub(super) struct Room {
    pub(super) all: Left,
    /// Of those, rows that are no evidence.
    pub(super) uncounted: Left,
}

/// Rows that may still be added, of so many at most.
#[derive(Debug, Clone, Copy)]
pub(super) struct Left {
    pub(super) rows: u64,
    pub(super) limit: u64,
}

/// What became of a batch.
#[derive(Debug, Clone, Copy)]
pub(super) struct Batch {
    pub(super) added: u64,
    /// Of those added, rows that are no evidence.
    pub(super) uncounted: u64,
    pub(super) dropped: u64,
}

/// What in the list `?1` is not known yet.
const NEW: &str = "
    SELECT count(DISTINCT value ->> 'request') AS added,
           count(DISTINCT iif(value ->> 'counted' = 'no' AND value ->> 'unit' IS NULL,
                              value ->> 'request', NULL)) AS uncounted
    FROM json_each(?1)
    WHERE NOT EXISTS (SELECT 1 FROM assignment WHERE request = value ->> 'request')";

/// An id that comes again under another gate means the later request, unless somebody has labelled
/// the earlier one; under the same gate the first stays.
const PUT: &str = "
    INSERT INTO assignment (request, endpoint, rollout, gate, seen, arm, counted, unit, slices, at)
    SELECT value ->> 'request', value ->> 'endpoint', value ->> 'rollout', value ->> 'gate',
           value ->> 'seen', value ->> 'arm', value ->> 'counted', value ->> 'unit',
           value -> 'slices', value ->> 'at'
    FROM json_each(?1) WHERE true
    ON CONFLICT (request) DO UPDATE SET rollout = excluded.rollout, gate = excluded.gate,
        seen = excluded.seen, arm = excluded.arm, counted = excluded.counted, unit = excluded.unit,
        slices = excluded.slices, at = excluded.at
    WHERE (rollout IS NOT excluded.rollout OR gate IS NOT excluded.gate)
      AND NOT EXISTS (SELECT 1 FROM feedback WHERE feedback.request = assignment.request)";

const YES: &str = "yes";

/// One element of the statement's JSON array.
#[derive(Serialize)]
struct Element<'a> {
    request: i64,
    endpoint: &'a str,
    rollout: Option<u64>,
    gate: Option<u8>,
    seen: u16,
    arm: &'static str,
    counted: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    unit: Option<i64>,
    #[serde(skip_serializing_if = "Labels::is_empty")]
    slices: &'a Labels,
    at: i64,
}

/// Adds what there is room for, in one statement; the rest is dropped and counted.
pub(super) async fn put(
    sql: &mut SqliteConnection,
    from: &Telemetry,
    room: Room,
) -> Result<Batch, Error> {
    let elements = fitting(&from.assignments, room);
    // Of a unit that is not kept no label can be joined: it is not waited for either.
    let counted = elements.iter().filter(|one| one.counted == YES).collect::<Vec<_>>();
    let units = to_json("assignments", &counted)?;
    cohorts::put(sql, &units).await?;
    slices::put(sql, &units).await?;
    let dropped = from.assignments.len().saturating_sub(elements.len());
    let list = to_json("assignments", &elements)?;
    let new = sqlx::query(NEW).bind(&list).fetch_one(&mut *sql).await?;
    sqlx::query(PUT).bind(&list).execute(sql).await?;
    Ok(Batch {
        added: new.count("added")?,
        uncounted: new.count("uncounted")?,
        dropped: u64::try_from(dropped).unwrap_or(u64::MAX),
    })
}

/// The assignments there is room for, in their order: of evidence first, then of what is none, each as
/// many as its sample leaves.
fn fitting(assignments: &[Assignment], room: Room) -> Vec<Element<'_>> {
    let (evidence, other): (Vec<_>, Vec<_>) = assignments.iter().partition(|one| one.is_evidence());
    let yes = sampled(&evidence, room.all);
    let left = room.all.rows.saturating_sub(u64::try_from(yes.len()).unwrap_or(u64::MAX));
    let no = sampled(&other, Left { rows: room.uncounted.rows.min(left), ..room.uncounted });
    yes.into_iter().chain(no).map(element).collect()
}

/// Those in the sample as it is with this room, or the largest after it that fits.
fn sampled<'a>(all: &[&'a Assignment], room: Left) -> Vec<&'a Assignment> {
    let fits = usize::try_from(room.rows).unwrap_or(usize::MAX);
    let mut kept = all.to_vec();
    for level in sample::level(room.rows, room.limit)..=u64::BITS {
        kept.retain(|one| one.is_within(level));
        if kept.len() <= fits {
            return kept;
        }
    }
    Vec::new()
}

fn element(assignment: &Assignment) -> Element<'_> {
    Element {
        request: assignment.request.cast_signed(),
        endpoint: assignment.endpoint.as_str(),
        rollout: assignment.rollout.map(|id| id.0),
        gate: assignment.gate.map(|gate| gate.0),
        seen: assignment.seen.share().basis_points(),
        arm: match assignment.arm {
            Arm::Incumbent => "incumbent",
            Arm::Candidate => "candidate",
        },
        counted: match assignment.counted {
            Counted::Yes => YES,
            Counted::No => "no",
        },
        unit: assignment.unit.map(u64::cast_signed),
        slices: &assignment.slices,
        at: assignment.at.as_micros(),
    }
}
