//! Labels joined to the arm and gate their request was assigned to.

use crate::row::{Columns, int};
use crate::telemetry::cohorts::second;
use crate::write::Write;
use crate::{Store, storage};
use seatrial_domain::telemetry::request_hash;
use seatrial_domain::{EndpointName, Timestamp};
use sqlx::Row;
use sqlx::sqlite::SqliteRow;

/// A yes/no outcome of one answered request.
#[derive(Debug, Clone, PartialEq)]
pub struct Label {
    pub endpoint: EndpointName,
    /// The answered `x-request-id`.
    pub request_id: String,
    pub metric: String,
    /// 1 for yes, 0 for no.
    pub value: f64,
    pub at: Timestamp,
}

/// Why a label was not joined.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Error {
    /// Never answered, too long ago, or dropped for want of room.
    #[error("no request of this id is known: it was never answered here, or too long ago")]
    Unknown,
    /// A label that came before says otherwise; it stays.
    #[error("the request has this metric's label already: {first}")]
    Different { first: f64 },
    /// Neither yes nor no.
    #[error("a label is 0 or 1, not {0}")]
    Value(f64),
    /// Names are kept for as long as their counts, so clients may not make up ever more of them.
    #[error("there are {limit} metrics already, the most a request or a gate may have")]
    Metrics { limit: u32 },
}

/// Distinct metrics of a request, and of a gate.
const METRICS: u32 = 32;

/// Whether the metric `?2` is one too many for the request `?1`, or for its gate.
const TOO_MANY: &str = "
    SELECT (SELECT count(*) >= ?3 AND sum(metric = ?2) = 0 FROM feedback WHERE request = ?1)
        OR (SELECT count(*) >= ?3 AND sum(metric = ?2) = 0
            FROM feedback_cell JOIN assignment USING (rollout, gate) WHERE request = ?1)";

const CELL: &str = "
    INSERT INTO feedback_cell (rollout, gate, metric, candidate_bad, candidate_good,
                               incumbent_bad, incumbent_good)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
    ON CONFLICT (rollout, gate, metric) DO UPDATE SET
        candidate_bad = candidate_bad + ?4, candidate_good = candidate_good + ?5,
        incumbent_bad = incumbent_bad + ?6, incumbent_good = incumbent_good + ?7";

/// The same by the second `?8` of the assignment.
const COHORT: &str = "
    INSERT INTO cohort_label (rollout, gate, metric, candidate_bad, candidate_good,
                              incumbent_bad, incumbent_good, second)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
    ON CONFLICT (rollout, gate, metric, second) DO UPDATE SET
        candidate_bad = candidate_bad + ?4, candidate_good = candidate_good + ?5,
        incumbent_bad = incumbent_bad + ?6, incumbent_good = incumbent_good + ?7";

impl Store {
    /// Joins a batch in one transaction; the answers are in its order. The same label again is
    /// good and counts once. On a storage error none of the batch was joined.
    pub async fn join_feedback(
        &self,
        labels: &[Label],
    ) -> Result<Vec<Result<(), Error>>, storage::Error> {
        let mut write = self.write().await?;
        let mut answers = Vec::with_capacity(labels.len());
        for label in labels {
            answers.push(join(&mut write, label).await?);
        }
        write.commit().await?;
        Ok(answers)
    }
}

async fn join(write: &mut Write<'_>, label: &Label) -> Result<Result<(), Error>, storage::Error> {
    let yes = match label.value {
        1.0 => Outcome::Good,
        0.0 => Outcome::Bad,
        other => return Ok(Err(Error::Value(other))),
    };
    let request = request_hash(&label.endpoint, &label.request_id).cast_signed();
    let assignment = sqlx::query("SELECT * FROM assignment WHERE request = ? AND endpoint = ?")
        .bind(request)
        .bind(label.endpoint.as_str())
        .fetch_optional(write.sql())
        .await?;
    let Some(assignment) = assignment else { return Ok(Err(Error::Unknown)) };
    let too_many: bool = sqlx::query_scalar(TOO_MANY)
        .bind(request)
        .bind(&label.metric)
        .bind(METRICS)
        .fetch_one(write.sql())
        .await?;
    if too_many {
        return Ok(Err(Error::Metrics { limit: METRICS }));
    }
    let added = sqlx::query(
        "INSERT OR IGNORE INTO feedback (request, metric, value, at) VALUES (?, ?, ?, ?)",
    )
    .bind(request)
    .bind(&label.metric)
    .bind(label.value)
    .bind(label.at.as_micros())
    .execute(write.sql())
    .await?;
    if added.rows_affected() == 0 {
        return repeated(write, request, label).await;
    }
    count(write, &assignment, &label.metric, yes).await?;
    Ok(Ok(()))
}

/// Bad is "no": whether that is worse for the metric is the check's to say.
#[derive(Debug, Clone, Copy)]
enum Outcome {
    Good,
    Bad,
}

async fn repeated(
    write: &mut Write<'_>,
    request: i64,
    label: &Label,
) -> Result<Result<(), Error>, storage::Error> {
    let row = sqlx::query("SELECT value FROM feedback WHERE request = ? AND metric = ?")
        .bind(request)
        .bind(&label.metric)
        .fetch_one(write.sql())
        .await?;
    let first: f64 = row.try_get("value")?;
    let same = first.total_cmp(&label.value).is_eq();
    Ok(if same { Ok(()) } else { Err(Error::Different { first }) })
}

/// Only a request that is its unit's first under a gate is evidence.
async fn count(
    write: &mut Write<'_>,
    assignment: &SqliteRow,
    metric: &str,
    outcome: Outcome,
) -> Result<(), storage::Error> {
    let (rollout, gate) = (assignment.maybe_count("rollout")?, assignment.maybe_count("gate")?);
    let (Some(rollout), Some(gate)) = (rollout, gate) else { return Ok(()) };
    if assignment.text("counted")? != "yes" {
        return Ok(());
    }
    let cell = match (assignment.text("arm")?.as_str(), outcome) {
        ("candidate", Outcome::Bad) => [1, 0, 0, 0],
        ("candidate", Outcome::Good) => [0, 1, 0, 0],
        (_, Outcome::Bad) => [0, 0, 1, 0],
        (_, Outcome::Good) => [0, 0, 0, 1],
    };
    let mut cell_of_gate = sqlx::query(CELL).bind(int(rollout)).bind(int(gate)).bind(metric);
    let at = assignment.time("at")?;
    let mut of_cohort = sqlx::query(COHORT).bind(int(rollout)).bind(int(gate)).bind(metric);
    for one in cell {
        cell_of_gate = cell_of_gate.bind(one);
        of_cohort = of_cohort.bind(one);
    }
    cell_of_gate.execute(write.sql()).await?;
    of_cohort.bind(second(at)).execute(write.sql()).await?;
    Ok(())
}
