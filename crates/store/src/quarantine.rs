//! Marks on digests that were rejected or rolled back for cause. Set by rollouts' commits, lifted
//! by a person's override.

use crate::page::{Page, Request};
use crate::row::Columns;
use crate::{Store, journal, storage};
use seatrial_domain::{Actor, Digest, RolloutId, Timestamp};
use sqlx::SqliteConnection;
use sqlx::sqlite::SqliteRow;

/// Why a digest is in quarantine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mark {
    pub digest: Digest,
    /// The rollout that set it.
    pub rollout: Option<RolloutId>,
    pub cause: String,
    pub at: Timestamp,
}

impl Store {
    /// The mark on `digest`, unless there is none or it was lifted.
    pub async fn quarantine(&self, digest: &Digest) -> Result<Option<Mark>, storage::Error> {
        let row = sqlx::query("SELECT * FROM quarantine WHERE digest = ? AND lifted_at IS NULL")
            .bind(digest.as_str())
            .fetch_optional(&mut *self.reader().await?)
            .await?;
        row.as_ref().map(read).transpose()
    }

    /// The marks that stand, by digest.
    pub async fn quarantined(
        &self,
        page: &Request<Digest>,
    ) -> Result<Page<Mark, Digest>, storage::Error> {
        let rows = sqlx::query(
            "SELECT * FROM quarantine WHERE lifted_at IS NULL AND digest > ?
             ORDER BY digest LIMIT ?",
        )
        .bind(page.after.as_ref().map_or("", Digest::as_str))
        .bind(page.rows())
        .fetch_all(&mut *self.reader().await?)
        .await?;
        let marks = rows.iter().map(read).collect::<Result<_, _>>()?;
        Ok(Page::cut(marks, page, |mark| mark.digest.clone()))
    }

    /// Lifts the mark on `digest`, with a reason. Without a mark nothing happens.
    pub async fn lift_quarantine(
        &self,
        digest: &Digest,
        why: &str,
        actor: &Actor,
        now: Timestamp,
    ) -> Result<(), storage::Error> {
        let mut write = self.write().await?;
        let lifted = sqlx::query(
            "UPDATE quarantine SET lifted_at = ?, lifted_by = ?, lifted_why = ?
             WHERE digest = ? AND lifted_at IS NULL",
        )
        .bind(now.as_micros())
        .bind(crate::row::to_json("actor", actor)?)
        .bind(why)
        .bind(digest.as_str())
        .execute(write.sql())
        .await?;
        if lifted.rows_affected() > 0 {
            let row = journal::New::about(digest.as_str(), "quarantine_lifted", actor, now)
                .because(why.to_owned());
            write.journal(row).await?;
        }
        write.commit().await
    }
}

/// Sets the mark; an earlier one, lifted or not, is replaced.
pub(crate) async fn mark(sql: &mut SqliteConnection, mark: &Mark) -> Result<(), storage::Error> {
    sqlx::query(
        "INSERT INTO quarantine (digest, rollout, cause, at) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT (digest) DO UPDATE SET rollout = ?2, cause = ?3, at = ?4,
             lifted_at = NULL, lifted_by = NULL, lifted_why = NULL",
    )
    .bind(mark.digest.as_str())
    .bind(mark.rollout.map(|id| crate::row::int(id.0)))
    .bind(&mark.cause)
    .bind(mark.at.as_micros())
    .execute(sql)
    .await?;
    Ok(())
}

fn read(row: &SqliteRow) -> Result<Mark, storage::Error> {
    Ok(Mark {
        digest: row.parsed("digest")?,
        rollout: row.maybe_count("rollout")?.map(RolloutId),
        cause: row.text("cause")?,
        at: row.time("at")?,
    })
}
