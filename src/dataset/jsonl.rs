//! One JSON object a line. Arrays are a row's tensor; objects are golden requests and answers.

mod row;

use super::builder::{ColumnBuilder, Scalar};
use super::{Error, Limits, Place, Table};
use row::Row;
use serde_json::Value;
use std::collections::HashMap;
use std::fs::File;
use std::io::{BufRead, BufReader, ErrorKind};
use std::path::Path;

pub(super) fn read(path: &Path, limits: Limits) -> Result<Table, Error> {
    let place = Place::file(path);
    let file = File::open(path).map_err(|source| place.clone().io(source))?;
    let mut columns: Option<Columns> = None;
    let (mut rows, mut bytes) = (0, 0_usize);
    for (index, line) in BufReader::new(file).lines().enumerate() {
        let here = place.clone().line(index + 1);
        let line = line.map_err(|error| unread(&here, error))?;
        if line.trim().is_empty() {
            continue;
        }
        rows += 1;
        here.within("rows", rows, limits.rows)?;
        // Each comma may part two values, which take more than the line does.
        let values = line.bytes().filter(|byte| *byte == b',').count() + 1;
        here.within("bytes unpacked", values.saturating_mul(size_of::<Value>()), limits.bytes)?;
        let row: Row = serde_json::from_str(&line)
            .map_err(|error| here.clone().fault(format!("not a JSON object: {error}")))?;
        here.within("columns", row.0.len(), limits.columns)?;
        bytes = bytes.saturating_add(row.0.iter().map(|(_, value)| unpacked(value)).sum());
        here.within("bytes unpacked", bytes, limits.bytes)?;
        columns.get_or_insert_with(|| Columns::of(&row)).take(row, &here)?;
    }
    let columns = columns.map(|columns| columns.builders).unwrap_or_default();
    Ok(Table::of(columns.into_iter().map(ColumnBuilder::finish).collect(), rows))
}

/// Bytes that are no text are the file's fault; all else is the disk's.
fn unread(place: &Place, error: std::io::Error) -> Error {
    if error.kind() == ErrorKind::InvalidData {
        return place.clone().fault("the text is not UTF-8");
    }
    place.clone().io(error)
}

/// The columns, in the order of the first line, and where each is.
struct Columns {
    builders: Vec<ColumnBuilder>,
    places: HashMap<String, usize>,
}

impl Columns {
    fn of(first: &Row) -> Self {
        let names = first.0.iter().map(|(name, _)| name);
        let places = names.clone().cloned().enumerate().map(|(index, name)| (name, index));
        Self { places: places.collect(), builders: names.map(|n| ColumnBuilder::new(n)).collect() }
    }

    fn take(&mut self, row: Row, place: &Place) -> Result<(), Error> {
        let mut values = vec![None; self.builders.len()];
        for (name, value) in row.0 {
            let found = self.places.get(&name).and_then(|index| values.get_mut(*index));
            let unknown =
                || place.clone().column(&name).fault("the lines before have no such column");
            let slot = found.ok_or_else(unknown)?;
            if slot.replace(value).is_some() {
                return Err(place.clone().column(&name).fault("the name is used twice"));
            }
        }
        for (column, value) in self.builders.iter_mut().zip(values) {
            let missing = || place.clone().column(column.name()).fault("the value is missing");
            push(column, value.ok_or_else(missing)?, place)?;
        }
        Ok(())
    }
}

/// The memory that a value takes in the table.
fn unpacked(value: &Value) -> usize {
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) => size_of::<i64>(),
        Value::String(text) => text.len().saturating_add(size_of::<Scalar>()),
        Value::Array(items) => items.iter().map(unpacked).fold(0, usize::saturating_add),
        Value::Object(fields) => {
            let field = |(name, value): (&String, &Value)| {
                name.len().saturating_add(size_of::<Value>()).saturating_add(unpacked(value))
            };
            fields.iter().map(field).fold(size_of::<Scalar>(), usize::saturating_add)
        }
    }
}

fn push(column: &mut ColumnBuilder, value: Value, place: &Place) -> Result<(), Error> {
    let mut shape = Vec::new();
    let mut scalars = Vec::new();
    flatten(value, 0, &mut shape, &mut scalars)
        .map_err(|fault| place.clone().column(column.name()).fault(fault))?;
    column.push(&shape, scalars, place)
}

/// Nested arrays as a shape and its elements, row-major.
fn flatten(
    value: Value,
    depth: usize,
    shape: &mut Vec<usize>,
    scalars: &mut Vec<Scalar>,
) -> Result<(), &'static str> {
    let Value::Array(items) = value else {
        if depth < shape.len() {
            return Err("an array whose parts have different depths");
        }
        scalars.push(scalar(value)?);
        return Ok(());
    };
    match shape.get(depth) {
        Some(length) if *length != items.len() => {
            return Err("an array whose parts have different lengths");
        }
        Some(_) => {}
        None if scalars.is_empty() => shape.push(items.len()),
        None => return Err("an array whose parts have different depths"),
    }
    items.into_iter().try_for_each(|item| flatten(item, depth + 1, shape, scalars))
}

fn scalar(value: Value) -> Result<Scalar, &'static str> {
    match value {
        Value::Bool(flag) => Ok(Scalar::Integer(i64::from(flag))),
        Value::Number(number) => match (number.as_i64(), number.as_f64()) {
            (Some(integer), _) => Ok(Scalar::Integer(integer)),
            (None, Some(float)) => Ok(Scalar::Number(float)),
            (None, None) => Err("a number beyond a double's range"),
        },
        Value::String(text) => Ok(Scalar::Text(text)),
        Value::Object(_) => Ok(Scalar::Object(value)),
        Value::Null | Value::Array(_) => Err("the value is null"),
    }
}
