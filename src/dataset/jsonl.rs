//! One JSON object a line. Arrays are a row's tensor; objects are golden requests and answers.

use super::builder::{ColumnBuilder, Scalar};
use super::{Error, Limits, Place, Table};
use serde_json::{Map, Value};
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;

pub(super) fn read(path: &Path, limits: Limits) -> Result<Table, Error> {
    let place = Place::file(path);
    let file = File::open(path).map_err(|source| place.clone().io(source))?;
    let mut columns: Option<Vec<ColumnBuilder>> = None;
    let mut rows = 0;
    for (index, line) in BufReader::new(file).lines().enumerate() {
        let here = place.clone().line(index + 1);
        let line = line.map_err(|source| place.clone().io(source))?;
        if line.trim().is_empty() {
            continue;
        }
        rows += 1;
        here.within("rows", rows, limits.rows)?;
        let mut row: Map<String, Value> = serde_json::from_str(&line)
            .map_err(|error| here.clone().fault(format!("not a JSON object: {error}")))?;
        here.within("columns", row.len(), limits.columns)?;
        let columns = columns
            .get_or_insert_with(|| row.keys().map(|name| ColumnBuilder::new(name)).collect());
        for column in columns.iter_mut() {
            let missing = || here.clone().column(column.name()).fault("the value is missing");
            let value = row.remove(column.name()).ok_or_else(missing)?;
            push(column, value, &here)?;
        }
        if let Some(name) = row.keys().next() {
            return Err(here.column(name).fault("the lines before have no such column"));
        }
    }
    let columns = columns.unwrap_or_default().into_iter().map(ColumnBuilder::finish);
    Ok(Table::of(columns.collect(), rows))
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
