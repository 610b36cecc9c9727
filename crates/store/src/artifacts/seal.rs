//! Making a version of what was uploaded: the files as they are at one moment, and from then on.

use super::{Artifact, ArtifactPath, Error, end_of, read};
use crate::batch::Batch;
use crate::row::{int, to_json};
use crate::versions::{self, Listed, New, Origin};
use crate::{Store, storage};
use seatrial_domain::VersionRef;
use sqlx::error::{DatabaseError, ErrorKind};

/// The files below a directory at one moment, or the one file at a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    files: Vec<Artifact>,
    /// Characters of the directory and its slash.
    prefix: usize,
}

impl Snapshot {
    /// The files, each with its path within the snapshot.
    pub fn files(&self) -> impl Iterator<Item = (&str, &Artifact)> {
        self.files.iter().map(|file| (file.path.as_str().get(self.prefix..).unwrap_or(""), file))
    }
}

impl Store {
    /// What is at or below `path`, at most `limit` files and one more; none if nothing is there.
    pub async fn artifact_snapshot(
        &self,
        path: &ArtifactPath,
        limit: u64,
    ) -> Result<Option<Snapshot>, storage::Error> {
        let directory = format!("{path}/");
        // A bare argument of LIMIT has the database plan the statement anew.
        let rows = sqlx::query(
            "SELECT path, digest, size FROM artifact WHERE path = ?
             UNION ALL
             SELECT * FROM (SELECT path, digest, size FROM artifact WHERE path > ? AND path < ?
                            ORDER BY path LIMIT ? + 0)",
        )
        .bind(path.as_str())
        .bind(&directory)
        .bind(end_of(path.as_str()))
        .bind(int(limit.saturating_add(1)))
        .fetch_all(&mut *self.reader().await?)
        .await?;
        let files = rows.iter().map(read).collect::<Result<Vec<_>, _>>()?;
        // A file is no directory, so that it is alone.
        let prefix = match files.first() {
            Some(first) if first.path == *path => path.as_str().len() - path.name().len(),
            Some(_) => directory.len(),
            None => return Ok(None),
        };
        Ok(Some(Snapshot { files, prefix }))
    }

    /// As [`Store::register_numbered`]; the files of `snapshot`, of which the version is made, are
    /// sealed with it. Errors: also [`Error::Changed`].
    pub async fn register_sealing(
        &self,
        new: &New,
        (origin, description): (&Origin, &str),
        snapshot: &Snapshot,
    ) -> Result<Listed, Error> {
        let numbered = versions::number(self, new, origin, description).await?;
        let (write, mut batch, version) = numbered;
        seal(&mut batch, snapshot, &version.reference)?;
        write.commit_with(batch).await.map_err(changed)?;
        Ok(version)
    }
}

/// Adds what seals the files. One that has other bytes by now has no path here, which is refused.
fn seal(batch: &mut Batch, snapshot: &Snapshot, version: &VersionRef) -> Result<(), Error> {
    let wanted = snapshot.files.iter().map(|file| (file.path.as_str(), file.blob.digest.as_str()));
    let wanted = to_json("snapshot", &wanted.collect::<Vec<_>>())?;
    batch
        .add(
            "INSERT INTO artifact_seal (model, number, path)
             SELECT ?, ?, artifact.path FROM json_each(?) AS wanted
             LEFT JOIN artifact ON artifact.path = wanted.value ->> 0
                               AND artifact.digest = wanted.value ->> 1",
        )
        .bind(version.model.as_str())
        .bind(int(version.number.0))
        .bind(wanted);
    Ok(())
}

fn changed(error: storage::Error) -> Error {
    let is = |error: &dyn DatabaseError| matches!(error.kind(), ErrorKind::NotNullViolation);
    match &error {
        storage::Error::Sql(source) if source.as_database_error().is_some_and(is) => Error::Changed,
        storage::Error::Sql(_)
        | storage::Error::Full(_)
        | storage::Error::Busy(_)
        | storage::Error::Late
        | storage::Error::Closed
        | storage::Error::Corrupt { .. } => error.into(),
    }
}
