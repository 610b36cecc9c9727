//! Which request went to which arm, kept until its label may no longer come.
//!
//! Owns the bound on rows: as they fill it, assignments are sampled on their hash. Whoever
//! is left out is no unit whose label is waited for, on either arm. Who is kept stays, however narrow
//! the sample becomes: the unit's label may be counted and looked at already (docs/adr/0012). So later
//! requests of its window are kept as well, which are part of its value.

use super::{cohorts, slices};
use crate::row::{Columns, to_json};
use crate::storage::Error;
use seatrial_domain::evidence::Labels;
use seatrial_domain::split::Arm;
use seatrial_domain::telemetry::{Assignment, Counted, Telemetry, sample};
use serde::Serialize;
use sqlx::SqliteConnection;
use std::collections::BTreeSet;

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

/// Of the list `?1`, later requests of units whose first is kept.
const FOLLOWING: &str = "
    SELECT DISTINCT value ->> 'request' AS request FROM json_each(?1)
    WHERE EXISTS (SELECT 1 FROM assignment AS first
                  WHERE first.rollout = value ->> 'rollout' AND first.gate = value ->> 'gate'
                    AND first.unit = value ->> 'unit' AND first.counted = 'yes')";

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
    let following = following(sql, &from.assignments).await?;
    let elements = fitting((&from.assignments, &following), room);
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

/// Later requests of units that are kept; asked only where a plan counts units by all their labels.
async fn following(
    sql: &mut SqliteConnection,
    assignments: &[Assignment],
) -> Result<BTreeSet<i64>, Error> {
    let later = |one: &&Assignment| one.counted == Counted::No && one.unit.is_some();
    let later: Vec<_> = assignments.iter().filter(later).map(element).collect();
    if later.is_empty() {
        return Ok(BTreeSet::new());
    }
    let list = to_json("assignments", &later)?;
    let known: Vec<i64> = sqlx::query_scalar(FOLLOWING).bind(list).fetch_all(sql).await?;
    Ok(known.into_iter().collect())
}

/// The assignments there is room for: those that follow a kept one, then the others of evidence, then
/// what is none, each as many as its sample leaves.
fn fitting<'a>(
    (assignments, following): (&'a [Assignment], &BTreeSet<i64>),
    room: Room,
) -> Vec<Element<'a>> {
    let (evidence, other): (Vec<_>, Vec<_>) = assignments.iter().partition(|one| one.is_evidence());
    let follows = |one: &&Assignment| following.contains(&one.request.cast_signed());
    let (later, evidence): (Vec<_>, Vec<_>) = evidence.into_iter().partition(follows);
    let later = sampled_from(0, &later, room.all.rows);
    let all = room.all.less(later.len());
    let yes = sampled(&evidence, all);
    let rows = room.uncounted.rows.min(all.less(yes.len()).rows);
    let no = sampled(&other, Left { rows, ..room.uncounted });
    later.into_iter().chain(yes).chain(no).map(element).collect()
}

impl Left {
    /// When so many are added.
    fn less(self, added: usize) -> Self {
        let rows = self.rows.saturating_sub(u64::try_from(added).unwrap_or(u64::MAX));
        Self { rows, ..self }
    }
}

/// Those in the sample as it is with this room, or the largest after it that fits.
fn sampled<'a>(all: &[&'a Assignment], room: Left) -> Vec<&'a Assignment> {
    sampled_from(sample::level(room.rows, room.limit), all, room.rows)
}

/// Those in the sample at this level, or the largest after it of which all are `rows` at most.
fn sampled_from<'a>(level: u32, all: &[&'a Assignment], rows: u64) -> Vec<&'a Assignment> {
    let fits = usize::try_from(rows).unwrap_or(usize::MAX);
    let mut kept = all.to_vec();
    for level in level..=u64::BITS {
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
