//! Holdouts and golden requests: numbered, immutable blobs with their columns. Parsing them is
//! the caller's.

use crate::page::{Page, Request};
use crate::row::{Columns, int, to_json};
use crate::write::Write;
use crate::{Store, blobs, journal, storage};
use seatrial_domain::ids::DatasetName;
use seatrial_domain::{Actor, Digest, Timestamp, VersionNumber};
use sqlx::sqlite::SqliteRow;
use std::fmt;
use std::str::FromStr;

/// Why a dataset is refused.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("there is no dataset {0}@{1}")]
    Unknown(DatasetName, VersionNumber),
    /// Its bytes were never uploaded.
    #[error("the dataset's bytes ({0}) were not uploaded")]
    MissingBlob(Digest),
    #[error(transparent)]
    Blobs(#[from] blobs::Error),
    #[error(transparent)]
    Storage(#[from] storage::Error),
}
storage::from_storage!(Error);

/// How a dataset's bytes are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    Csv,
    Jsonl,
    Npz,
    Parquet,
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Csv => "csv",
            Self::Jsonl => "jsonl",
            Self::Npz => "npz",
            Self::Parquet => "parquet",
        })
    }
}

impl FromStr for Format {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "csv" => Ok(Self::Csv),
            "jsonl" => Ok(Self::Jsonl),
            "npz" => Ok(Self::Npz),
            "parquet" => Ok(Self::Parquet),
            _ => Err(format!("{text:?} is no format: expected csv, jsonl, npz or parquet")),
        }
    }
}

/// A dataset before it has its number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct New {
    pub name: DatasetName,
    pub blob: blobs::Blob,
    pub format: Format,
    pub columns: Vec<String>,
    pub rows: u64,
    /// The column that is predicted.
    pub label: Option<String>,
    pub actor: Actor,
    pub now: Timestamp,
}

/// A stored dataset.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dataset {
    pub name: DatasetName,
    pub number: VersionNumber,
    pub blob: blobs::Blob,
    pub format: Format,
    pub columns: Vec<String>,
    pub rows: u64,
    pub label: Option<String>,
    pub created_at: Timestamp,
    pub created_by: Actor,
}

/// A dataset, and whether it was there before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Registered {
    New(Dataset),
    Existing(Dataset),
}

impl Registered {
    /// The dataset, new or not.
    pub fn into_dataset(self) -> Dataset {
        match self {
            Self::New(dataset) | Self::Existing(dataset) => dataset,
        }
    }
}

impl Store {
    /// Registers a dataset. What is equal in bytes, format and label is answered as it is.
    pub async fn register_dataset(&self, new: &New) -> Result<Registered, Error> {
        let _until_registered = self.blobs().hold();
        if !self.blobs().has(&new.blob.digest, new.blob.size).await? {
            return Err(Error::MissingBlob(new.blob.digest.clone()));
        }
        let mut write = self.write().await?;
        let existing = sqlx::query(
            "SELECT * FROM dataset WHERE name = ? AND digest = ? AND format = ? AND label IS ?
             ORDER BY number DESC LIMIT 1",
        )
        .bind(new.name.as_str())
        .bind(new.blob.digest.as_str())
        .bind(new.format.to_string())
        .bind(&new.label)
        .fetch_optional(write.sql())
        .await?;
        if let Some(row) = existing {
            return Ok(Registered::Existing(read(&row)?));
        }
        let dataset = insert(&mut write, new).await?;
        write.commit().await?;
        Ok(Registered::New(dataset))
    }

    /// A dataset; the newest of its name where no number is given.
    pub async fn dataset(
        &self,
        name: &DatasetName,
        number: Option<VersionNumber>,
    ) -> Result<Dataset, Error> {
        let row = sqlx::query(
            "SELECT * FROM dataset WHERE name = ?1 AND (?2 IS NULL OR number = ?2)
             ORDER BY number DESC LIMIT 1",
        )
        .bind(name.as_str())
        .bind(number.map(|number| int(number.0)))
        .fetch_optional(&mut *self.reader().await?)
        .await?;
        match row {
            Some(row) => Ok(read(&row)?),
            None => Err(Error::Unknown(name.clone(), number.unwrap_or(VersionNumber(1)))),
        }
    }

    /// Datasets by name and number.
    pub async fn datasets(
        &self,
        page: &Request<(DatasetName, VersionNumber)>,
    ) -> Result<Page<Dataset, (DatasetName, VersionNumber)>, storage::Error> {
        let after = page.after.as_ref();
        let rows = sqlx::query(
            "SELECT * FROM dataset WHERE (name, number) > (?, ?) ORDER BY name, number LIMIT ?",
        )
        .bind(after.map_or("", |(name, _)| name.as_str()))
        .bind(after.map_or(0, |(_, number)| int(number.0)))
        .bind(page.rows())
        .fetch_all(&mut *self.reader().await?)
        .await?;
        let datasets = rows.iter().map(read).collect::<Result<_, _>>()?;
        Ok(Page::cut(datasets, page, |dataset| (dataset.name.clone(), dataset.number)))
    }
}

async fn insert(write: &mut Write<'_>, new: &New) -> Result<Dataset, storage::Error> {
    let row = sqlx::query(
        "INSERT INTO dataset (name, number, digest, size, format, columns, row_count, label,
                              created_at, created_by)
         SELECT ?1, coalesce(max(number), 0) + 1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9
         FROM dataset WHERE name = ?1
         RETURNING *",
    )
    .bind(new.name.as_str())
    .bind(new.blob.digest.as_str())
    .bind(int(new.blob.size))
    .bind(new.format.to_string())
    .bind(to_json("columns", &new.columns)?)
    .bind(int(new.rows))
    .bind(&new.label)
    .bind(new.now.as_micros())
    .bind(to_json("actor", &new.actor)?)
    .fetch_one(write.sql())
    .await?;
    let dataset = read(&row)?;
    let subject = format!("dataset {}@{}", dataset.name, dataset.number.0);
    let row = journal::New::about(&subject, "registered", &new.actor, new.now)
        .because(format!("{} rows, stored as {}", new.rows, new.blob.digest));
    write.journal(row).await?;
    Ok(dataset)
}

fn read(row: &SqliteRow) -> Result<Dataset, storage::Error> {
    Ok(Dataset {
        name: row.parsed("name")?,
        number: VersionNumber(row.count("number")?),
        blob: blobs::Blob { digest: row.parsed("digest")?, size: row.count("size")? },
        format: row.parsed("format")?,
        columns: row.json("columns")?,
        rows: row.count("row_count")?,
        label: row.maybe_text("label")?,
        created_at: row.time("created_at")?,
        created_by: row.json("created_by")?,
    })
}
