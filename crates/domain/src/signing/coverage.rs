//! Whether what was signed is what was sealed: the same files, each with the same digest.

use super::statement::Statement;
use crate::manifest::{File, Manifest};
use std::fmt;

/// Files named in a refusal, at most.
const NAMED_MAX: usize = 3;
/// What `model-signing` calls the file when it is given one file and no directory.
const ITSELF: &str = ".";

/// Why a signature does not cover a manifest.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Mismatch {
    /// Sealed, and not signed.
    #[error(
        "not signed: {0}. Every file must be; leave out what was ignored when it was signed, or \
         sign it too"
    )]
    Extra(Paths),
    /// Signed, and not sealed.
    #[error("signed, and missing: {0}")]
    Missing(Paths),
    /// Signed with other bytes.
    #[error("not as it was signed: {0}")]
    Altered(Paths),
}

/// A few of the paths, and how many more there are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Paths {
    named: Vec<String>,
    more: usize,
}

impl Paths {
    fn of<'a>(paths: impl Iterator<Item = &'a str>) -> Option<Self> {
        let mut paths = paths.map(|path| path.chars().take(crate::manifest::PATH_LIMIT).collect());
        let named: Vec<String> = paths.by_ref().take(NAMED_MAX).collect();
        let more = paths.count();
        (!named.is_empty()).then_some(Self { named, more })
    }

    /// The first of them.
    pub fn first(&self) -> &str {
        self.named.first().map_or("", String::as_str)
    }
}

impl fmt::Display for Paths {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, path) in self.named.iter().enumerate() {
            let comma = if index > 0 { ", " } else { "" };
            // Quoted: the name is whatever somebody signed.
            write!(f, "{comma}{path:?}")?;
        }
        if self.more > 0 {
            write!(f, " and {} more", self.more)?;
        }
        Ok(())
    }
}

pub(super) fn check(statement: &Statement, manifest: &Manifest) -> Result<(), Mismatch> {
    let signed = &statement.resources;
    if let ([file], 1, Some(digest)) = (manifest.files(), signed.len(), signed.get(ITSELF)) {
        let altered = (*digest != file.digest).then(|| file.path.as_str());
        return found(altered.into_iter(), Mismatch::Altered);
    }
    let path = |file: &File| file.path.as_str().to_owned();
    let is_altered =
        |file: &&File| signed.get(&path(file)).is_some_and(|digest| *digest != file.digest);
    let altered = manifest.files().iter().filter(is_altered).map(|file| file.path.as_str());
    found(altered, Mismatch::Altered)?;
    let extra = manifest.files().iter().filter(|file| !signed.contains_key(&path(file)));
    found(extra.map(|file| file.path.as_str()), Mismatch::Extra)?;
    let sealed = manifest.files().iter().map(|file| file.path.as_str());
    let sealed = sealed.collect::<std::collections::BTreeSet<_>>();
    let missing = signed.keys().map(String::as_str).filter(|name| !sealed.contains(name));
    found(missing, Mismatch::Missing)
}

fn found<'a>(
    paths: impl Iterator<Item = &'a str>,
    kind: impl FnOnce(Paths) -> Mismatch,
) -> Result<(), Mismatch> {
    Paths::of(paths).map_or(Ok(()), |paths| Err(kind(paths)))
}
