//! Datasets: what a pushed CSV, JSONL, NPZ or Parquet file holds, and how its columns become a
//! model's inputs.
//!
//! Owns the formats and their limits. Refuses pickled arrays, ragged columns and anything beyond
//! its [`Limits`]; every error names the file and the place in it. Knows nothing of digests (the
//! store's) and of metrics (`validation`).

mod builder;
pub mod child;
mod csv;
mod error;
mod feed;
mod format;
mod jsonl;
mod npz;
mod parquet;
mod summary;
mod table;
#[cfg(test)]
mod tests;

pub use error::{Error, Place};
pub use feed::{Batch, Feed, feed};
pub use format::Format;
pub use summary::{ColumnSummary, Summary, inspect};
pub use table::{Column, Kind, Table, Values};

use std::path::{Path, PathBuf};

/// A dataset's bytes on this machine, as the store has them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    pub path: PathBuf,
    pub format: Format,
    /// The column that holds the truth, as pushed.
    pub label: Option<String>,
}

/// How much one dataset may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    pub rows: usize,
    pub columns: usize,
    /// Of the file, and of what it unpacks to.
    pub bytes: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { rows: 1_000_000, columns: 10_000, bytes: 256 * 1024 * 1024 }
    }
}

/// Reads a whole dataset. Blocks: callers on an async runtime use `spawn_blocking`.
pub fn read(path: &Path, format: Format, limits: Limits) -> Result<Table, Error> {
    let place = Place::file(path);
    let size = std::fs::metadata(path).map_err(|source| place.clone().io(source))?.len();
    place.within("bytes", size, limits.bytes)?;
    let table = match format {
        Format::Csv => csv::read(path, limits),
        Format::Jsonl => jsonl::read(path, limits),
        Format::Npz => npz::read(path, limits),
        Format::Parquet => parquet::read(path, limits),
    }?;
    if table.rows() == 0 {
        return Err(place.fault("there are no rows"));
    }
    Ok(table)
}
