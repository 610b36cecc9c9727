//! What `dataset push` records about a dataset.

use super::{Error, Format, Kind, Limits, Place, read};
use serde::{Deserialize, Serialize};
use std::path::Path;

/// Columns that are the label where none is named.
const LABELS: [&str; 3] = ["label", "target", "y"];

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Summary {
    pub format: Format,
    pub columns: Vec<ColumnSummary>,
    pub rows: usize,
    /// The column that holds the truth; none in expected predictions and golden requests.
    pub label: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ColumnSummary {
    pub name: String,
    pub kind: Kind,
    /// Of one row; empty for a scalar.
    pub row_shape: Vec<usize>,
}

/// Reads the whole file, so that what is stored can also be used, and chooses its label: the named
/// column, else the first of `label`, `target` and `y` that it has.
pub fn inspect(
    path: &Path,
    format: Format,
    label: Option<&str>,
    limits: Limits,
) -> Result<Summary, Error> {
    let table = read(path, format, limits)?;
    let label = match label {
        Some(name) if table.column(name).is_none() => {
            return Err(Place::file(path).column(name).fault("named as the label, and not there"));
        }
        Some(name) => Some(name.to_owned()),
        None => LABELS.iter().find(|name| table.column(name).is_some()).map(|s| (*s).to_owned()),
    };
    let columns = table.columns().iter().map(|column| ColumnSummary {
        name: column.name.clone(),
        kind: column.kind(),
        row_shape: column.row_shape.clone(),
    });
    Ok(Summary { format, columns: columns.collect(), rows: table.rows(), label })
}
