//! The rule by which a dataset's columns become a model's inputs.
//!
//! 1. Where a column is named like an input, every input takes the column of its name: an input
//!    `[-1]` or `[-1,1]` a scalar column, an input `[-1,d…]` a column whose rows are `[d…]`.
//! 2. Else a single input takes all feature columns in the file's order, which are all columns of
//!    its kind (texts for BYTES, numbers otherwise) but the label and the slices, where they hold
//!    as many elements a row as it does.
//! 3. Anything else is an error that says what was expected.

use super::Error;
use super::table::{Column, Kind, Table, Values};
use seatrial_domain::tensor::{DataType, Dims, Signature, TensorSpec};
use serde_json::{Value, json};
use std::ops::Range;

/// How many rows one request may carry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Batch {
    Any,
    /// The model declares 1 as its first dimension.
    One,
}

/// A table joined to a model's inputs.
#[derive(Debug, Clone)]
pub struct Feed<'a> {
    sources: Vec<Source<'a>>,
    batch: Batch,
    rows: usize,
}

#[derive(Debug, Clone)]
struct Source<'a> {
    spec: TensorSpec,
    row_shape: Vec<usize>,
    columns: Vec<&'a Column>,
}

impl Feed<'_> {
    pub const fn batch(&self) -> Batch {
        self.batch
    }

    pub const fn rows(&self) -> usize {
        self.rows
    }

    /// The `inputs` of one request for these rows.
    pub fn request(&self, rows: &Range<usize>) -> Value {
        Value::Array(self.sources.iter().map(|source| source.input(rows)).collect())
    }
}

impl Source<'_> {
    fn input(&self, rows: &Range<usize>) -> Value {
        let mut shape = vec![rows.len()];
        shape.extend(&self.row_shape);
        let data: Vec<Value> = rows
            .clone()
            .flat_map(|row| self.columns.iter().map(move |column| (row, column)))
            .flat_map(|(row, column)| elements(column, row, self.spec.datatype))
            .collect();
        json!({
            "name": self.spec.name, "datatype": self.spec.datatype, "shape": shape, "data": data,
        })
    }
}

/// Joins `table` to the inputs of `signature`, leaving out the `apart` columns (label, slices).
pub fn feed<'a>(
    table: &'a Table,
    signature: &Signature,
    apart: &[&str],
) -> Result<Feed<'a>, Error> {
    let named = signature.inputs.iter().filter(|spec| table.column(&spec.name).is_some()).count();
    let sources = match signature.inputs.as_slice() {
        [only] if named == 0 => vec![all_features(table, only, apart)?],
        inputs => inputs.iter().map(|spec| by_name(table, spec)).collect::<Result<_, _>>()?,
    };
    let batches: Vec<Batch> = signature.inputs.iter().map(batch).collect::<Result<_, _>>()?;
    let batch = if batches.contains(&Batch::One) { Batch::One } else { Batch::Any };
    Ok(Feed { sources, batch, rows: table.rows() })
}

fn batch(spec: &TensorSpec) -> Result<Batch, Error> {
    match spec.shape.first() {
        Some(dim) if *dim < 0 => Ok(Batch::Any),
        Some(1) => Ok(Batch::One),
        Some(_) | None => Err(Error::Columns(format!(
            "input {} has no dimension for rows; expected -1 or 1 as its first",
            describe(spec)
        ))),
    }
}

fn by_name<'a>(table: &'a Table, spec: &TensorSpec) -> Result<Source<'a>, Error> {
    let Some(column) = table.column(&spec.name) else {
        return Err(Error::Columns(format!(
            "input {} has no column of its name; the columns are {}",
            describe(spec),
            names(table)
        )));
    };
    let wanted = spec.shape.get(1..).unwrap_or_default();
    let fits = match (wanted, column.row_shape.as_slice()) {
        ([1], []) => true,
        (wanted, found) => {
            wanted.len() == found.len()
                && wanted.iter().zip(found).all(|(dim, size)| admits(*dim, *size))
        }
    };
    if !fits {
        return Err(Error::Columns(format!(
            "input {} cannot take column {:?}, whose rows have shape {}",
            describe(spec),
            column.name,
            Dims::from_sizes(&column.row_shape)
        )));
    }
    check(column, spec)?;
    let row_shape = if column.row_shape.is_empty() && wanted == [1] {
        vec![1]
    } else {
        column.row_shape.clone()
    };
    Ok(Source { spec: spec.clone(), row_shape, columns: vec![column] })
}

