//! Datasets.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// One immutable version of a dataset.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Dataset {
    pub name: String,
    pub version: u64,
    pub digest: String,
    /// `csv`, `jsonl`, `npz` or `parquet`.
    pub format: String,
    pub columns: Vec<String>,
    pub rows: u64,
    /// The column that holds the truth.
    pub label: Option<String>,
    pub size: u64,
    pub created_at: String,
}

/// The one uploaded file becomes a dataset's version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RegisterDataset {
    pub upload: String,
    #[serde(default)]
    pub label: Option<String>,
}
