//! NumPy's NPZ: a zip archive of arrays with the rows as their first dimension. Object arrays are
//! pickles, which run code when read; they are refused.

use super::{Column, Error, Limits, Place, Table, Values};
use npyz::{DType, NpyFile, Order, TypeChar};
use std::fs::File;
use std::io::{BufReader, Read};
use std::path::Path;
use zip::ZipArchive;

pub(super) fn read(path: &Path, limits: Limits) -> Result<Table, Error> {
    let place = Place::file(path);
    let file = File::open(path).map_err(|source| place.clone().io(source))?;
    let mut archive = ZipArchive::new(BufReader::new(file))
        .map_err(|error| place.clone().fault(format!("not an NPZ archive: {error}")))?;
    place.within("columns", archive.len(), limits.columns)?;
    let mut columns: Vec<Column> = Vec::new();
    let mut rows: Option<usize> = None;
    let mut bytes_left = limits.bytes;
    for index in 0..archive.len() {
        let fault = |error| place.clone().fault(format!("entry {}: {error}", index + 1));
        let entry = archive.by_index(index).map_err(fault)?;
        let name = entry.name().map_err(fault)?.trim_end_matches(".npy").to_owned();
        let here = place.clone().column(&name);
        let (column, count) = array(name, entry, &here, (limits.rows, &mut bytes_left))?;
        let expected = *rows.get_or_insert(count);
        if expected != count {
            let fault = format!("{count} rows; the arrays before have {expected}");
            return Err(here.fault(fault));
        }
        if columns.iter().any(|other| other.name == column.name) {
            return Err(here.fault("the name is used twice"));
        }
        columns.push(column);
    }
    Ok(Table::of(columns, rows.unwrap_or(0)))
}

fn array(
    name: String,
    entry: impl Read,
    place: &Place,
    (rows_max, bytes_left): (usize, &mut u64),
) -> Result<(Column, usize), Error> {
    let limit = *bytes_left;
    let fault = |error: std::io::Error| place.clone().fault(format!("not an array: {error}"));
    let npy = NpyFile::new(checked_header(entry, place)?.take(limit)).map_err(fault)?;
    let shape: Vec<usize> = npy
        .shape()
        .iter()
        .map(|dim| usize::try_from(*dim))
        .collect::<Result<_, _>>()
        .map_err(|_too_large| place.clone().fault("its shape is beyond this machine"))?;
    let [rows, row_shape @ ..] = shape.as_slice() else {
        return Err(place.clone().fault("a scalar; the first dimension is the rows"));
    };
    if npy.header().order() == Order::Fortran && shape.len() > 1 {
        return Err(place.clone().fault("column-major; save numpy.ascontiguousarray of it"));
    }
    place.within("rows", *rows, rows_max)?;
    let elements = shape.iter().try_fold(1_u64, |n, dim| n.checked_mul(u64::try_from(*dim).ok()?));
    let size = elements.and_then(|n| n.checked_mul(unpacked(&npy.dtype())?)).unwrap_or(u64::MAX);
    place.within("bytes unpacked", size, limit)?;
    *bytes_left = limit.saturating_sub(size);
    let values = values(npy, place)?;
    Ok((Column { name, row_shape: row_shape.to_vec(), values }, *rows))
}

/// The entry from its start, once its header is known to be short: the header is read and parsed
/// before anything in it can be checked, and takes a hundred times its size while it is.
fn checked_header(mut entry: impl Read, place: &Place) -> Result<impl Read, Error> {
    const LONGEST: u64 = 64 * 1024;
    const MAGIC_AND_LENGTH: u64 = 12;
    let mut start = Vec::new();
    let read = (&mut entry).take(MAGIC_AND_LENGTH).read_to_end(&mut start);
    read.map_err(|error| place.clone().fault(format!("not an array: {error}")))?;
    let length = match start.as_slice() {
        [_, _, _, _, _, _, 1, _, low, high, ..] => u16::from_le_bytes([*low, *high]).into(),
        [_, _, _, _, _, _, _, _, a, b, c, d] => u32::from_le_bytes([*a, *b, *c, *d]),
        // Too short for any header: what reads it says so.
        _ => 0,
    };
    place.within("bytes of header", length, LONGEST)?;
    Ok(std::io::Cursor::new(start).chain(entry))
}