fn all_features<'a>(
    table: &'a Table,
    spec: &TensorSpec,
    apart: &[&str],
) -> Result<Source<'a>, Error> {
    let of_its_kind = |column: &&Column| match column.kind() {
        Kind::Integer | Kind::Number => spec.datatype != DataType::Bytes,
        Kind::Text => spec.datatype == DataType::Bytes,
        Kind::Object => false,
    };
    let columns: Vec<&Column> = table
        .columns()
        .iter()
        .filter(|column| !apart.contains(&column.name.as_str()))
        .filter(of_its_kind)
        .collect();
    let found: usize = columns.iter().map(|column| column.row_len()).sum();
    let wanted = spec.shape.get(1..).unwrap_or_default();
    let sizes: Option<Vec<usize>> = wanted.iter().map(|dim| usize::try_from(*dim).ok()).collect();
    let row_shape = match sizes {
        Some(sizes) if sizes.iter().product::<usize>() == found => sizes,
        None if wanted.len() == 1 && found > 0 => vec![found],
        Some(_) | None => {
            return Err(Error::Columns(format!(
                "input {} takes every feature column in order, and there are {found} (all {} \
                 columns but the label and the slices); or name a column {:?}",
                describe(spec),
                if spec.datatype == DataType::Bytes { "text" } else { "number" },
                spec.name
            )));
        }
    };
    columns.iter().try_for_each(|column| check(column, spec))?;
    Ok(Source { spec: spec.clone(), row_shape, columns })
}

fn admits(declared: i64, size: usize) -> bool {
    declared < 0 || usize::try_from(declared).is_ok_and(|fixed| fixed == size)
}

/// Whether every value of the column is one of the input's type, so that a request cannot fail
/// for the dataset's sake.
fn check(column: &Column, spec: &TensorSpec) -> Result<(), Error> {
    let range = |low: i64, high: i64| match &column.values {
        Values::Integers(v) => v.iter().all(|x| (low..=high).contains(x)),
        Values::Numbers(v) => v.iter().all(|x| whole(*x).is_some_and(|x| x >= low && x <= high)),
        Values::Texts(_) | Values::Objects(_) => false,
    };
    let fits = match spec.datatype {
        DataType::Bool => range(0, 1),
        DataType::Uint8 => range(0, i64::from(u8::MAX)),
        DataType::Uint16 => range(0, i64::from(u16::MAX)),
        DataType::Uint32 => range(0, i64::from(u32::MAX)),
        DataType::Uint64 => range(0, i64::MAX),
        DataType::Int8 => range(i64::from(i8::MIN), i64::from(i8::MAX)),
        DataType::Int16 => range(i64::from(i16::MIN), i64::from(i16::MAX)),
        DataType::Int32 => range(i64::from(i32::MIN), i64::from(i32::MAX)),
        DataType::Int64 => range(i64::MIN, i64::MAX),
        DataType::Fp16 | DataType::Fp32 | DataType::Fp64 => {
            matches!(column.kind(), Kind::Integer | Kind::Number)
        }
        DataType::Bytes => column.kind() == Kind::Text,
    };
    if fits {
        return Ok(());
    }
    Err(Error::Columns(format!(
        "column {:?} of kind {} holds values that input {} cannot take",
        column.name,
        column.kind(),
        describe(spec)
    )))
}

fn whole(number: f64) -> Option<i64> {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    #[expect(clippy::cast_possible_truncation, reason = "whole and within 2^53")]
    (number.fract() == 0.0 && number.abs() <= EXACT).then_some(number as i64)
}

fn elements<'a>(
    column: &'a Column,
    row: usize,
    datatype: DataType,
) -> Box<dyn Iterator<Item = Value> + 'a> {
    let length = column.row_len();
    let range = row * length..(row + 1) * length;
    let integral = !matches!(datatype, DataType::Fp16 | DataType::Fp32 | DataType::Fp64);
    match &column.values {
        Values::Integers(v) => {
            let flag = datatype == DataType::Bool;
            let value = move |x: &i64| if flag { json!(*x == 1) } else { json!(x) };
            Box::new(v.get(range).unwrap_or_default().iter().map(value))
        }
        Values::Numbers(v) => {
            let value = move |x: &f64| match whole(*x) {
                Some(whole) if datatype == DataType::Bool => json!(whole == 1),
                Some(whole) if integral => json!(whole),
                Some(_) | None => json!(x),
            };
            Box::new(v.get(range).unwrap_or_default().iter().map(value))
        }
        Values::Texts(v) => Box::new(v.get(range).unwrap_or_default().iter().map(|x| json!(x))),
        Values::Objects(v) => Box::new(v.get(range).unwrap_or_default().iter().cloned()),
    }
}

fn describe(spec: &TensorSpec) -> String {
    format!("{:?} ({} {})", spec.name, spec.datatype, Dims::declared(&spec.shape))
}

fn names(table: &Table) -> String {
    const SHOWN: usize = 8;
    let mut names: Vec<&str> =
        table.columns().iter().take(SHOWN).map(|column| column.name.as_str()).collect();
    if table.columns().len() > SHOWN {
        names.push("…");
    }
    names.join(", ")
}
