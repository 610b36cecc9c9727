//! Labels joined to the arm and gate their request was assigned to.
//!
//! Owns what a label may be: a number where the rollout's pinned plan has a check of kind KPI on its
//! metric, or its shadow is told the right class by it, else yes or no.

mod reference;
mod scales;
pub(crate) mod value;

use crate::row::{Columns, int};
use crate::telemetry::cohorts::second;
use crate::telemetry::{closing, pairs, slices};
use crate::write::Write;
use crate::{Store, storage};
pub(crate) use scales::plan;
use scales::{Asked, Labels, Scales, Use};
use seatrial_domain::plan::Scale;
use seatrial_domain::telemetry::request_hash;
use seatrial_domain::{EndpointName, Timestamp};
use sqlx::Row;
use sqlx::sqlite::SqliteRow;

/// An outcome of one answered request.
#[derive(Debug, Clone, PartialEq)]
pub struct Label {
    pub endpoint: EndpointName,
    /// The answered `x-request-id`.
    pub request_id: String,
    pub metric: String,
    /// 1 for yes, 0 for no; of a KPI any number up to [`VALUE_MAX`] either side of 0.
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
    /// Neither yes nor no, where the plan asks for no number.
    #[error("the plan has no check of kind kpi on this metric, so a label is 0 or 1, not {0}")]
    Value(f64),
    /// A number beyond what is counted.
    #[error("a value lies from -{VALUE_MAX:e} to {VALUE_MAX:e}, unlike {0}")]
    Range(f64),
    /// Names are kept for as long as their counts, so clients may not make up ever more of them.
    #[error("there are {limit} metrics already, the most a request or a gate may have")]
    Metrics { limit: u32 },
}

/// The largest value that is counted, on either side of 0.
pub const VALUE_MAX: f64 = 1e15;

/// Distinct metrics of a request, and of a gate, beyond which no more are taken that no plan asks for.
const METRICS: u32 = 32;

/// Whether the metric `?2` is one too many for the request `?1`, or for its gate.
const TOO_MANY: &str = "
    SELECT (SELECT count(*) >= ?3 AND sum(metric = ?2) = 0 FROM feedback WHERE request = ?1)
        OR (SELECT count(DISTINCT metric) >= ?3 AND sum(metric = ?2) = 0
            FROM feedback_cell JOIN assignment USING (rollout, gate) WHERE request = ?1)";

const CELL: &str = "
    INSERT INTO feedback_cell (rollout, gate, metric, candidate_bad, candidate_good,
                               incumbent_bad, incumbent_good, seen)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
    ON CONFLICT (rollout, gate, seen, metric) DO UPDATE SET
        candidate_bad = candidate_bad + ?4, candidate_good = candidate_good + ?5,
        incumbent_bad = incumbent_bad + ?6, incumbent_good = incumbent_good + ?7";

/// The same by the second `?9` of the assignment.
const COHORT: &str = "
    INSERT INTO cohort_label (rollout, gate, metric, candidate_bad, candidate_good,
                              incumbent_bad, incumbent_good, seen, second)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
    ON CONFLICT (rollout, gate, seen, metric, second) DO UPDATE SET
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
        let mut scales = Scales::default();
        for label in labels {
            answers.push(join(&mut write, &mut scales, label).await?);
        }
        write.commit().await?;
        Ok(answers)
    }
}

