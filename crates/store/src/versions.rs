//! Registered versions: sealed, numbered, immutable. Only lifecycle, tags and aliases move.

mod delete;
mod diff;
mod register;
mod release;
mod standing;
mod verify;

pub(crate) use delete::delete_in;
pub use diff::Diff;
pub use register::{New, Origin, Registered};
pub use release::Releasable;
pub use standing::{InRollout, Stage, Standing};
pub use verify::{Fault, Verified};

use crate::page::{Page, Request};
use crate::row::{Columns, int};
use crate::{Store, aliases, blobs, storage, tags};
use seatrial_domain::manifest::{FilePath, Manifest};
use seatrial_domain::tensor::Signature;
use seatrial_domain::{Actor, Digest, ModelName, Timestamp, VersionNumber, VersionRef};
use sqlx::SqliteConnection;
use sqlx::sqlite::SqliteRow;
use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

/// Why a model or version is refused.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("there is no model {0}")]
    UnknownModel(ModelName),
    #[error("there is no version {0}/{1}")]
    UnknownVersion(ModelName, VersionNumber),
    /// The manifest names bytes that were never uploaded, or of another size.
    #[error("{path} ({digest}) was not uploaded")]
    MissingBlob { path: FilePath, digest: Digest },
    /// Deleting it would take it from something that needs it.
    #[error("{version} is referred to by {by}")]
    Referenced { version: VersionRef, by: String },
    #[error(transparent)]
    Blobs(#[from] blobs::Error),
    #[error(transparent)]
    Storage(#[from] storage::Error),
}
storage::from_storage!(Error);

/// Whether a version may still be rolled out by the ordinary way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lifecycle {
    Registered,
    /// Decommissioned; its artifacts stay.
    Retired,
}

impl fmt::Display for Lifecycle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Registered => "registered",
            Self::Retired => "retired",
        })
    }
}

impl FromStr for Lifecycle {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "registered" => Ok(Self::Registered),
            "retired" => Ok(Self::Retired),
            _ => Err(text.to_owned()),
        }
    }
}

/// A registered version.
#[derive(Debug, Clone, PartialEq)]
pub struct Version {
    pub reference: VersionRef,
    pub manifest: Manifest,
    pub signature: Signature,
    pub lifecycle: Lifecycle,
    pub tags: BTreeMap<String, String>,
    pub aliases: Vec<String>,
    /// Where it came from, in the words of whoever pushed it.
    pub source: Option<String>,
    /// What a registry client said of where it came from.
    pub origin: Origin,
    /// What it is for, in a person's words.
    pub description: String,
    pub created_at: Timestamp,
    /// When its description, tags or aliases changed last.
    pub updated_at: Timestamp,
    pub created_by: Actor,
}

impl Store {
    /// The version. Errors: [`Error::UnknownVersion`], also for a deleted one.
    pub async fn version(
        &self,
        model: &ModelName,
        number: VersionNumber,
    ) -> Result<Version, Error> {
        let mut tx = self.readers().begin().await?;
        load(&mut tx, (model, number)).await
    }

    /// A model's versions, the newest first; the page's key is a version's number.
    pub async fn versions(
        &self,
        model: &ModelName,
        page: &Request<VersionNumber>,
    ) -> Result<Page<Version, VersionNumber>, storage::Error> {
        let mut tx = self.readers().begin().await?;
        let rows = sqlx::query(
            "SELECT * FROM version WHERE model = ? AND deleted_at IS NULL AND number < ?
             ORDER BY number DESC LIMIT ?",
        )
        .bind(model.as_str())
        .bind(page.after.map_or(i64::MAX, |number| int(number.0)))
        .bind(page.rows())
        .fetch_all(&mut *tx)
        .await?;
        let mut versions = Vec::with_capacity(rows.len());
        for row in &rows {
            versions.push(read(&mut tx, row).await?);
        }
        Ok(Page::cut(versions, page, |version| version.reference.number))
    }
}

pub(crate) async fn load(
    sql: &mut SqliteConnection,
    (model, number): (&ModelName, VersionNumber),
) -> Result<Version, Error> {
    let row =
        sqlx::query("SELECT * FROM version WHERE model = ? AND number = ? AND deleted_at IS NULL")
            .bind(model.as_str())
            .bind(int(number.0))
            .fetch_optional(&mut *sql)
            .await?;
    match row {
        Some(row) => Ok(read(sql, &row).await?),
        None => Err(Error::UnknownVersion(model.clone(), number)),
    }
}

pub(crate) async fn read(
    sql: &mut SqliteConnection,
    row: &SqliteRow,
) -> Result<Version, storage::Error> {
    let reference = VersionRef {
        model: row.parsed("model")?,
        number: VersionNumber(row.count("number")?),
        digest: row.parsed("digest")?,
    };
    let bytes = row.text("manifest")?;
    let manifest = Manifest::from_bytes(bytes.as_bytes())
        .map_err(|error| storage::Error::corrupt("manifest", &error))?;
    if manifest.digest() != reference.digest {
        return Err(storage::Error::corrupt("manifest", &"its digest is not the version's"));
    }
    let key = (&reference.model, reference.number);
    Ok(Version {
        tags: tags::of_version(sql, key).await?,
        aliases: aliases::of_version(sql, key).await?,
        manifest,
        signature: row.json("signature")?,
        lifecycle: row.parsed("lifecycle")?,
        source: row.maybe_text("source")?,
        origin: Origin {
            run_id: row.maybe_text("run_id")?,
            run_link: row.maybe_text("run_link")?,
            model_id: row.maybe_text("model_id")?,
        },
        description: row.text("description")?,
        created_at: row.time("created_at")?,
        updated_at: row.time("updated_at")?,
        created_by: row.json("created_by")?,
        reference,
    })
}
