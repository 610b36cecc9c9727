//! Where aliases pointed, when and why. A renamed model takes its history along; a deleted one leaves
//! it behind.

use crate::page::{Page, Request};
use crate::row::{Columns, int};
use crate::{Store, storage};
use seatrial_domain::{Actor, ModelName, Timestamp, VersionNumber};
use sqlx::sqlite::SqliteRow;

/// One move of an alias.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Move {
    /// Rises from move to move.
    pub id: u64,
    pub alias: String,
    /// Where it pointed from then on; nowhere after a removal.
    pub to: Option<VersionNumber>,
    pub at: Timestamp,
    pub actor: Actor,
    pub cause: String,
}

impl Store {
    /// The moves of a model's aliases, or of one of them, the last first; the page's key is a move's
    /// id.
    pub async fn alias_history(
        &self,
        model: &ModelName,
        alias: Option<&str>,
        page: &Request<u64>,
    ) -> Result<Page<Move, u64>, storage::Error> {
        let rows = sqlx::query(
            "SELECT * FROM alias_history
             WHERE model = ?1 AND (?2 IS NULL OR name = ?2) AND id < ?3
             ORDER BY id DESC LIMIT ?4",
        )
        .bind(model.as_str())
        .bind(alias)
        .bind(page.after.map_or(i64::MAX, int))
        .bind(page.rows())
        .fetch_all(&mut *self.reader().await?)
        .await?;
        let moves = rows.iter().map(read).collect::<Result<_, _>>()?;
        Ok(Page::cut(moves, page, |one| one.id))
    }

    /// The last move of each alias until `time`, by alias: where each pointed then, since when and
    /// why. One that pointed nowhere is absent.
    pub async fn aliases_at(
        &self,
        model: &ModelName,
        time: Timestamp,
    ) -> Result<Vec<Move>, storage::Error> {
        let rows = sqlx::query(
            "SELECT * FROM alias_history WHERE number IS NOT NULL AND id IN (
                 SELECT max(id) FROM alias_history WHERE model = ? AND at <= ? GROUP BY name)
             ORDER BY name",
        )
        .bind(model.as_str())
        .bind(time.as_micros())
        .fetch_all(&mut *self.reader().await?)
        .await?;
        rows.iter().map(read).collect()
    }
}

fn read(row: &SqliteRow) -> Result<Move, storage::Error> {
    Ok(Move {
        id: row.count("id")?,
        alias: row.text("name")?,
        to: row.maybe_count("number")?.map(VersionNumber),
        at: row.time("at")?,
        actor: row.json("actor")?,
        cause: row.text("cause")?,
    })
}
