//! What versions were made from: parents, training data, code and run, sealed with the version.
//!
//! What is cited is sealed before it can be cited, so that lines of descent have no loops. Refuses
//! to say anything of a version once it is registered.

mod family;
mod seal;

pub use family::{Bounds, Descent, Family};
pub(crate) use seal::{agrees, seal};

use crate::row::{Columns, int};
use crate::storage;
use seatrial_domain::ids::DatasetName;
use seatrial_domain::{Digest, ModelName, VersionNumber};
use sqlx::SqliteConnection;
use sqlx::sqlite::SqliteRow;

/// Why a lineage is refused.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("there is no version {0}@{n} to be a parent", n = .1.0)]
    UnknownParent(ModelName, VersionNumber),
    #[error("there is no dataset {0}@{n} to have been trained on", n = .1.0)]
    UnknownDataset(DatasetName, VersionNumber),
    /// The version, or one that it leads to.
    #[error("{0} would be an ancestor of itself")]
    Loop(Digest),
    /// It was registered before, and that said otherwise.
    #[error("{0}@{n} was registered with another lineage, which stands", n = .1.0)]
    Sealed(ModelName, VersionNumber),
    #[error(transparent)]
    Storage(#[from] storage::Error),
}
storage::from_storage!(Error);

/// A version of this store or elsewhere, and the name it has or had here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kin {
    pub digest: Digest,
    pub version: Option<(ModelName, VersionNumber)>,
    pub whereabouts: Whereabouts,
}

/// Where a version's bytes are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whereabouts {
    Here,
    /// It was here.
    Deleted,
    /// It never was here.
    Elsewhere,
}

/// A training dataset, and the name it was cited by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrainedOn {
    pub digest: Digest,
    pub dataset: Option<(DatasetName, VersionNumber)>,
}

/// What a registration has sealed, beside the parents.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
struct Row {
    dataset: Option<TrainedOn>,
    code_ref: Option<String>,
}

/// A parent as it was cited, and its digest.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Parent {
    digest: Digest,
    version: Option<(ModelName, VersionNumber)>,
}

async fn load(
    sql: &mut SqliteConnection,
    (model, number): (&ModelName, VersionNumber),
) -> Result<Row, storage::Error> {
    let row = sqlx::query("SELECT * FROM lineage WHERE model = ? AND number = ?")
        .bind(model.as_str())
        .bind(int(number.0))
        .fetch_one(sql)
        .await?;
    let code_ref = row.maybe_text("code_ref")?;
    if row.maybe_text("dataset_digest")?.is_none() {
        return Ok(Row { dataset: None, code_ref });
    }
    let dataset = match row.maybe_count("dataset_number")? {
        Some(number) => Some((row.parsed("dataset_name")?, VersionNumber(number))),
        None => None,
    };
    let dataset = Some(TrainedOn { digest: row.parsed("dataset_digest")?, dataset });
    Ok(Row { dataset, code_ref })
}

/// In the order they are stored in.
async fn parents(
    sql: &mut SqliteConnection,
    (model, number): (&ModelName, VersionNumber),
) -> Result<Vec<Parent>, storage::Error> {
    let rows = sqlx::query(
        "SELECT digest, parent_model, parent_number FROM lineage_parent
         WHERE model = ? AND number = ? ORDER BY position",
    )
    .bind(model.as_str())
    .bind(int(number.0))
    .fetch_all(sql)
    .await?;
    let read = |row: &SqliteRow| {
        let version = match row.maybe_count("parent_number")? {
            Some(number) => Some((row.parsed("parent_model")?, VersionNumber(number))),
            None => None,
        };
        Ok(Parent { digest: row.parsed("digest")?, version })
    };
    rows.iter().map(read).collect()
}
