//! A dataset in memory: named columns of equally many rows.

use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::fmt;

/// Columns of equally many rows, in the file's order; names are unique.
#[derive(Debug, Clone, PartialEq)]
pub struct Table {
    columns: Vec<Column>,
    rows: usize,
}

impl Table {
    /// Each column holds `rows` rows.
    pub(crate) const fn of(columns: Vec<Column>, rows: usize) -> Self {
        Self { columns, rows }
    }

    pub fn columns(&self) -> &[Column] {
        &self.columns
    }

    pub const fn rows(&self) -> usize {
        self.rows
    }

    pub fn column(&self, name: &str) -> Option<&Column> {
        self.columns.iter().find(|column| column.name == name)
    }
}

/// One column. A row of it is a scalar (`row_shape` empty) or a tensor of `row_shape`.
#[derive(Debug, Clone, PartialEq)]
pub struct Column {
    pub name: String,
    pub row_shape: Vec<usize>,
    /// Row-major: `rows` times the product of `row_shape`.
    pub values: Values,
}

impl Column {
    pub const fn kind(&self) -> Kind {
        match &self.values {
            Values::Integers(_) => Kind::Integer,
            Values::Numbers(_) => Kind::Number,
            Values::Texts(_) => Kind::Text,
            Values::Objects(_) => Kind::Object,
        }
    }

    /// Elements in one row.
    pub fn row_len(&self) -> usize {
        self.row_shape.iter().product()
    }

    /// The scalar of each row as text: labels and slices. None for tensors and objects.
    pub fn texts(&self) -> Option<Vec<Cow<'_, str>>> {
        if !self.row_shape.is_empty() {
            return None;
        }
        match &self.values {
            Values::Integers(v) => Some(v.iter().map(|x| Cow::Owned(x.to_string())).collect()),
            Values::Numbers(v) => Some(v.iter().map(|x| Cow::Owned(x.to_string())).collect()),
            Values::Texts(v) => Some(v.iter().map(|x| Cow::Borrowed(x.as_str())).collect()),
            Values::Objects(_) => None,
        }
    }

    /// Every element as a number; none for texts and objects.
    pub fn numbers(&self) -> Option<Vec<f64>> {
        match &self.values {
            #[expect(clippy::cast_precision_loss, reason = "metrics are computed in doubles")]
            Values::Integers(v) => Some(v.iter().map(|x| *x as f64).collect()),
            Values::Numbers(v) => Some(v.clone()),
            Values::Texts(_) | Values::Objects(_) => None,
        }
    }
}

#[derive(Debug, Clone, PartialEq)]
pub enum Values {
    Integers(Vec<i64>),
    /// Always finite.
    Numbers(Vec<f64>),
    Texts(Vec<String>),
    /// JSON objects: golden requests and their answers.
    Objects(Vec<serde_json::Value>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    Integer,
    Number,
    Text,
    Object,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Integer => "integer",
            Self::Number => "number",
            Self::Text => "text",
            Self::Object => "object",
        })
    }
}
