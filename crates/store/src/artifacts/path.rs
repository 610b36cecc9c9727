//! A registry client's path of what it uploads. Parsed once: plain parts, nothing encoded, and not
//! where versions are.

use seatrial_domain::manifest::{self, FilePath};
use std::fmt;
use std::str::FromStr;

/// Where sealed versions are read; nothing is uploaded there.
pub const VERSIONS: &str = "versions";

/// Why a path is refused.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(transparent)]
    Path(#[from] manifest::Error),
    /// Still encoded after it was decoded: what it would become is nobody's guess.
    #[error("{0:?} holds a percent sign: a path is encoded once, or not at all")]
    Encoded(String),
    #[error("{0:?} is where registered versions are: they never change")]
    Reserved(String),
}

/// The path of an uploaded file, or of a directory of them; only ever a key in the database.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ArtifactPath(FilePath);

impl ArtifactPath {
    /// Parses a decoded path; the error says what is wrong with it.
    pub fn new(text: &str) -> Result<Self, Error> {
        if text.contains('%') {
            return Err(Error::Encoded(text.to_owned()));
        }
        if text.split('/').next() == Some(VERSIONS) {
            return Err(Error::Reserved(text.to_owned()));
        }
        Ok(Self(FilePath::new(text)?))
    }

    /// The path as text.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// Its last part.
    pub fn name(&self) -> &str {
        self.as_str().rsplit('/').next().unwrap_or_default()
    }

    /// The directories above it, the nearest first.
    pub fn parents(&self) -> impl Iterator<Item = &str> {
        self.0.parents()
    }

    /// The path of something within this directory.
    pub fn join(&self, below: &str) -> Result<Self, Error> {
        Self::new(&format!("{self}/{below}"))
    }
}

impl FromStr for ArtifactPath {
    type Err = Error;
    fn from_str(text: &str) -> Result<Self, Error> {
        Self::new(text)
    }
}

impl fmt::Display for ArtifactPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_clients_upload_to_is_a_path() {
        for path in [
            "0/models/m-0123456789abcdef0123456789abcdef/artifacts/MLmodel",
            "1/r/artifacts/a b.txt",
        ] {
            assert_eq!(path.parse::<ArtifactPath>().unwrap().as_str(), path);
        }
    }

    #[test]
    fn what_leads_elsewhere_is_none() {
        let long = "x/".repeat(300) + "y";
        for path in [
            "",
            "/",
            "/etc/passwd",
            "..",
            "a/../b",
            "a/./b",
            "a//b",
            "a/",
            "a\\b",
            "C:/a",
            "a\0b",
            "a\nb",
            "a%2fb",
            "%2e%2e/a",
            "a%252fb",
            "100%",
            "versions",
            "versions/m/1/x",
            &long,
        ] {
            assert!(path.parse::<ArtifactPath>().is_err(), "{path:?}");
        }
        assert!("versions2/m".parse::<ArtifactPath>().is_ok());
    }
}
