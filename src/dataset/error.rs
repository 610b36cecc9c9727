//! Why a dataset is refused, and where in it.

use std::fmt;
use std::path::{Path, PathBuf};

/// A place in a dataset: its file, and as much more as is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    file: PathBuf,
    /// Lines of text formats and rows of the others, from 1.
    line: Option<usize>,
    column: Option<String>,
}

impl Place {
    pub(super) fn file(path: &Path) -> Self {
        Self { file: path.to_owned(), line: None, column: None }
    }

    pub(super) fn line(mut self, line: usize) -> Self {
        self.line = Some(line);
        self
    }

    pub(super) fn column(mut self, column: &str) -> Self {
        self.column = Some(column.to_owned());
        self
    }

    pub(super) fn fault(self, fault: impl Into<String>) -> Error {
        Error::Invalid { place: self, fault: fault.into() }
    }

    pub(super) fn io(self, source: std::io::Error) -> Error {
        Error::Io { file: self.file, source }
    }

    pub(super) fn within(
        &self,
        what: &'static str,
        found: impl TryInto<u64>,
        limit: impl TryInto<u64>,
    ) -> Result<(), Error> {
        let limit = limit.try_into().unwrap_or(u64::MAX);
        if found.try_into().unwrap_or(u64::MAX) <= limit {
            return Ok(());
        }
        Err(Error::TooLarge { place: self.clone(), what, limit })
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.file.file_name().unwrap_or(self.file.as_os_str());
        write!(f, "{}", name.to_string_lossy())?;
        if let Some(line) = self.line {
            write!(f, ", line {line}")?;
        }
        if let Some(column) = &self.column {
            write!(f, ", column {column:?}")?;
        }
        Ok(())
    }
}

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("{}", file.display())]
    Io {
        file: PathBuf,
        #[source]
        source: std::io::Error,
    },
    /// The content is not what its format says, or not what a dataset may hold.
    #[error("{place}: {fault}")]
    Invalid { place: Place, fault: String },
    #[error("{place}: more than {limit} {what}, the limit")]
    TooLarge { place: Place, what: &'static str, limit: u64 },
    #[error("{0:?} is no dataset format; expected csv, jsonl, npz or parquet")]
    Format(String),
    /// The columns are not what the model takes.
    #[error("{0}")]
    Columns(String),
}

impl Error {
    /// The same error, told of the name that people know the file by.
    pub(super) fn of_file(mut self, name: &Path) -> Self {
        match &mut self {
            Self::Io { file, .. } => name.clone_into(file),
            Self::Invalid { place, .. } | Self::TooLarge { place, .. } => {
                name.clone_into(&mut place.file);
            }
            Self::Format(_) | Self::Columns(_) => {}
        }
        self
    }
}
