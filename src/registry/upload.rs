//! One upload: its files, under numbers of our own. Dropped, it leaves nothing behind.

use super::Error;
use seatrial_domain::manifest::FilePath;
use seatrial_domain::signing::Bundle;
use seatrial_domain::{Digest, Timestamp};
use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

/// An upload's unguessable name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UploadId(String);

impl UploadId {
    pub(super) fn random() -> Self {
        Self(format!("{:032x}", rand::random::<u128>()))
    }

    /// As a client sent it: it is only ever compared with those that are open.
    pub fn claimed(text: &str) -> Self {
        Self(text.to_owned())
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for UploadId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A file that arrived whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Received {
    pub path: FilePath,
    pub digest: Digest,
    pub size: u64,
    /// Where its bytes wait.
    pub(super) at: PathBuf,
}

#[derive(Debug)]
pub(super) struct Upload {
    dir: Directory,
    expires_at: Timestamp,
    files: BTreeMap<FilePath, Received>,
    /// Files begun so far: the next one's number.
    begun: usize,
    /// Bytes of the files that arrived, and of those arriving.
    reserved: u64,
    /// Of all its files together.
    pub(super) signature: Option<Bundle>,
}

impl Upload {
    pub(super) fn create(dir: PathBuf, expires_at: Timestamp) -> Result<Self, Error> {
        let dir = Directory::create(dir)?;
        let files = BTreeMap::new();
        Ok(Self { dir, expires_at, files, begun: 0, reserved: 0, signature: None })
    }

    pub(super) const fn expires_at(&self) -> Timestamp {
        self.expires_at
    }

    /// A fresh place for the next file's bytes.
    pub(super) fn place(&mut self, files_max: usize) -> Result<PathBuf, Error> {
        if self.begun >= files_max {
            return Err(Error::TooManyFiles { limit: files_max });
        }
        self.begun += 1;
        Ok(self.dir.0.join(self.begun.to_string()))
    }

    /// Sets bytes aside for a file that is arriving, before they are written.
    pub(super) fn reserve(&mut self, bytes: u64, total_max: u64) -> Result<(), Error> {
        let reserved = self.reserved.saturating_add(bytes);
        if reserved > total_max {
            return Err(Error::TooLarge { limit: total_max, of: "one upload" });
        }
        self.reserved = reserved;
        Ok(())
    }

    /// Takes back what was set aside for a file that did not stay.
    pub(super) const fn release(&mut self, bytes: u64) {
        self.reserved = self.reserved.saturating_sub(bytes);
    }

    /// Takes a whole file in, and tells which is held now: the same bytes again are welcome, and
    /// the earlier file stays; other bytes are not.
    pub(super) fn add(&mut self, file: Received) -> Result<&Received, Error> {
        let different = Error::Different(file.path.clone());
        let digest = file.digest.clone();
        let held = self.files.entry(file.path.clone()).or_insert(file);
        if held.digest == digest { Ok(held) } else { Err(different) }
    }

    pub(super) fn file(&self, path: &FilePath) -> Option<&Received> {
        self.files.get(path)
    }

    pub(super) fn files(&self) -> impl Iterator<Item = &Received> {
        self.files.values()
    }
}

/// A directory that is removed with everything in it.
#[derive(Debug)]
pub(super) struct Directory(PathBuf);

impl Directory {
    pub(super) fn create(path: PathBuf) -> io::Result<Self> {
        std::fs::create_dir(&path)?;
        Ok(Self(path))
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        remove(&self.0);
    }
}

fn remove(dir: &Path) {
    if let Err(error) = std::fs::remove_dir_all(dir)
        && error.kind() != io::ErrorKind::NotFound
    {
        tracing::warn!(%error, "an upload's files stay until the next start");
    }
}
