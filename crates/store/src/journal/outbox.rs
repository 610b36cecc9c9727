//! How far each consumer has delivered. The journal's rows are the outbox's.

use crate::Store;
use crate::row::{Columns, int, to_json};
use crate::storage::Error;
use seatrial_domain::EndpointName;
use seatrial_domain::rollout::Cause;

impl Store {
    /// The last row that `consumer` has delivered; 0 before the first.
    pub async fn delivered_to(&self, consumer: &str) -> Result<u64, Error> {
        let row = sqlx::query("SELECT seq FROM outbox WHERE consumer = ?")
            .bind(consumer)
            .fetch_optional(&mut *self.reader().await?)
            .await?;
        row.map_or(Ok(0), |row| row.count("seq"))
    }

    /// Whether a rollout was created on the endpoint after row `seq`, for exactly this cause: what a
    /// consumer asks that may have been interrupted between a start and its note of it.
    pub async fn has_created(
        &self,
        endpoint: &EndpointName,
        seq: u64,
        cause: &str,
    ) -> Result<bool, Error> {
        let said = to_json("cause", &Cause::Said { text: cause.to_owned() })?;
        let row = sqlx::query(
            "SELECT 1 FROM journal
             WHERE endpoint = ? AND seq > ? AND event = 'created' AND cause = ? LIMIT 1",
        )
        .bind(endpoint.as_str())
        .bind(int(seq))
        .bind(said)
        .fetch_optional(&mut *self.reader().await?)
        .await?;
        Ok(row.is_some())
    }

    /// Notes that `consumer` has delivered all rows up to `seq`. Never moves back. After a power cut
    /// the note may be lost, and then so is everything that was committed after it: rows that are
    /// given out again are looked at as things stood.
    pub async fn delivered(&self, consumer: &str, seq: u64) -> Result<(), Error> {
        let mut write = self.write_unhurried().await?;
        sqlx::query(
            "INSERT INTO outbox (consumer, seq) VALUES (?, ?)
             ON CONFLICT (consumer) DO UPDATE SET seq = max(seq, excluded.seq)",
        )
        .bind(consumer)
        .bind(int(seq))
        .execute(write.sql())
        .await?;
        write.commit().await
    }
}
