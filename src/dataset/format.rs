//! The formats a dataset is pushed in.

use super::Error;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::path::Path;
use std::str::FromStr;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// With a header line; a column is a number column where every value is a number.
    Csv,
    /// One JSON object a line; arrays are tensors of one row.
    Jsonl,
    /// NumPy's archive; every array has the rows as its first dimension.
    Npz,
    Parquet,
}

impl Format {
    /// By the file's extension.
    pub fn of_path(path: &Path) -> Result<Self, Error> {
        let extension = path.extension().and_then(|text| text.to_str()).unwrap_or("");
        extension.to_ascii_lowercase().parse()
    }
}

impl FromStr for Format {
    type Err = Error;
    fn from_str(text: &str) -> Result<Self, Error> {
        match text {
            "csv" => Ok(Self::Csv),
            "jsonl" | "ndjson" => Ok(Self::Jsonl),
            "npz" => Ok(Self::Npz),
            "parquet" => Ok(Self::Parquet),
            other => Err(Error::Format(other.to_owned())),
        }
    }
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
