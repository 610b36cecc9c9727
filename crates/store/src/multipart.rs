//! Uploads that arrive in parts: which parts are there, and what file of bytes each is.
//!
//! Owns the rows alone, so that an upload goes on after a restart; the bytes wait in files whose
//! names the caller chose. Refuses parts of what is completed or forgotten.

use crate::artifacts::{self, Artifact, ArtifactPath};
use crate::blobs::Blob;
use crate::row::{Columns, int};
use crate::write::Write;
use crate::{Store, storage};
use seatrial_domain::Timestamp;
use sqlx::Connection as _;
use sqlx::sqlite::SqliteRow;

/// Why an upload in parts is refused.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("there is no such upload in parts: it was completed, taken back, or has expired")]
    Unknown,
    #[error("{limit} uploads in parts are open already")]
    TooManyOpen { limit: u64 },
    #[error(transparent)]
    Artifact(#[from] artifacts::Error),
    #[error(transparent)]
    Storage(#[from] storage::Error),
}
storage::from_storage!(Error);

/// Whether parts may still come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    Open,
    /// The file is where it belongs; its parts are gone.
    Completed,
}

/// One upload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Upload {
    pub path: ArtifactPath,
    /// How many parts were announced; they are numbered from one.
    pub parts: u64,
    pub state: State,
    /// When something was last heard of it.
    pub touched_at: Timestamp,
    /// In order of their numbers.
    pub arrived: Vec<Part>,
}

/// A part that arrived whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    pub number: u64,
    /// The name of the file with its bytes.
    pub file: String,
    pub bytes: Blob,
}

impl Store {
    /// Begins an upload to `path` under `id`. Errors: [`Error::TooManyOpen`].
    pub async fn begin_multipart(
        &self,
        id: &str,
        (path, parts): (&ArtifactPath, u64),
        open_max: u64,
        now: Timestamp,
    ) -> Result<(), Error> {
        let mut write = self.write().await?;
        let open: i64 = sqlx::query_scalar("SELECT count(*) FROM multipart WHERE state = 'open'")
            .fetch_one(write.sql())
            .await?;
        if open >= int(open_max) {
            return Err(Error::TooManyOpen { limit: open_max });
        }
        sqlx::query(
            "INSERT INTO multipart (id, path, parts, state, touched_at)
             VALUES (?, ?, ?, 'open', ?)",
        )
        .bind(id)
        .bind(path.as_str())
        .bind(int(parts))
        .bind(now.as_micros())
        .execute(write.sql())
        .await?;
        Ok(write.commit().await?)
    }

    /// The upload, and what has arrived of it. Errors: [`Error::Unknown`].
    pub async fn multipart(&self, id: &str) -> Result<Upload, Error> {
        let mut reader = self.reader().await?;
        let mut tx = reader.begin().await?;
        let row = sqlx::query("SELECT * FROM multipart WHERE id = ?")
            .bind(id)
            .fetch_optional(&mut *tx)
            .await?;
        let row = row.ok_or(Error::Unknown)?;
        let parts = sqlx::query("SELECT * FROM multipart_part WHERE upload = ? ORDER BY number")
            .bind(id)
            .fetch_all(&mut *tx)
            .await?;
        Ok(Upload {
            path: row.parsed("path")?,
            parts: row.count("parts")?,
            state: match row.text("state")?.as_str() {
                "open" => State::Open,
                _completed => State::Completed,
            },
            touched_at: row.time("touched_at")?,
            arrived: parts.iter().map(read).collect::<Result<_, _>>()?,
        })
    }

    /// Notes a part that arrived; gives the one it takes the place of. Errors: [`Error::Unknown`].
    pub async fn keep_part(
        &self,
        id: &str,
        part: &Part,
        now: Timestamp,
    ) -> Result<Option<Part>, Error> {
        let mut write = self.write().await?;
        touch(&mut write, id, now).await?;
        let before = sqlx::query("SELECT * FROM multipart_part WHERE upload = ? AND number = ?")
            .bind(id)
            .bind(int(part.number))
            .fetch_optional(write.sql())
            .await?;
        sqlx::query(
            "INSERT OR REPLACE INTO multipart_part (upload, number, file, digest, size)
             VALUES (?, ?, ?, ?, ?)",
        )
        .bind(id)
        .bind(int(part.number))
        .bind(&part.file)
        .bind(part.bytes.digest.as_str())
        .bind(int(part.bytes.size))
        .execute(write.sql())
        .await?;
        write.commit().await?;
        Ok(before.as_ref().map(read).transpose()?)
    }

    /// Forgets parts whose bytes are not there any more, or are others.
    pub async fn forget_parts(&self, files: &[String]) -> Result<(), storage::Error> {
        let mut write = self.write().await?;
        for file in files {
            sqlx::query("DELETE FROM multipart_part WHERE file = ?")
                .bind(file)
                .execute(write.sql())
                .await?;
        }
        write.commit().await
    }

    /// Puts the assembled file where it belongs, and forgets the parts. Errors: [`Error::Unknown`],
    /// and those of [`Store::put_artifact`], after which everything is as before.
    pub async fn complete_multipart(
        &self,
        id: &str,
        artifact: &Artifact,
        files_max: u64,
        now: Timestamp,
    ) -> Result<(), Error> {
        let mut write = self.write().await?;
        touch(&mut write, id, now).await?;
        artifacts::put(&mut write, artifact, files_max, now).await?;
        sqlx::query("UPDATE multipart SET state = 'completed' WHERE id = ?")
            .bind(id)
            .execute(write.sql())
            .await?;
        sqlx::query("DELETE FROM multipart_part WHERE upload = ?")
            .bind(id)
            .execute(write.sql())
            .await?;
        Ok(write.commit().await?)
    }

    /// Forgets an upload and its parts; one that is unknown is forgotten already.
    pub async fn forget_multipart(&self, id: &str) -> Result<(), storage::Error> {
        let mut write = self.write().await?;
        sqlx::query("DELETE FROM multipart WHERE id = ?").bind(id).execute(write.sql()).await?;
        write.commit().await
    }

    /// Uploads of which nothing was heard since `before`, at most `limit`.
    pub async fn idle_multiparts(
        &self,
        before: Timestamp,
        limit: u32,
    ) -> Result<Vec<String>, storage::Error> {
        let ids = sqlx::query_scalar("SELECT id FROM multipart WHERE touched_at < ? LIMIT ?");
        Ok(ids.bind(before.as_micros()).bind(limit).fetch_all(&mut *self.reader().await?).await?)
    }

    /// Every part there is, of whatever upload.
    pub async fn multipart_parts(&self) -> Result<Vec<Part>, storage::Error> {
        let rows = sqlx::query("SELECT * FROM multipart_part")
            .fetch_all(&mut *self.reader().await?)
            .await?;
        rows.iter().map(read).collect()
    }
}

/// Somebody goes on with an open upload.
async fn touch(write: &mut Write<'_>, id: &str, now: Timestamp) -> Result<(), Error> {
    let open = sqlx::query("UPDATE multipart SET touched_at = ? WHERE id = ? AND state = 'open'")
        .bind(now.as_micros())
        .bind(id)
        .execute(write.sql())
        .await?;
    if open.rows_affected() == 0 { Err(Error::Unknown) } else { Ok(()) }
}

fn read(row: &SqliteRow) -> Result<Part, storage::Error> {
    Ok(Part {
        number: row.count("number")?,
        file: row.text("file")?,
        bytes: Blob { digest: row.parsed("digest")?, size: row.count("size")? },
    })
}