async fn join(
    write: &mut Write<'_>,
    scales: &mut Scales,
    label: &Label,
) -> Result<Result<(), Error>, storage::Error> {
    let request = request_hash(&label.endpoint, &label.request_id).cast_signed();
    let assignment = sqlx::query("SELECT * FROM assignment WHERE request = ? AND endpoint = ?")
        .bind(request)
        .bind(label.endpoint.as_str())
        .fetch_optional(write.sql())
        .await?;
    let Some(assignment) = assignment else { return Ok(Err(Error::Unknown)) };
    let Labels { scale, used, asked } =
        scales.of(write, assignment.maybe_count("rollout")?, &label.metric).await?;
    let told = match Told::read(scale, label.value) {
        Ok(told) => told,
        Err(error) => return Ok(Err(error)),
    };
    if asked == Asked::ByNobody && is_one_too_many(write, request, &label.metric).await? {
        return Ok(Err(Error::Metrics { limit: METRICS }));
    }
    let added = sqlx::query(
        "INSERT OR IGNORE INTO feedback (request, metric, value, at) VALUES (?, ?, ?, ?)",
    )
    .bind(request)
    .bind(&label.metric)
    .bind(told.number())
    .bind(label.at.as_micros())
    .execute(write.sql())
    .await?;
    if added.rows_affected() == 0 {
        return repeated(write, (request, told), label).await;
    }
    // A unit with a key is counted with all its labels, when it is closed.
    let keyed = assignment.try_get::<Option<i64>, _>("unit")?.is_some();
    match told {
        Told::YesNo(_) | Told::Number(_) if used == Use::Closed && keyed => {
            closing::label(write, &assignment, &label.metric).await?;
        }
        Told::Number(class) if used == Use::RightClass => {
            pairs::label(write, request, class).await?;
        }
        Told::YesNo(outcome) => count(write, &assignment, &label.metric, outcome).await?,
        Told::Number(value) => value::join(write, &assignment, &label.metric, value).await?,
    }
    Ok(Ok(()))
}

async fn is_one_too_many(
    write: &mut Write<'_>,
    request: i64,
    metric: &str,
) -> Result<bool, storage::Error> {
    let query = sqlx::query_scalar(TOO_MANY).bind(request).bind(metric).bind(METRICS);
    Ok(query.fetch_one(write.sql()).await?)
}

/// What a label says.
#[derive(Debug, Clone, Copy)]
enum Told {
    YesNo(Outcome),
    Number(f64),
}

/// Bad is "no": whether that is worse for the metric is the check's to say.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Outcome {
    Good,
    Bad,
}

impl Told {
    fn read(scale: Scale, value: f64) -> Result<Self, Error> {
        match scale {
            Scale::YesNo if value.total_cmp(&1.0).is_eq() => Ok(Self::YesNo(Outcome::Good)),
            Scale::YesNo if value.abs().total_cmp(&0.0).is_eq() => Ok(Self::YesNo(Outcome::Bad)),
            Scale::YesNo => Err(Error::Value(value)),
            // Nothing below nothing is nothing: -0 is 0.
            Scale::Number if value.abs() <= VALUE_MAX => Ok(Self::Number(value + 0.0)),
            Scale::Number => Err(Error::Range(value)),
        }
    }

    const fn number(self) -> f64 {
        match self {
            Self::YesNo(Outcome::Good) => 1.0,
            Self::YesNo(Outcome::Bad) => 0.0,
            Self::Number(value) => value,
        }
    }
}

async fn repeated(
    write: &mut Write<'_>,
    (request, told): (i64, Told),
    label: &Label,
) -> Result<Result<(), Error>, storage::Error> {
    let row = sqlx::query("SELECT value FROM feedback WHERE request = ? AND metric = ?")
        .bind(request)
        .bind(&label.metric)
        .fetch_one(write.sql())
        .await?;
    let first: f64 = row.try_get("value")?;
    let same = first.total_cmp(&told.number()).is_eq();
    Ok(if same { Ok(()) } else { Err(Error::Different { first }) })
}

/// The rollout and gate whose evidence a request is: it is its unit's first.
fn counted_under(assignment: &SqliteRow) -> Result<Option<(u64, u64)>, storage::Error> {
    let (rollout, gate) = (assignment.maybe_count("rollout")?, assignment.maybe_count("gate")?);
    let counted = assignment.text("counted")? == "yes";
    Ok(rollout.zip(gate).filter(|_| counted))
}

/// Counts a unit by its outcome; `assignment` is its first request's.
pub(crate) async fn count(
    write: &mut Write<'_>,
    assignment: &SqliteRow,
    metric: &str,
    outcome: Outcome,
) -> Result<(), storage::Error> {
    let Some((rollout, gate)) = counted_under(assignment)? else { return Ok(()) };
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
    let seen = int(assignment.count("seen")?);
    cell_of_gate.bind(seen).execute(write.sql()).await?;
    of_cohort.bind(seen).bind(second(at)).execute(write.sql()).await?;
    let Some(labels) = assignment.maybe_json("slices")? else { return Ok(()) };
    let stratum = slices::Stratum { rollout: int(rollout), gate: int(gate), seen };
    slices::label(write, (stratum, metric), (&labels, at), cell).await
}
