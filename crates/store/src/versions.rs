//! Registered versions: sealed, numbered, immutable. Only lifecycle, tags and aliases move.

mod delete;
mod diff;
pub(crate) mod listed;
mod register;
mod release;
mod standing;
mod verify;

pub(crate) use delete::delete_in;
pub use diff::Diff;
pub use listed::{Listed, Newest};
pub(crate) use register::number;
pub use register::{New, Origin, Registered};
pub use release::Releasable;
pub use standing::{InRollout, Stage, Standing};
pub use verify::{Fault, Verified};

use crate::page::{Page, Request};
use crate::row::{Columns, int};
use crate::{Store, blobs, fill, lineage, storage};
use seatrial_domain::manifest::{File, FilePath, Manifest};
use seatrial_domain::mlmodel::Flavors;
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
    /// Anybody may add one; the limit keeps them from filling the store.
    #[error(
        "it has {most} signatures already, and can take no more by keys this server is not told"
    )]
    TooManySignatures { most: u32 },
    /// More is said of a model or version than may be. Nothing of it is kept.
    #[error("one model or version may have at most {most} {of}: delete some first")]
    Limit { most: u64, of: &'static str },
    #[error(transparent)]
    Lineage(#[from] lineage::Error),
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
    /// The tensors of what is served; empty where nothing of it can be.
    pub signature: Signature,
    /// What its `MLmodel` says.
    pub flavors: Flavors,
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

/// The tags of `v`, in its row: a page of versions is one question to the database.
macro_rules! tags_of {
    () => {
        "(SELECT json_group_object(t.key, t.value) FROM version_tag AS t
          WHERE t.model = v.model AND t.number = v.number)"
    };
}

/// The aliases of `v`, in its row.
macro_rules! aliases_of {
    () => {
        "(SELECT json_group_array(a.name) FROM alias AS a
          WHERE a.model = v.model AND a.number = v.number)"
    };
}
pub(crate) use {aliases_of, tags_of};

/// Selects versions as `v`, for [`read`].
macro_rules! whole {
    () => {
        concat!(
            "SELECT v.*, ",
            tags_of!(),
            " AS tags, ",
            aliases_of!(),
            " AS aliases FROM version AS v"
        )
    };
}

impl Version {
    /// The ONNX file that is served; none: the version cannot be.
    pub fn served(&self) -> Option<&File> {
        self.flavors.served(&self.manifest)
    }
}

impl Store {
    /// The version. Errors: [`Error::UnknownVersion`], also for a deleted one.
    pub async fn version(
        &self,
        model: &ModelName,
        number: VersionNumber,
    ) -> Result<Version, Error> {
        let mut connection = self.reader().await?;
        load(&mut connection, (model, number)).await
    }

    /// A model's versions, the newest first; the page's key is a version's number.
    pub async fn versions(
        &self,
        model: &ModelName,
        page: &Request<VersionNumber>,
    ) -> Result<Page<Version, VersionNumber>, storage::Error> {
        let mut reader = self.reader().await?;
        let rows = sqlx::query(concat!(
            "SELECT *, octet_length(manifest) + octet_length(signature) + octet_length(flavors)
                 + octet_length(description) + octet_length(tags) AS bytes FROM (",
            whole!(),
            " WHERE model = ? AND deleted_at IS NULL AND number < ? ORDER BY number DESC LIMIT ?)
             ORDER BY number DESC"
        ))
        .bind(model.as_str())
        .bind(page.after.map_or(i64::MAX, |number| int(number.0)))
        .bind(page.rows())
        .fetch(&mut *reader);
        let sized = |row: &SqliteRow| Ok((read(row)?, row.count("bytes")?));
        let filled = fill::from(rows, sized, |(_, bytes)| *bytes).await?;
        let Page { items, next } = filled.page(page, |(version, _)| version.reference.number);
        Ok(Page { items: items.into_iter().map(|(version, _)| version).collect(), next })
    }
}

pub(crate) async fn load(
    sql: &mut SqliteConnection,
    (model, number): (&ModelName, VersionNumber),
) -> Result<Version, Error> {
    let query = concat!(whole!(), " WHERE model = ? AND number = ? AND deleted_at IS NULL");
    let row =
        sqlx::query(query).bind(model.as_str()).bind(int(number.0)).fetch_optional(sql).await?;
    match row {
        Some(row) => Ok(read(&row)?),
        None => Err(Error::UnknownVersion(model.clone(), number)),
    }
}

/// A version of a row of [`whole!`].
fn read(row: &SqliteRow) -> Result<Version, storage::Error> {
    let reference = reference(row)?;
    let bytes = row.text("manifest")?;
    let manifest = Manifest::from_bytes(bytes.as_bytes())
        .map_err(|error| storage::Error::corrupt("manifest", &error))?;
    if manifest.digest() != reference.digest {
        return Err(storage::Error::corrupt("manifest", &"its digest is not the version's"));
    }
    Ok(Version {
        tags: row.json("tags")?,
        aliases: aliases(row)?,
        manifest,
        signature: row.json("signature")?,
        flavors: row.json("flavors")?,
        lifecycle: row.parsed("lifecycle")?,
        source: row.maybe_text("source")?,
        origin: origin(row)?,
        description: row.text("description")?,
        created_at: row.time("created_at")?,
        updated_at: row.time("updated_at")?,
        created_by: row.json("created_by")?,
        reference,
    })
}

fn reference(row: &SqliteRow) -> Result<VersionRef, storage::Error> {
    Ok(VersionRef {
        model: row.parsed("model")?,
        number: VersionNumber(row.count("number")?),
        digest: row.parsed("digest")?,
    })
}

fn aliases(row: &SqliteRow) -> Result<Vec<String>, storage::Error> {
    let mut aliases: Vec<String> = row.json("aliases")?;
    aliases.sort();
    Ok(aliases)
}

fn origin(row: &SqliteRow) -> Result<Origin, storage::Error> {
    Ok(Origin {
        run_id: row.maybe_text("run_id")?,
        run_link: row.maybe_text("run_link")?,
        model_id: row.maybe_text("model_id")?,
    })
}
