//! The sealed list of a version's files. Its canonical bytes' digest is the version's identity.
//!
//! The shape is an OCI image manifest with an `artifactType`: one layer a file, its path in the
//! layer's title annotation. Canonical means: compact JSON, keys sorted, layers sorted by path, no
//! timestamps; bytes that are the same manifest written otherwise are refused. Owns the rules for
//! paths; refuses any that could leave the directory it is unpacked in.

mod path;
#[cfg(test)]
mod tests;
mod wire;

pub use path::FilePath;

use crate::Digest;
use std::collections::BTreeSet;

/// Most files in one version.
pub const FILES_LIMIT: usize = 10_000;
/// Most bytes of a manifest's canonical form.
pub const BYTES_LIMIT: usize = 4 * 1024 * 1024;
/// Most characters of a file's path.
pub const PATH_LIMIT: usize = 512;

/// Why a manifest is refused.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A version without files serves nothing.
    #[error("a manifest names at least one file")]
    Empty,
    /// More than [`FILES_LIMIT`] files.
    #[error("a manifest names at most {FILES_LIMIT} files, this one names {0}")]
    TooMany(usize),
    /// More than [`BYTES_LIMIT`] canonical bytes.
    #[error("a manifest has at most {BYTES_LIMIT} bytes, this one has {0}")]
    TooLong(usize),
    /// Absolute, out of the tree, or not portable.
    #[error("{path:?} is no relative path of a file: {why}")]
    Path { path: String, why: &'static str },
    /// Two files of one path, or a file where another has a directory.
    #[error("{0:?} is named twice, or is both a file and a directory")]
    Duplicate(String),
    /// Not JSON of this shape.
    #[error("this is no manifest")]
    Shape(#[source] serde_json::Error),
    /// A constant of the format differs.
    #[error("a manifest's {field} is {expected:?}, not {found:?}")]
    Format { field: &'static str, expected: &'static str, found: String },
    /// The same meaning, written in other bytes.
    #[error("a manifest must be written canonically: compact, keys and files sorted")]
    NotCanonical,
}

/// What the files are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ArtifactType {
    /// A model's files.
    Model,
}

impl ArtifactType {
    /// The media type written in the manifest.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Model => "application/vnd.seatrial.model.v1",
        }
    }
}

/// One sealed file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct File {
    pub path: FilePath,
    /// Of the file's bytes.
    pub digest: Digest,
    /// Bytes.
    pub size: u64,
}

impl File {
    /// Whether its name says ONNX.
    pub fn is_onnx(&self) -> bool {
        is_onnx(self.path.as_str())
    }
}

/// Whether the name of a file says ONNX: it ends in `.onnx`, written so.
pub fn is_onnx(path: &str) -> bool {
    path.ends_with(".onnx")
}

/// A version's files, at least one, sorted by path, no path twice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Manifest {
    artifact_type: ArtifactType,
    files: Vec<File>,
}

impl Manifest {
    /// Seals `files`. Errors: none, too many, or paths that collide.
    pub fn new(artifact_type: ArtifactType, mut files: Vec<File>) -> Result<Self, Error> {
        if files.is_empty() {
            return Err(Error::Empty);
        }
        if files.len() > FILES_LIMIT {
            return Err(Error::TooMany(files.len()));
        }
        files.sort();
        refuse_collisions(&files)?;
        let manifest = Self { artifact_type, files };
        let length = manifest.to_bytes().len();
        if length > BYTES_LIMIT {
            return Err(Error::TooLong(length));
        }
        Ok(manifest)
    }

    /// Reads canonical bytes. Errors: any other bytes.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Error> {
        if bytes.len() > BYTES_LIMIT {
            return Err(Error::TooLong(bytes.len()));
        }
        let manifest = wire::read(bytes)?;
        if manifest.to_bytes() == bytes { Ok(manifest) } else { Err(Error::NotCanonical) }
    }

    /// The canonical bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        wire::write(self)
    }

    /// The version's identity: the sha256 of the canonical bytes.
    pub fn digest(&self) -> Digest {
        Digest::of(&self.to_bytes())
    }

    /// What the files are.
    pub const fn artifact_type(&self) -> ArtifactType {
        self.artifact_type
    }

    /// The files, sorted by path.
    pub fn files(&self) -> &[File] {
        &self.files
    }

    /// The file at `path`.
    pub fn file(&self, path: &str) -> Option<&File> {
        self.files.iter().find(|file| file.path.as_str() == path)
    }

    /// The ONNX file that is served: `model.onnx`, else the only file ending in `.onnx`.
    pub fn onnx_file(&self) -> Option<&File> {
        let mut candidates = self.files.iter().filter(|file| file.is_onnx());
        match (self.file("model.onnx"), candidates.next(), candidates.next()) {
            (Some(named), _, _) => Some(named),
            (None, only, None) => only,
            (None, Some(_) | None, Some(_)) => None,
        }
    }

    /// The other files in `file`'s directory and below it, by their path from there.
    pub fn beside<'a>(&'a self, file: &File) -> impl Iterator<Item = (&'a str, &'a File)> {
        let path = file.path.as_str();
        let directory = path.rfind('/').map_or("", |end| path.get(..=end).unwrap_or_default());
        let (own, directory) = (path.to_owned(), directory.to_owned());
        let others = self.files.iter().filter(move |other| other.path.as_str() != own);
        others.filter_map(move |other| Some((other.path.as_str().strip_prefix(&directory)?, other)))
    }

    /// Bytes of all files together.
    pub fn size(&self) -> u64 {
        self.files.iter().fold(0, |sum, file| sum.saturating_add(file.size))
    }
}

/// A path may be taken once, and may not be another file's directory.
fn refuse_collisions(files: &[File]) -> Result<(), Error> {
    let mut taken = BTreeSet::new();
    for file in files {
        if !taken.insert(file.path.as_str()) {
            return Err(Error::Duplicate(file.path.as_str().to_owned()));
        }
    }
    for file in files {
        if let Some(clash) = file.path.parents().find(|parent| taken.contains(parent)) {
            return Err(Error::Duplicate(clash.to_owned()));
        }
    }
    Ok(())
}
