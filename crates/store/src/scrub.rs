//! What the scrub has found and how far it is: a restart forgets neither.

use crate::row::{Columns, int};
use crate::{Store, storage};
use seatrial_domain::{Digest, Timestamp};
use sqlx::sqlite::SqliteRow;
use std::collections::BTreeSet;

/// A round is one look at every blob, by digest.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Progress {
    /// When the last whole round ended.
    pub finished_at: Option<Timestamp>,
    /// The round under way.
    pub round: Option<Round>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Round {
    pub began_at: Timestamp,
    /// The last blob that was looked at.
    pub after: Option<Digest>,
    pub blobs: u64,
    pub bytes: u64,
}

/// A blob of which no good copy is left: altered, or lost although something refers to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Corrupt {
    pub digest: Digest,
    /// What its bytes are; none where there are none.
    pub found: Option<Digest>,
    /// When that was noticed first.
    pub at: Timestamp,
}

impl Store {
    pub async fn scrub_progress(&self) -> Result<Progress, storage::Error> {
        let row =
            sqlx::query("SELECT * FROM scrub").fetch_optional(&mut *self.reader().await?).await?;
        let Some(row) = row else { return Ok(Progress::default()) };
        let time = |micros: Option<u64>| {
            micros.map(|at| Timestamp::from_micros(i64::try_from(at).unwrap_or(i64::MAX)))
        };
        let after = row.maybe_text("after")?.map(|_| row.parsed("after")).transpose()?;
        let (blobs, bytes) = (row.count("blobs")?, row.count("bytes")?);
        let round = time(row.maybe_count("began_at")?).map(|began_at| Round {
            began_at,
            after,
            blobs,
            bytes,
        });
        Ok(Progress { finished_at: time(row.maybe_count("finished_at")?), round })
    }

    pub async fn save_scrub_progress(&self, progress: &Progress) -> Result<(), storage::Error> {
        let round = progress.round.as_ref();
        let mut write = self.write().await?;
        sqlx::query(
            "INSERT INTO scrub (one, finished_at, began_at, after, blobs, bytes)
             VALUES (1, ?1, ?2, ?3, ?4, ?5)
             ON CONFLICT (one) DO UPDATE SET
                 finished_at = ?1, began_at = ?2, after = ?3, blobs = ?4, bytes = ?5",
        )
        .bind(progress.finished_at.map(Timestamp::as_micros))
        .bind(round.map(|round| round.began_at.as_micros()))
        .bind(round.and_then(|round| round.after.as_ref()).map(Digest::as_str))
        .bind(int(round.map_or(0, |round| round.blobs)))
        .bind(int(round.map_or(0, |round| round.bytes)))
        .execute(write.sql())
        .await?;
        write.commit().await
    }

    /// Notes a blob as corrupt; true when it was not noted before.
    pub async fn note_corrupt(&self, corrupt: &Corrupt) -> Result<bool, storage::Error> {
        let mut write = self.write().await?;
        let noted = sqlx::query(
            "INSERT INTO corrupt_blob (digest, found, at) VALUES (?, ?, ?)
             ON CONFLICT (digest) DO NOTHING",
        )
        .bind(corrupt.digest.as_str())
        .bind(corrupt.found.as_ref().map_or("", Digest::as_str))
        .bind(corrupt.at.as_micros())
        .execute(write.sql())
        .await?;
        write.commit().await?;
        Ok(noted.rows_affected() > 0)
    }

    /// Notes that these are corrupt no longer: mended, pushed again, or gone.
    pub async fn forget_corrupt(&self, digests: &BTreeSet<Digest>) -> Result<(), storage::Error> {
        let mut write = self.write().await?;
        for digest in digests {
            sqlx::query("DELETE FROM corrupt_blob WHERE digest = ?")
                .bind(digest.as_str())
                .execute(write.sql())
                .await?;
        }
        write.commit().await
    }

    /// The corrupt blobs, by digest.
    pub async fn corrupt_blobs(&self) -> Result<Vec<Corrupt>, storage::Error> {
        let rows = sqlx::query("SELECT * FROM corrupt_blob ORDER BY digest");
        let rows = rows.fetch_all(&mut *self.reader().await?).await?;
        let read = |row: &SqliteRow| {
            let found = match row.text("found")?.as_str() {
                "" => None,
                _ => Some(row.parsed("found")?),
            };
            Ok(Corrupt { digest: row.parsed("digest")?, found, at: row.time("at")? })
        };
        rows.iter().map(read).collect()
    }
}
