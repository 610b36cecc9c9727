//! "Which version served this endpoint at time T, and why": from the journal alone.

use super::list::{Row, read};
use crate::Store;
use crate::row::Columns;
use crate::storage::Error;
use seatrial_domain::{EndpointName, Timestamp, VersionRef};
use serde::Serialize;

/// What an endpoint answered with, and the row that made it so.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Served {
    pub endpoint: EndpointName,
    /// Nothing: it answered 503.
    pub version: Option<VersionRef>,
    /// Since when, by whom and why.
    pub row: Row,
}

impl Store {
    /// Each endpoint's serving version at `time`, by endpoint. One that had never served by then
    /// is absent.
    pub async fn served_at(&self, time: Timestamp) -> Result<Vec<Served>, Error> {
        let rows = sqlx::query(
            "SELECT * FROM journal WHERE seq IN (
                 SELECT max(seq) FROM journal
                 WHERE serving IS NOT NULL AND at <= ? GROUP BY endpoint)
             ORDER BY endpoint",
        )
        .bind(time.as_micros())
        .fetch_all(self.readers())
        .await?;
        rows.iter()
            .map(|row| {
                let endpoint = row.parsed("endpoint")?;
                Ok(Served { endpoint, version: row.json("serving")?, row: read(row)? })
            })
            .collect()
    }
}
