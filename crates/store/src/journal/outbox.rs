//! How far each consumer has delivered. The journal's rows are the outbox's.

use super::{Filter, Row};
use crate::Store;
use crate::page::Request;
use crate::row::{Columns, int};
use crate::storage::Error;

impl Store {
    /// The rows `consumer` has not delivered yet, in order, at most `limit`.
    pub async fn outbox(&self, consumer: &str, limit: u32) -> Result<Vec<Row>, Error> {
        let row = sqlx::query("SELECT seq FROM outbox WHERE consumer = ?")
            .bind(consumer)
            .fetch_optional(self.readers())
            .await?;
        let seq = row.map_or(Ok(0), |row| row.count("seq"))?;
        Ok(self.journal(&Filter::default(), &Request::after(seq, limit)).await?.items)
    }

    /// Notes that `consumer` has delivered all rows up to `seq`. Never moves back.
    pub async fn delivered(&self, consumer: &str, seq: u64) -> Result<(), Error> {
        let mut write = self.write().await?;
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
