//! What is wrong with a policy, and where. Owns the wording and the order of faults; collects all
//! of them, so that one round of corrections is enough.

use std::cell::RefCell;
use std::fmt;

/// More faults than this say nothing new.
const FAULTS_MAX: usize = 100;

/// A place in the file; both count from 1, columns in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position {
    pub line: usize,
    pub column: usize,
}

impl Position {
    /// The first character.
    pub const START: Self = Self { line: 1, column: 1 };

    /// The nearest place inside `source`: a parser's end of file lies one line beyond the last.
    fn within(self, source: &str) -> Self {
        let lines = source.lines().count().max(1);
        let line = self.line.clamp(1, lines);
        let width = source.lines().nth(line - 1).map_or(0, |text| text.chars().count());
        let column = if self.line > lines { width + 1 } else { self.column.clamp(1, width + 1) };
        Self { line, column }
    }
}

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Fault {
    pub at: Position,
    /// The field's path, `spec.ramp[1].share`; empty for the file as a whole.
    pub field: String,
    /// What is wrong, without the field.
    pub what: String,
    /// The values that are allowed.
    pub allowed: Option<String>,
    /// The known name most like the unknown one.
    pub nearest: Option<String>,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, column {}: ", self.at.line, self.at.column)?;
        if !self.field.is_empty() {
            write!(f, "{}: ", self.field)?;
        }
        f.write_str(&self.what)?;
        if let Some(allowed) = &self.allowed {
            write!(f, "; allowed: {allowed}")?;
        }
        match &self.nearest {
            Some(nearest) => write!(f, "; did you mean `{nearest}`?"),
            None => Ok(()),
        }
    }
}

/// A policy that is refused: every fault found, in the file's order; never empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Error(Vec<Fault>);

impl Error {
    /// The faults, in the file's order.
    pub fn faults(&self) -> &[Fault] {
        &self.0
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, fault) in self.0.iter().enumerate() {
            let separator = if index == 0 { "" } else { "\n" };
            write!(f, "{separator}{fault}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Error {}

/// A field as far as faults need it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Spot {
    pub(super) at: Position,
    pub(super) path: String,
}

/// The faults found so far. Shared by all readers of one file.
#[derive(Debug, Default)]
pub(super) struct Report(RefCell<Vec<Fault>>);

impl Report {
    pub(super) fn add(&self, fault: Fault) {
        let mut faults = self.0.borrow_mut();
        if faults.len() < FAULTS_MAX {
            faults.push(fault);
        }
    }

    /// Refuses a field's value.
    pub(super) fn refuse(&self, spot: &Spot, what: impl Into<String>, allowed: Option<String>) {
        let (at, field) = (spot.at, spot.path.clone());
        self.add(Fault { at, field, what: what.into(), allowed, nearest: None });
    }

    /// The policy, if nothing was found.
    pub(super) fn finish<T>(self, source: &str, value: Option<T>) -> Result<T, Error> {
        let mut faults = self.0.into_inner();
        match value {
            Some(value) if faults.is_empty() => Ok(value),
            Some(_) | None => {
                for fault in &mut faults {
                    fault.at = fault.at.within(source);
                }
                faults.sort();
                faults.dedup();
                Err(Error(faults))
            }
        }
    }
}
