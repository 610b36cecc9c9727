//! CSV with a header line.

use super::{Column, Error, Limits, Place, Table, Values};
use std::collections::HashSet;
use std::path::Path;

pub(super) fn read(path: &Path, limits: Limits) -> Result<Table, Error> {
    let place = Place::file(path);
    let mut reader =
        csv::ReaderBuilder::new().from_path(path).map_err(|error| fault(&place, error))?;
    let names: Vec<String> = header(&mut reader, &place, limits)?;
    let mut cells: Vec<Vec<Cell>> = names.iter().map(|_| Vec::new()).collect();
    let mut record = csv::StringRecord::new();
    let mut rows = 0;
    while reader.read_record(&mut record).map_err(|error| fault(&place, error))? {
        rows += 1;
        place.within("rows", rows, limits.rows)?;
        let line = record.position().map_or(0, csv::Position::line);
        for (column, text) in cells.iter_mut().zip(record.iter()) {
            column.push(Cell { line, text: text.into() });
        }
    }
    let columns = names.into_iter().zip(cells).map(|(name, cells)| typed(&name, &cells, &place));
    Ok(Table::of(columns.collect::<Result<_, _>>()?, rows))
}

struct Cell {
    line: u64,
    text: Box<str>,
}

fn header<R: std::io::Read>(
    reader: &mut csv::Reader<R>,
    place: &Place,
    limits: Limits,
) -> Result<Vec<String>, Error> {
    let header = reader.headers().map_err(|error| fault(place, error))?;
    place.within("columns", header.len(), limits.columns)?;
    let mut seen = HashSet::new();
    for name in header {
        let here = place.clone().line(1);
        if name.trim().is_empty() {
            return Err(here.fault("a column without a name; the first line names every column"));
        }
        if !seen.insert(name) {
            return Err(here.column(name).fault("the name is used twice"));
        }
    }
    Ok(header.iter().map(|name| name.trim().to_owned()).collect())
}

/// Integers where every value is one, else numbers, else texts. A gap among numbers is refused:
/// a model has no input for it.
fn typed(name: &str, cells: &[Cell], place: &Place) -> Result<Column, Error> {
    let texts = || cells.iter().map(|cell| cell.text.trim());
    let scalar = |values| Column { name: name.to_owned(), row_shape: Vec::new(), values };
    if let Ok(integers) = texts().map(str::parse::<i64>).collect::<Result<Vec<_>, _>>() {
        return Ok(scalar(Values::Integers(integers)));
    }
    let number = |text: &str| text.parse::<f64>().ok();
    let Some(gap) =
        cells.iter().find(|cell| number(cell.text.trim()).is_none_or(|x| !x.is_finite()))
    else {
        return Ok(scalar(Values::Numbers(texts().filter_map(number).collect())));
    };
    let mut filled = texts().filter(|text| !text.is_empty()).peekable();
    if filled.peek().is_some() && filled.all(|text| number(text).is_some()) {
        let line = usize::try_from(gap.line).unwrap_or(usize::MAX);
        let fault = match gap.text.trim() {
            "" => "the value is missing, and the other rows hold numbers".to_owned(),
            text => format!("{text:?} is not a finite number"),
        };
        return Err(place.clone().line(line).column(name).fault(fault));
    }
    Ok(scalar(Values::Texts(cells.iter().map(|cell| cell.text.to_string()).collect())))
}

#[expect(clippy::wildcard_enum_match_arm, reason = "foreign and non-exhaustive")]
fn fault(place: &Place, error: csv::Error) -> Error {
    let line = error.position().map(|position| position.line());
    match error.into_kind() {
        csv::ErrorKind::Io(source) => place.clone().io(source),
        csv::ErrorKind::UnequalLengths { expected_len, len, .. } => at(place, line)
            .fault(format!("{len} values, and the first line names {expected_len} columns")),
        csv::ErrorKind::Utf8 { .. } => at(place, line).fault("the text is not UTF-8"),
        other => at(place, line).fault(format!("{other:?}")),
    }
}

fn at(place: &Place, line: Option<u64>) -> Place {
    match line.and_then(|line| usize::try_from(line).ok()) {
        Some(line) => place.clone().line(line),
        None => place.clone(),
    }
}
