//! Columns into domain types, and back. A column that does not parse is a corrupt store.

use crate::storage::Error;
use seatrial_domain::Timestamp;
use serde::Serialize;
use serde::de::DeserializeOwned;
use sqlx::Row;
use sqlx::sqlite::SqliteRow;
use std::str::FromStr;

/// Typed access to one row's columns by name.
pub(crate) trait Columns {
    fn text(&self, column: &str) -> Result<String, Error>;
    fn maybe_text(&self, column: &str) -> Result<Option<String>, Error>;
    fn count(&self, column: &str) -> Result<u64, Error>;
    fn maybe_count(&self, column: &str) -> Result<Option<u64>, Error>;
    fn time(&self, column: &str) -> Result<Timestamp, Error>;

    fn parsed<T: FromStr<Err: ToString>>(&self, column: &str) -> Result<T, Error> {
        self.text(column)?.parse().map_err(|e: T::Err| Error::corrupt(column, &e.to_string()))
    }

    fn json<T: DeserializeOwned>(&self, column: &str) -> Result<T, Error> {
        from_json(column, &self.text(column)?)
    }

    fn maybe_json<T: DeserializeOwned>(&self, column: &str) -> Result<Option<T>, Error> {
        self.maybe_text(column)?.map(|text| from_json(column, &text)).transpose()
    }
}

impl Columns for SqliteRow {
    fn text(&self, column: &str) -> Result<String, Error> {
        Ok(self.try_get(column)?)
    }

    fn maybe_text(&self, column: &str) -> Result<Option<String>, Error> {
        Ok(self.try_get(column)?)
    }

    fn count(&self, column: &str) -> Result<u64, Error> {
        let stored: i64 = self.try_get(column)?;
        u64::try_from(stored).map_err(|e| Error::corrupt(column, &e))
    }

    fn maybe_count(&self, column: &str) -> Result<Option<u64>, Error> {
        let stored: Option<i64> = self.try_get(column)?;
        stored.map(|n| u64::try_from(n).map_err(|e| Error::corrupt(column, &e))).transpose()
    }

    fn time(&self, column: &str) -> Result<Timestamp, Error> {
        Ok(Timestamp::from_micros(self.try_get(column)?))
    }
}

/// A count as SQLite keeps it: signed. Counts never come near the limit.
pub(crate) fn int(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// Compact JSON of a stored domain value.
pub(crate) fn to_json<T: Serialize>(what: &str, value: &T) -> Result<String, Error> {
    serde_json::to_string(value).map_err(|e| Error::corrupt(what, &e))
}

/// A stored domain value from its JSON.
pub(crate) fn from_json<T: DeserializeOwned>(what: &str, text: &str) -> Result<T, Error> {
    serde_json::from_str(text).map_err(|e| Error::corrupt(what, &e))
}
