//! The public keys by which policies ask for signatures. A policy names one; only this file says
//! which it is.

use super::Error;
use seatrial_domain::signing::PublicKey;
use serde::{Deserialize, Serialize};
use std::io::Read as _;
use std::path::{Path, PathBuf};

/// Bytes of a key's file.
const FILE_BYTES_MAX: u64 = 64 * 1024;
const NAME_CHARS_MAX: usize = 128;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Key {
    /// Its PEM file; a relative path starts at the configuration's directory.
    pub public: PathBuf,
}

impl Key {
    /// The paths as this process finds them.
    pub(super) fn resolve(&mut self, configuration: &Path) {
        if let Some(directory) = configuration.parent() {
            self.public = directory.join(&self.public);
        }
    }

    pub(super) fn check(name: &str) -> Result<(), Error> {
        let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        let is_word = !name.is_empty()
            && name.len() <= NAME_CHARS_MAX
            && !name.starts_with('.')
            && name.chars().all(fits);
        if is_word {
            return Ok(());
        }
        let (field, value) = ("keys".to_owned(), format!("{name:?}"));
        Err(Error::Range { field, value, range: "1 to 128 letters, digits, `-`, `_`, `.`" })
    }

    /// Reads the file.
    pub fn read(&self, name: &str) -> Result<PublicKey, Error> {
        let fault = |fault: String| Error::Key {
            field: format!("keys.{name}.public"),
            path: self.public.clone(),
            fault,
        };
        let text = text(&self.public).map_err(|error| fault(error.to_string()))?;
        PublicKey::from_pem(&text).map_err(|error| fault(error.to_string()))
    }
}

fn text(path: &Path) -> std::io::Result<String> {
    let mut text = String::new();
    std::fs::File::open(path)?.take(FILE_BYTES_MAX).read_to_string(&mut text)?;
    Ok(text)
}
