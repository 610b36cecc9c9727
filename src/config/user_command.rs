//! The user's own validation commands. A policy names one; only this file says what it runs.

use super::{Error, span};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::time::Duration;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UserCommand {
    /// The program and its arguments; no shell reads them.
    pub argv: Vec<String>,
    /// Its environment, besides what Seatrial itself sets.
    #[serde(default)]
    pub env: BTreeMap<String, String>,
    #[serde(with = "span", default = "default_timeout")]
    pub timeout: Duration,
    /// Bytes kept of what it prints.
    #[serde(default = "default_output")]
    pub max_output: u64,
}

const fn default_timeout() -> Duration {
    Duration::from_secs(600)
}

const fn default_output() -> u64 {
    64 * 1024
}

impl UserCommand {
    pub(super) fn check(&self, name: &str) -> Result<(), Error> {
        let range = |field: &str, value: &str, range| {
            let field = format!("commands.{name}.{field}");
            Err(Error::Range { field, value: value.to_owned(), range })
        };
        match self.argv.first() {
            None => range("argv", "empty", "a program and its arguments"),
            Some(program) if program.is_empty() => range("argv", "blank", "a program's path"),
            Some(_) if self.timeout.is_zero() => range("timeout", "0", "above zero"),
            Some(_) => Ok(()),
        }
    }
}
