//! "Which version served this endpoint at time T, and why": from the journal alone.

use super::list::{Row, read};
use crate::Store;
use crate::rollouts::Phase;
use crate::row::{Columns, from_json};
use crate::storage::Error;
use seatrial_domain::{EndpointName, RolloutId, Share, Timestamp, VersionNumber, VersionRef};
use serde::Serialize;
use sqlx::Connection as _;
use sqlx::SqliteConnection;
use sqlx::sqlite::SqliteRow;
use std::collections::BTreeMap;

/// What an endpoint answered with, and the row that made it so.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Served {
    pub endpoint: EndpointName,
    /// Nothing: it answered 503.
    pub version: Option<VersionRef>,
    /// Since when, by whom and why.
    pub row: Row,
    /// The rollout that was past the queue and had not ended.
    pub rollout: Option<Underway>,
}

/// How far a rollout was.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Underway {
    pub id: RolloutId,
    pub candidate: VersionRef,
    pub stage: String,
    /// Of the units, to the candidate; zero under `paused(incident)`, when the incumbent answers.
    pub share: Share,
    pub overlays: Vec<String>,
}

impl Store {
    /// Each endpoint's serving version at `time`, by endpoint, and the rollout it was in. One that
    /// had never served by then is absent.
    pub async fn served_at(&self, time: Timestamp) -> Result<Vec<Served>, Error> {
        let mut reader = self.reader().await?;
        let mut tx = reader.begin().await?;
        let mut underway = underway(&mut tx, time).await?;
        let rows = sqlx::query(
            "SELECT * FROM journal WHERE seq IN (
                 SELECT max(seq) FROM journal
                 WHERE serving IS NOT NULL AND at <= ? GROUP BY endpoint)
             ORDER BY endpoint",
        )
        .bind(time.as_micros())
        .fetch_all(&mut *tx)
        .await?;
        rows.iter()
            .map(|row| {
                let endpoint = row.parsed("endpoint")?;
                let rollout = underway.remove(&endpoint);
                Ok(Served { endpoint, version: row.json("serving")?, row: read(row)?, rollout })
            })
            .collect()
    }
}

/// The rollouts past the queue and not over at `time`: at most one of an endpoint. What a rollout
/// promotes is fixed when it is created, so the journal need not repeat it.
async fn underway(
    sql: &mut SqliteConnection,
    time: Timestamp,
) -> Result<BTreeMap<EndpointName, Underway>, Error> {
    let rows = sqlx::query(
        "SELECT j.endpoint, j.rollout, j.to_stage, j.share, j.overlays, r.model, r.number, r.digest
         FROM journal AS j JOIN rollout AS r ON r.id = j.rollout
         WHERE j.seq IN (
             SELECT max(seq) FROM journal
             WHERE rollout IS NOT NULL AND at <= ? GROUP BY rollout)",
    )
    .bind(time.as_micros())
    .fetch_all(sql)
    .await?;
    let mut underway = BTreeMap::new();
    for row in &rows {
        let stage = row.text("to_stage")?;
        match Phase::of(from_json("to_stage", &format!("{stage:?}"))?) {
            Phase::Active => {
                underway.insert(row.parsed("endpoint")?, one(row, stage)?);
            }
            Phase::Queued | Phase::Ended => {}
        }
    }
    Ok(underway)
}

fn one(row: &SqliteRow, stage: String) -> Result<Underway, Error> {
    let candidate = VersionRef {
        model: row.parsed("model")?,
        number: VersionNumber(row.count("number")?),
        digest: row.parsed("digest")?,
    };
    let share = u16::try_from(row.count("share")?).map_err(|e| Error::corrupt("share", &e))?;
    Ok(Underway {
        id: RolloutId(row.count("rollout")?),
        candidate,
        stage,
        share: Share::new(share).map_err(|e| Error::corrupt("share", &e))?,
        overlays: row.maybe_json("overlays")?.unwrap_or_default(),
    })
}
