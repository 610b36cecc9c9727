//! The rows of each value of a slice's column.

use super::super::report::SliceValue;
use crate::dataset::Table;
use seatrial_domain::plan::Slice;
use std::collections::BTreeMap;

/// A column of more values is an identifier, not a slice.
const VALUES_MAX: usize = 100;

/// Rows judged together: all of them, or those of one value of a slice.
pub(super) struct Rows {
    /// None: the whole holdout.
    pub(super) value: Option<SliceValue>,
    pub(super) max_drop: Option<f64>,
    pub(super) rows: Vec<usize>,
}

pub(super) fn rows(table: &Table, slices: &[Slice]) -> Result<Vec<Rows>, String> {
    let mut all = Vec::new();
    for slice in slices {
        let name = &slice.column;
        let column = table.column(name).ok_or_else(|| format!("slice {name:?} is no column"))?;
        let texts = column.texts().ok_or_else(|| format!("slice {name:?} holds no scalars"))?;
        let mut by_value: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        for (row, text) in texts.iter().enumerate() {
            by_value.entry(text).or_default().push(row);
        }
        if by_value.len() > VALUES_MAX {
            let found = by_value.len();
            return Err(format!("slice {name:?} has {found} values, at most {VALUES_MAX}"));
        }
        all.extend(by_value.into_iter().map(|(value, rows)| Rows {
            value: Some(SliceValue { column: name.clone(), value: value.to_owned() }),
            max_drop: slice.max_drop,
            rows,
        }));
    }
    Ok(all)
}
