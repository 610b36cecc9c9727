//! What the database takes of connections and of time.

use super::{Error, span};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// Each is a thread and a few open files.
const READERS_MAX: u32 = 1024;

/// The database's connections.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Database {
    /// Questions answered at once; one more waits.
    pub readers: u32,
    /// How long a statement waits for a lock, and a quarter of how long a request waits for a connection.
    #[serde(with = "span")]
    pub busy_timeout: Duration,
}

impl Default for Database {
    fn default() -> Self {
        Self { readers: 4, busy_timeout: Duration::from_secs(5) }
    }
}

impl Database {
    pub(super) fn check(&self) -> Result<(), Error> {
        if self.readers <= READERS_MAX {
            return Ok(());
        }
        let (field, value) = ("limits.database.readers".to_owned(), self.readers.to_string());
        Err(Error::Range { field, value, range: "1 to 1024" })
    }
}
