//! Bytes on their way in: hashed while they stream into a partial file.

use super::Error;
use super::directory::Directory;
use seatrial_domain::Digest;
use sha2::{Digest as _, Sha256};
use std::io;
use std::path::{Path, PathBuf};
use tokio::fs::File;
use tokio::io::AsyncWriteExt as _;

/// A partial file. Dropped, it leaves nothing behind.
#[derive(Debug)]
pub(super) struct Spool {
    file: File,
    hasher: Sha256,
    size: u64,
    limit: u64,
    partial: Partial,
}

/// All that was written, readable, still without a name of its own.
#[derive(Debug)]
pub(super) struct Spooled {
    pub(super) file: File,
    pub(super) digest: Digest,
    pub(super) size: u64,
    partial: Partial,
}

/// Removes the partial file, whatever became of it.
#[derive(Debug)]
struct Partial(PathBuf);

impl Drop for Partial {
    fn drop(&mut self) {
        // Absent is as good as removed; anything else is swept at the next open.
        if let Err(error) = std::fs::remove_file(&self.0)
            && error.kind() != io::ErrorKind::NotFound
        {
            tracing::warn!(%error, "a partial blob stays until the next start");
        }
    }
}

/// Another file system, or one without hard links.
fn is_no_way_to_link(error: &io::Error) -> bool {
    use io::ErrorKind::{CrossesDevices, PermissionDenied, Unsupported};
    matches!(error.kind(), CrossesDevices | PermissionDenied | Unsupported)
}

impl Spool {
    /// Begins a file of at most `limit` bytes.
    pub(super) async fn begin(directory: &Directory, limit: u64) -> Result<Self, Error> {
        let partial = Partial(directory.place());
        let file = File::options().read(true).write(true).create_new(true).open(&partial.0).await?;
        Ok(Self { file, hasher: Sha256::new(), size: 0, limit, partial })
    }

    pub(super) async fn write(&mut self, bytes: &[u8]) -> Result<(), Error> {
        let size = self.size.saturating_add(u64::try_from(bytes.len()).unwrap_or(u64::MAX));
        if size > self.limit {
            return Err(Error::TooLarge { limit: self.limit });
        }
        self.hasher.update(bytes);
        self.file.write_all(bytes).await?;
        self.size = size;
        Ok(())
    }

    /// Nothing more will be written.
    pub(super) async fn end(mut self) -> Result<Spooled, Error> {
        self.file.flush().await?;
        let digest = Digest::from_sha256(&self.hasher.finalize().into());
        Ok(Spooled { file: self.file, digest, size: self.size, partial: self.partial })
    }
}

impl Spooled {
    /// A whole file that lies elsewhere, by a name of its own here: its bytes are hashed, not
    /// copied. None: the file system cannot give it one.
    pub(super) async fn linked(directory: &Directory, path: &Path) -> Result<Option<Self>, Error> {
        let partial = Partial(directory.place());
        match tokio::fs::hard_link(path, &partial.0).await {
            Ok(()) => {}
            Err(error) if is_no_way_to_link(&error) => return Ok(None),
            Err(error) => return Err(error.into()),
        }
        let mut file = File::open(&partial.0).await?;
        let (digest, size) = super::reader::digest_of(&mut file).await?;
        Ok(Some(Self { file, digest, size, partial }))
    }

    pub(super) fn path(&self) -> &Path {
        &self.partial.0
    }

    /// Errors: the bytes are not the announced ones.
    pub(super) fn expect(&self, expected: &Digest) -> Result<(), Error> {
        if self.digest == *expected {
            return Ok(());
        }
        Err(Error::Mismatch { expected: expected.clone(), found: self.digest.clone() })
    }
}
