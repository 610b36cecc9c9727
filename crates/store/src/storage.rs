//! What can go wrong between a statement and the disk, sorted by what a caller can do about it.

/// Why the database did not do as it was told. Nothing of the transaction has happened.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The disk, or the limit set on the database, is full.
    #[error("no room is left for the database: free some disk space and try again")]
    Full(#[source] sqlx::Error),
    /// Another process holds the database for too long.
    #[error("the database is locked by another process, or busy: try again")]
    Busy(#[source] sqlx::Error),
    /// Those before this one have the connections for too long.
    #[error("the database is busy: try again")]
    Late,
    /// There are no connections any more.
    #[error("the store is closed")]
    Closed,
    /// A stored value is not what this program writes.
    #[error("a stored {what} can't be read: {detail}")]
    Corrupt { what: String, detail: String },
    /// Everything else: a broken file, a lost disk, a defect.
    #[error("the database refused")]
    Sql(#[source] sqlx::Error),
}

impl Error {
    pub(crate) fn corrupt(what: &str, detail: &impl ToString) -> Self {
        Self::Corrupt { what: what.to_owned(), detail: detail.to_string() }
    }
}

const SQLITE_BUSY: i64 = 5;
const SQLITE_FULL: i64 = 13;

impl From<sqlx::Error> for Error {
    fn from(error: sqlx::Error) -> Self {
        // The low byte of an extended result code is the primary one.
        let code = error.as_database_error().and_then(|e| e.code()?.parse::<i64>().ok());
        match code.map(|code| code & 0xff) {
            Some(SQLITE_FULL) => Self::Full(error),
            Some(SQLITE_BUSY) => Self::Busy(error),
            Some(_) | None => Self::Sql(error),
        }
    }
}

/// Lets a module's own error be made from the two below it by `?`.
macro_rules! from_storage {
    ($error:ty) => {
        impl From<sqlx::Error> for $error {
            fn from(error: sqlx::Error) -> Self {
                Self::Storage(error.into())
            }
        }
    };
}
pub(crate) use from_storage;
