//! What registry clients upload by paths of theirs: path to digest, changeable until a version is
//! made of it.
//!
//! Owns the map alone: the bytes are blobs, stored before their row. Refuses other bytes at, and
//! deletion of, what a version has sealed, and a file where another has a directory.

mod list;
mod path;
mod seal;

pub use list::Entry;
pub use path::{ArtifactPath, Error as PathError, VERSIONS};
pub use seal::Snapshot;

use crate::blobs::Blob;
use crate::row::{Columns, int};
use crate::write::Write;
use crate::{Store, storage, versions};
use seatrial_domain::Timestamp;
use sqlx::SqliteConnection;
use sqlx::sqlite::SqliteRow;

/// Why an upload, or what is to be made of it, is refused.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A version was made of it, in words: the bytes at this path stay as they are.
    #[error("{path} is sealed in version {by}: it neither changes nor goes")]
    Sealed { path: ArtifactPath, by: String },
    /// One of the two would be a file and a directory.
    #[error("{path} can't be a file: {other} is there")]
    Collides { path: ArtifactPath, other: String },
    #[error("the registry holds the {limit} uploaded files that it may hold: delete some")]
    TooMany { limit: u64 },
    /// Between reading the files and sealing them, somebody changed one.
    #[error("the files were changed while they were read: register them again")]
    Changed,
    #[error(transparent)]
    Version(#[from] versions::Error),
    #[error(transparent)]
    Storage(#[from] storage::Error),
}
storage::from_storage!(Error);

/// One uploaded file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Artifact {
    pub path: ArtifactPath,
    pub blob: Blob,
}

/// Every path within a directory is above `directory/` and below this.
fn end_of(directory: &str) -> String {
    // The character after the slash.
    format!("{directory}0")
}

impl Store {
    /// Lets `path` be these bytes, of which there may be `files_max` in all. Who stored the blob
    /// holds it until then ([`crate::blobs::Hold`]). The same bytes again change nothing. Errors:
    /// [`Error::Sealed`], [`Error::Collides`], [`Error::TooMany`].
    pub async fn put_artifact(
        &self,
        artifact: &Artifact,
        files_max: u64,
        now: Timestamp,
    ) -> Result<(), Error> {
        let mut write = self.write().await?;
        put(&mut write, artifact, files_max, now).await?;
        Ok(write.commit().await?)
    }

    /// The file at `path`.
    pub async fn artifact(&self, path: &ArtifactPath) -> Result<Option<Artifact>, storage::Error> {
        let mut connection = self.reader().await?;
        find(&mut connection, path).await
    }

    /// Removes the file at `path`, or everything below it; gives how many files went. Errors:
    /// [`Error::Sealed`] by any of them: then all stay.
    pub async fn delete_artifacts(&self, path: &ArtifactPath) -> Result<u64, Error> {
        let mut write = self.write().await?;
        refuse_sealed(&mut write, path).await?;
        let gone = sqlx::query("DELETE FROM artifact WHERE path = ?1 OR (path > ?2 AND path < ?3)")
            .bind(path.as_str())
            .bind(format!("{path}/"))
            .bind(end_of(path.as_str()))
            .execute(write.sql())
            .await?;
        write.commit().await?;
        Ok(gone.rows_affected())
    }
}

/// As [`Store::put_artifact`], in a transaction of somebody else's.
pub(crate) async fn put(
    write: &mut Write<'_>,
    artifact: &Artifact,
    files_max: u64,
    now: Timestamp,
) -> Result<(), Error> {
    let path = &artifact.path;
    match find(write.sql(), path).await? {
        Some(held) if held.blob == artifact.blob => return Ok(()),
        Some(_) => refuse_sealed(write, path).await?,
        None => {
            refuse_collision(write, path).await?;
            refuse_beyond(write, files_max).await?;
        }
    }
    sqlx::query(
        "INSERT INTO artifact (path, digest, size, at) VALUES (?, ?, ?, ?)
         ON CONFLICT (path) DO UPDATE
         SET digest = excluded.digest, size = excluded.size, at = excluded.at",
    )
    .bind(path.as_str())
    .bind(artifact.blob.digest.as_str())
    .bind(int(artifact.blob.size))
    .bind(now.as_micros())
    .execute(write.sql())
    .await?;
    Ok(())
}

async fn find(
    sql: &mut SqliteConnection,
    path: &ArtifactPath,
) -> Result<Option<Artifact>, storage::Error> {
    let row = sqlx::query("SELECT path, digest, size FROM artifact WHERE path = ?")
        .bind(path.as_str())
        .fetch_optional(sql)
        .await?;
    row.as_ref().map(read).transpose()
}

fn read(row: &SqliteRow) -> Result<Artifact, storage::Error> {
    let blob = Blob { digest: row.parsed("digest")?, size: row.count("size")? };
    Ok(Artifact { path: row.parsed("path")?, blob })
}

/// Refuses if a version was made of the file at `path`, or of one below it.
async fn refuse_sealed(write: &mut Write<'_>, path: &ArtifactPath) -> Result<(), Error> {
    let row = sqlx::query(
        "SELECT seal.path AS path, seal.model || '/' || seal.number AS version
         FROM artifact_seal AS seal
         JOIN version ON version.model = seal.model AND version.number = seal.number
         WHERE version.deleted_at IS NULL
           AND (seal.path = ?1 OR (seal.path > ?2 AND seal.path < ?3))
         LIMIT 1",
    )
    .bind(path.as_str())
    .bind(format!("{path}/"))
    .bind(end_of(path.as_str()))
    .fetch_optional(write.sql())
    .await?;
    match row {
        Some(row) => Err(Error::Sealed { path: row.parsed("path")?, by: row.text("version")? }),
        None => Ok(()),
    }
}

/// Refuses if a directory of `path` is a file, or `path` a directory.
async fn refuse_collision(write: &mut Write<'_>, path: &ArtifactPath) -> Result<(), Error> {
    let parents = serde_json::to_string(&path.parents().collect::<Vec<_>>())
        .map_err(|error| storage::Error::corrupt("path", &error))?;
    let other: Option<String> = sqlx::query_scalar(
        "SELECT path FROM artifact WHERE path IN (SELECT value FROM json_each(?1))
         UNION ALL
         SELECT path FROM (SELECT path FROM artifact WHERE path > ?2 AND path < ?3 LIMIT 1)
         LIMIT 1",
    )
    .bind(parents)
    .bind(format!("{path}/"))
    .bind(end_of(path.as_str()))
    .fetch_optional(write.sql())
    .await?;
    match other {
        Some(other) => Err(Error::Collides { path: path.clone(), other }),
        None => Ok(()),
    }
}

async fn refuse_beyond(write: &mut Write<'_>, limit: u64) -> Result<(), Error> {
    let files: i64 =
        sqlx::query_scalar("SELECT files FROM artifact_total").fetch_one(write.sql()).await?;
    if files >= int(limit) { Err(Error::TooMany { limit }) } else { Ok(()) }
}
