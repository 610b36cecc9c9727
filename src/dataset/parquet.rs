//! Parquet: scalar columns, and lists as a row's tensor.

use super::builder::{ColumnBuilder, Scalar};
use super::{Error, Limits, Place, Table};
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::Field;
use std::collections::HashSet;
use std::fs::File;
use std::path::Path;

pub(super) fn read(path: &Path, limits: Limits) -> Result<Table, Error> {
    let place = Place::file(path);
    let file = File::open(path).map_err(|source| place.clone().io(source))?;
    let fault = |error: parquet::errors::ParquetError| {
        place.clone().fault(format!("not a readable Parquet file: {error}"))
    };
    let reader = SerializedFileReader::new(file).map_err(fault)?;
    let metadata = reader.metadata().file_metadata();
    place.within("rows", metadata.num_rows(), limits.rows)?;
    let names = metadata.schema().get_fields();
    place.within("columns", names.len(), limits.columns)?;
    let mut seen = HashSet::new();
    if let Some(twice) = names.iter().find(|field| !seen.insert(field.name())) {
        return Err(place.column(twice.name()).fault("the name is used twice"));
    }
    let mut columns: Vec<_> = names.iter().map(|field| ColumnBuilder::new(field.name())).collect();
    let (mut rows, mut bytes) = (0_usize, 0_usize);
    for row in reader.get_row_iter(None).map_err(fault)? {
        let row = row.map_err(fault)?;
        rows += 1;
        let here = place.clone().line(rows);
        here.within("rows", rows, limits.rows)?;
        for (column, (_name, field)) in columns.iter_mut().zip(row.get_column_iter()) {
            // Dictionaries and run lengths unpack to far more than the file holds.
            bytes = bytes.saturating_add(unpacked(field));
            here.within("bytes unpacked", bytes, limits.bytes)?;
            let (shape, scalars) = cell(field, &here, column.name())?;
            column.push(&shape, scalars, &here)?;
        }
    }
    let columns = columns.into_iter().map(ColumnBuilder::finish).collect();
    Ok(Table::of(columns, rows))
}

/// The memory that a cell takes in the table.
fn unpacked(field: &Field) -> usize {
    let text = |length: usize| length.saturating_add(size_of::<Scalar>());
    if let Field::ListInternal(list) = field {
        return list.elements().iter().map(unpacked).fold(0, usize::saturating_add);
    }
    if let Field::Str(value) = field {
        return text(value.len());
    }
    if let Field::Bytes(value) = field {
        return text(value.len());
    }
    size_of::<i64>()
}

fn cell(field: &Field, place: &Place, name: &str) -> Result<(Vec<usize>, Vec<Scalar>), Error> {
    let fault = |fault: String| place.clone().column(name).fault(fault);
    if let Field::ListInternal(list) = field {
        let elements = list.elements().iter().map(|element| scalar(element).map_err(fault));
        let elements = elements.collect::<Result<Vec<_>, _>>()?;
        return Ok((vec![elements.len()], elements));
    }
    Ok((Vec::new(), vec![scalar(field).map_err(fault)?]))
}

fn scalar(field: &Field) -> Result<Scalar, String> {
    Ok(match field {
        Field::Bool(value) => Scalar::Integer(i64::from(*value)),
        Field::Byte(value) => Scalar::Integer(i64::from(*value)),
        Field::Short(value) => Scalar::Integer(i64::from(*value)),
        Field::Int(value) => Scalar::Integer(i64::from(*value)),
        Field::Long(value) => Scalar::Integer(*value),
        Field::UByte(value) => Scalar::Integer(i64::from(*value)),
        Field::UShort(value) => Scalar::Integer(i64::from(*value)),
        Field::UInt(value) => Scalar::Integer(i64::from(*value)),
        Field::ULong(value) => Scalar::Integer(
            i64::try_from(*value).map_err(|_large| format!("{value} is beyond 64 bits signed"))?,
        ),
        Field::Float16(value) => Scalar::Number(value.to_f64()),
        Field::Float(value) => Scalar::Number(f64::from(*value)),
        Field::Double(value) => Scalar::Number(*value),
        Field::Str(value) => Scalar::Text(value.clone()),
        Field::Bytes(value) => Scalar::Text(
            value.as_utf8().map_err(|_error| "bytes that are not UTF-8".to_owned())?.to_owned(),
        ),
        Field::Null => return Err("the value is null".to_owned()),
        Field::Decimal(_)
        | Field::Date(_)
        | Field::TimeMillis(_)
        | Field::TimeMicros(_)
        | Field::TimestampMillis(_)
        | Field::TimestampMicros(_)
        | Field::Group(_)
        | Field::ListInternal(_)
        | Field::MapInternal(_) => {
            return Err("neither a number, nor a text, nor a list of them".to_owned());
        }
    })
}
