//! CSV with a header line.

use super::{Column, Error, Limits, Place, Table, Values};
use std::collections::HashSet;
use std::path::Path;

pub(super) fn read(path: &Path, limits: Limits) -> Result<Table, Error> {
    let place = Place::file(path);
    let mut reader =
        csv::ReaderBuilder::new().from_path(path).map_err(|error| fault(&place, error))?;
    let names: Vec<String> = header(&mut reader, &place, limits)?;
    let mut columns: Vec<Cells> = names.iter().map(|_| Cells::default()).collect();
    let mut record = csv::StringRecord::new();
    let (mut lines, mut bytes) = (Vec::new(), 0_usize);
    while reader.read_record(&mut record).map_err(|error| fault(&place, error))? {
        place.within("rows", lines.len() + 1, limits.rows)?;
        // Two bytes of a file are a cell, which takes more than that.
        bytes = bytes.saturating_add(record.iter().map(unpacked).sum());
        place.within("bytes unpacked", bytes, limits.bytes)?;
        lines.push(record.position().map_or(0, csv::Position::line));
        for (column, text) in columns.iter_mut().zip(record.iter()) {
            column.push(text);
        }
    }
    let typed = |(name, cells): (String, Cells)| typed(&name, &cells, &lines, &place);
    let columns = names.into_iter().zip(columns).map(typed).collect::<Result<_, _>>()?;
    Ok(Table::of(columns, lines.len()))
}

/// The texts of a column, one after the other, and where each ends.
#[derive(Default)]
struct Cells {
    text: String,
    ends: Vec<usize>,
}

impl Cells {
    fn push(&mut self, text: &str) {
        self.text.push_str(text);
        self.ends.push(self.text.len());
    }

    fn iter(&self) -> impl Iterator<Item = &str> + Clone {
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        starts.zip(&self.ends).map(|(start, end)| self.text.get(start..*end).unwrap_or_default())
    }
}

/// The memory that a cell takes here; a number takes no more in the table.
const fn unpacked(text: &str) -> usize {
    text.len() + size_of::<usize>()
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
        if !seen.insert(name.trim()) {
            return Err(here.column(name.trim()).fault("the name is used twice"));
        }
    }
    Ok(header.iter().map(|name| name.trim().to_owned()).collect())
}

/// Integers where every value is one, else numbers, else texts. A gap among numbers is refused:
/// a model has no input for it.
fn typed(name: &str, cells: &Cells, lines: &[u64], place: &Place) -> Result<Column, Error> {
    let texts = || cells.iter().map(str::trim);
    let scalar = |values| Column { name: name.to_owned(), row_shape: Vec::new(), values };
    if let Ok(integers) = texts().map(str::parse::<i64>).collect::<Result<Vec<_>, _>>() {
        return Ok(scalar(Values::Integers(integers)));
    }
    let number = |text: &str| text.parse::<f64>().ok();
    let is_gap = |(text, _): &(&str, &u64)| number(text).is_none_or(|x| !x.is_finite());
    let Some((text, line)) = texts().zip(lines).find(is_gap) else {
        return Ok(scalar(Values::Numbers(texts().filter_map(number).collect())));
    };
    let mut filled = texts().filter(|text| !text.is_empty()).peekable();
    if filled.peek().is_some() && filled.all(|text| number(text).is_some()) {
        let line = usize::try_from(*line).unwrap_or(usize::MAX);
        let fault = match text {
            "" => "the value is missing, and the other rows hold numbers".to_owned(),
            text => format!("{text:?} is not a finite number"),
        };
        return Err(place.clone().line(line).column(name).fault(fault));
    }
    Ok(scalar(Values::Texts(cells.iter().map(str::to_owned).collect())))
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
