//! Validation's full reports, one a rollout, as the JSON their writer made.

use crate::row::{Columns, int, to_json};
use crate::{Store, storage};
use seatrial_domain::{Digest, RolloutId, Timestamp};
use serde_json::Value;

impl Store {
    /// Keeps a rollout's report; a later one replaces it (validation ran again after a restart).
    /// Gives the digest of the text as it is stored: JSON without blanks, its keys sorted.
    pub async fn put_report(
        &self,
        rollout: RolloutId,
        report: &Value,
        now: Timestamp,
    ) -> Result<Digest, storage::Error> {
        let text = to_json("report", report)?;
        let digest = Digest::of(text.as_bytes());
        let mut write = self.write().await?;
        sqlx::query(
            "INSERT INTO validation_report (rollout, report, at) VALUES (?1, ?2, ?3)
             ON CONFLICT (rollout) DO UPDATE SET report = ?2, at = ?3",
        )
        .bind(int(rollout.0))
        .bind(text)
        .bind(now.as_micros())
        .execute(write.sql())
        .await?;
        write.commit().await?;
        Ok(digest)
    }

    /// A rollout's report, if validation has ended.
    pub async fn report(&self, rollout: RolloutId) -> Result<Option<Value>, storage::Error> {
        let row = sqlx::query("SELECT report FROM validation_report WHERE rollout = ?")
            .bind(int(rollout.0))
            .fetch_optional(&mut *self.reader().await?)
            .await?;
        row.map(|row| row.json("report")).transpose()
    }
}
