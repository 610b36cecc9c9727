//! A file's place within its version. Parsed once; afterwards it cannot leave the tree.

use super::{Error, PATH_LIMIT};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// A relative path with `/` between its parts: no `..`, no `.`, no blank part, no backslash, no
/// colon, no control character. It means the same on every system. Stored as its text.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct FilePath(String);

impl FilePath {
    /// Parses a path; the error says what is wrong with it.
    pub fn new(text: &str) -> Result<Self, Error> {
        match fault(text) {
            None => Ok(Self(text.to_owned())),
            Some(why) => Err(Error::Path { path: text.to_owned(), why }),
        }
    }

    /// The path as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The directories above the file, the nearest first.
    pub fn parents(&self) -> impl Iterator<Item = &str> {
        std::iter::successors(parent(&self.0), |path| parent(path))
    }
}

fn parent(path: &str) -> Option<&str> {
    path.rsplit_once('/').map(|(parent, _)| parent)
}

fn fault(text: &str) -> Option<&'static str> {
    if text.is_empty() {
        return Some("it is empty");
    }
    if text.chars().count() > PATH_LIMIT {
        return Some("it is too long");
    }
    if text.starts_with('/') {
        return Some("it is absolute");
    }
    if text.contains(['\\', ':']) {
        return Some("a backslash or a colon means another place on some systems");
    }
    if text.chars().any(char::is_control) {
        return Some("it contains a control character");
    }
    if text.contains('\u{fffd}') {
        return Some("it is not valid text");
    }
    if hides_another(text) {
        return Some("once it is decoded it is another path");
    }
    text.split('/').find_map(|part| match part {
        "" => Some("a part of it is empty"),
        ".." => Some("it leaves the tree"),
        "." => Some("a part of it is a dot"),
        blank if blank.trim() != blank => Some("a part of it begins or ends with a blank"),
        _ => None,
    })
}

/// Whether a percent sign stands for a dot, a separator, a percent sign or a control character: who
/// decodes such a path once more would be led elsewhere.
fn hides_another(text: &str) -> bool {
    let hides = |code: &str| match code.as_bytes() {
        [high, low, ..] => {
            let digit = |byte: u8| char::from(byte).to_digit(16);
            digit(*high).zip(digit(*low)).and_then(|(high, low)| char::from_u32(high * 16 + low))
        }
        [] | [_] => None,
    };
    text.split('%')
        .skip(1)
        .filter_map(hides)
        .any(|c| matches!(c, '.' | '/' | '\\' | ':' | '%') || c.is_control())
}

impl FromStr for FilePath {
    type Err = Error;
    fn from_str(text: &str) -> Result<Self, Error> {
        Self::new(text)
    }
}

impl TryFrom<String> for FilePath {
    type Error = Error;
    fn try_from(text: String) -> Result<Self, Error> {
        Self::new(&text)
    }
}

impl From<FilePath> for String {
    fn from(path: FilePath) -> Self {
        path.0
    }
}

impl fmt::Display for FilePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
