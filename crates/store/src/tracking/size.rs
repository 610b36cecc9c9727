//! What a transaction adds to an owner's rows, held against the limits before it commits.

use super::{Error, Limits};
use crate::row::int;
use sqlx::SqliteConnection;

/// What a row takes besides its text: its other columns, the index entry, the owner's id.
const ROW_BYTES: usize = 100;
/// The owner that stands for all.
const ALL: &str = "";

/// The difference that a transaction makes.
#[derive(Debug, Default)]
pub(super) struct Size {
    bytes: i64,
    points: i64,
    history_bytes: i64,
}

fn signed(count: usize) -> i64 {
    int(u64::try_from(count).unwrap_or(u64::MAX))
}

impl Size {
    pub(super) fn of_row(texts: &[&str]) -> Self {
        let mut size = Self::default();
        size.add(texts);
        size
    }

    pub(super) fn add(&mut self, texts: &[&str]) {
        self.bytes += signed(ROW_BYTES + texts.iter().map(|text| text.len()).sum::<usize>());
    }

    pub(super) fn remove(&mut self, texts: &[&str]) {
        self.bytes -= signed(ROW_BYTES + texts.iter().map(|text| text.len()).sum::<usize>());
    }

    /// A point of a metric, which takes none of what one answer holds.
    pub(super) fn add_point(&mut self, key: &str) {
        self.points += 1;
        self.history_bytes += signed(ROW_BYTES + key.len());
    }

    /// Adds it to the owner and to all. Errors: [`Error::Limit`], after which nothing may commit.
    pub(super) async fn settle(
        self,
        sql: &mut SqliteConnection,
        owner: &str,
        limits: &Limits,
    ) -> Result<(), Error> {
        let (bytes, points) = add(sql, owner, &self).await?;
        let all = Self { bytes: self.bytes + self.history_bytes, ..self };
        let (total, _) = add(sql, ALL, &all).await?;
        let reached = |limit| Err(Error::Limit { owner: owner.to_owned(), limit });
        // What only shrinks is let through, also above a limit that was lowered.
        if self.bytes > 0 && bytes > int(limits.max_each) {
            return reached("max_each");
        }
        if self.points > 0 && points > int(limits.max_points) {
            return reached("max_points");
        }
        if all.bytes > 0 && total > int(limits.max_total) {
            return reached("max_total");
        }
        Ok(())
    }
}

async fn add(
    sql: &mut SqliteConnection,
    owner: &str,
    size: &Size,
) -> Result<(i64, i64), sqlx::Error> {
    sqlx::query_as(
        "INSERT INTO tracked_size (owner, bytes, points) VALUES (?, ?, ?)
         ON CONFLICT (owner) DO UPDATE SET
             bytes = bytes + excluded.bytes, points = points + excluded.points
         RETURNING bytes, points",
    )
    .bind(owner)
    .bind(size.bytes)
    .bind(size.points)
    .fetch_one(sql)
    .await
}