/// The memory that an element takes in the table: numbers are widened, texts are strings.
fn unpacked(dtype: &DType) -> Option<u64> {
    let texts = [TypeChar::UnicodeStr, TypeChar::ByteStr];
    let is_text = matches!(dtype, DType::Plain(plain) if texts.contains(&plain.type_char()));
    let width = dtype.num_bytes().unwrap_or(0);
    let bytes =
        if is_text { width.checked_add(size_of::<String>())? } else { width.max(size_of::<i64>()) };
    u64::try_from(bytes).ok()
}

fn values(npy: NpyFile<impl Read>, place: &Place) -> Result<Values, Error> {
    let DType::Plain(dtype) = npy.dtype() else {
        return Err(place.clone().fault("a structured array; save one array for each column"));
    };
    let fault = |error: std::io::Error| place.clone().fault(error.to_string());
    match (dtype.type_char(), dtype.size_field()) {
        (TypeChar::Bool, _) => npy.into_vec::<bool>().map(widen).map_err(fault),
        (TypeChar::Int, 1) => npy.into_vec::<i8>().map(widen).map_err(fault),
        (TypeChar::Int, 2) => npy.into_vec::<i16>().map(widen).map_err(fault),
        (TypeChar::Int, 4) => npy.into_vec::<i32>().map(widen).map_err(fault),
        (TypeChar::Int, _) => npy.into_vec::<i64>().map(widen).map_err(fault),
        (TypeChar::Uint, 1) => npy.into_vec::<u8>().map(widen).map_err(fault),
        (TypeChar::Uint, 2) => npy.into_vec::<u16>().map(widen).map_err(fault),
        (TypeChar::Uint, 4) => npy.into_vec::<u32>().map(widen).map_err(fault),
        (TypeChar::Uint, _) => unsigned(npy.into_vec::<u64>().map_err(fault)?, place),
        (TypeChar::Float, 4) => {
            let values = npy.into_vec::<f32>().map_err(fault)?;
            finite(values.into_iter().map(f64::from).collect(), place)
        }
        (TypeChar::Float, 8) => finite(npy.into_vec::<f64>().map_err(fault)?, place),
        (TypeChar::UnicodeStr, _) => npy.into_vec::<String>().map(Values::Texts).map_err(fault),
        (TypeChar::ByteStr, _) => {
            let texts = npy.into_vec::<Vec<u8>>().map_err(fault)?;
            let texts = texts.into_iter().map(String::from_utf8).collect::<Result<_, _>>();
            let texts = texts.map_err(|_not_utf8| place.clone().fault("bytes that are not UTF-8"));
            Ok(Values::Texts(texts?))
        }
        (TypeChar::Object, _) => {
            Err(place.clone().fault("Python objects (a pickle), which are never read"))
        }
        _ => Err(place.clone().fault(format!("elements of type {dtype} cannot be read"))),
    }
}

fn widen<T: Into<i64>>(values: Vec<T>) -> Values {
    Values::Integers(values.into_iter().map(Into::into).collect())
}

fn unsigned(values: Vec<u64>, place: &Place) -> Result<Values, Error> {
    let values = values.into_iter().map(i64::try_from).collect::<Result<_, _>>();
    let values = values.map_err(|_too_large| place.clone().fault("a value beyond 64 bits signed"));
    Ok(Values::Integers(values?))
}

fn finite(values: Vec<f64>, place: &Place) -> Result<Values, Error> {
    if values.iter().all(|value| value.is_finite()) {
        return Ok(Values::Numbers(values));
    }
    Err(place.clone().fault("a value that is not finite"))
}
