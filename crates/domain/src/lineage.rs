//! What a version was made from, as whoever registers it says. Owns what may be said; whether what
//! is cited exists is the store's to find out.

use crate::ids::{self, DatasetName};
use crate::{Digest, ModelName, VersionNumber};
use std::fmt;
use std::str::FromStr;

/// Most parents of one version.
pub const PARENTS_LIMIT: usize = 32;
/// Most characters of a code reference or a run's name.
pub const LINE_LIMIT: usize = 1024;

/// Why a lineage is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// Neither a numbered name nor a digest.
    #[error("{0:?} cites nothing: write NAME@NUMBER, or sha256: and 64 hexadecimal digits")]
    Citation(String),
    #[error(transparent)]
    Name(#[from] ids::Error),
    /// More than [`PARENTS_LIMIT`].
    #[error("a version has at most {PARENTS_LIMIT} parents, this one has {0}")]
    TooMany(usize),
    /// Blank, of several lines, or too long.
    #[error("a {what} is one line of 1 to {LINE_LIMIT} characters")]
    Line { what: &'static str },
}

/// Something sealed, by its name and number, or by its digest.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Cited<N> {
    /// Registered here.
    Numbered(N, VersionNumber),
    /// Anywhere.
    Digest(Digest),
}

impl<N: FromStr<Err = ids::Error>> FromStr for Cited<N> {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        if text.starts_with("sha256:") {
            return Ok(Self::Digest(text.parse()?));
        }
        let (name, number) =
            text.split_once('@').ok_or_else(|| Error::Citation(text.to_owned()))?;
        Ok(Self::Numbered(name.parse()?, number.parse()?))
    }
}

impl<N: fmt::Display> fmt::Display for Cited<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Numbered(name, number) => write!(f, "{name}@{}", number.0),
            Self::Digest(digest) => digest.fmt(f),
        }
    }
}

/// What is said of a version's origin.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Lineage {
    parents: Vec<Cited<ModelName>>,
    dataset: Option<Cited<DatasetName>>,
    code_ref: Option<String>,
    run_id: Option<String>,
}

impl Lineage {
    /// Made from these versions, each counted once. Errors: too many.
    pub fn new(mut parents: Vec<Cited<ModelName>>) -> Result<Self, Error> {
        parents.sort();
        parents.dedup();
        if parents.len() > PARENTS_LIMIT {
            return Err(Error::TooMany(parents.len()));
        }
        Ok(Self { parents, ..Self::default() })
    }

    /// Trained on this dataset.
    #[must_use]
    pub fn trained_on(mut self, dataset: Option<Cited<DatasetName>>) -> Self {
        self.dataset = dataset;
        self
    }

    /// By this code: a commit, a tag, an address. Errors: no single line.
    pub fn by_code(mut self, code_ref: Option<&str>) -> Result<Self, Error> {
        self.code_ref = code_ref.map(|text| line("code reference", text)).transpose()?;
        Ok(self)
    }

    /// In this run. Errors: no single line.
    pub fn in_run(mut self, run_id: Option<&str>) -> Result<Self, Error> {
        self.run_id = run_id.map(|text| line("run", text)).transpose()?;
        Ok(self)
    }

    /// In order, none twice.
    pub fn parents(&self) -> &[Cited<ModelName>] {
        &self.parents
    }

    /// What it was trained on.
    pub const fn dataset(&self) -> Option<&Cited<DatasetName>> {
        self.dataset.as_ref()
    }

    /// The code it was trained by.
    pub fn code_ref(&self) -> Option<&str> {
        self.code_ref.as_deref()
    }

    /// The run it came out of.
    pub fn run_id(&self) -> Option<&str> {
        self.run_id.as_deref()
    }

    /// Whether nothing is said.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

fn line(what: &'static str, text: &str) -> Result<String, Error> {
    let text = text.trim();
    let fits = !text.is_empty() && text.chars().count() <= LINE_LIMIT;
    if fits && !text.chars().any(char::is_control) {
        Ok(text.to_owned())
    } else {
        Err(Error::Line { what })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    type Parent = Cited<ModelName>;

    #[test]
    fn a_citation_is_a_numbered_name_or_a_digest() {
        let digest = Digest::of(b"x");
        for (text, expected) in
            [("m@3", "m@3"), ("m@v3", "m@3"), (digest.as_str(), digest.as_str())]
        {
            assert_eq!(text.parse::<Parent>().unwrap().to_string(), expected);
        }
        for text in ["m", "m@", "m@0", "@3", "a/b@1", "sha256:abc", "", "m@1@2"] {
            assert!(text.parse::<Parent>().is_err(), "{text}");
        }
    }

    #[test]
    fn parents_are_counted_once_and_bounded() {
        let parent: Parent = "m@1".parse().unwrap();
        let twice = Lineage::new(vec![parent.clone(), parent.clone()]).unwrap();
        assert_eq!(twice.parents(), [parent]);
        let many = (1..=33).map(|n| Cited::Numbered("m".parse().unwrap(), VersionNumber(n)));
        assert_eq!(Lineage::new(many.collect()), Err(Error::TooMany(33)));
    }

    #[test]
    fn a_reference_is_one_line() {
        let said = |text| Lineage::default().by_code(Some(text));
        assert_eq!(said(" 4f2a1c ").unwrap().code_ref(), Some("4f2a1c"));
        for text in ["", "  ", "a\nb", "a\u{1b}[2J", &"x".repeat(1025)] {
            assert!(said(text).is_err(), "{text:?}");
        }
    }
}
