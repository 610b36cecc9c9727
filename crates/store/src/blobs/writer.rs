//! Writing a blob: hashed while it streams into a partial file, then linked to its name.

use super::{Blobs, Error, sync_dir};
use seatrial_domain::Digest;
use sha2::{Digest as _, Sha256};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;
use tokio::fs::File;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};

/// A blob that is now in the store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Blob {
    pub digest: Digest,
    /// Bytes.
    pub size: u64,
}

/// A blob on its way in. Dropped before `finish`, it leaves nothing behind.
#[derive(Debug)]
pub struct Writer {
    blobs: Blobs,
    partial: Partial,
    file: File,
    hasher: Sha256,
    size: u64,
    limit: u64,
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

impl Blobs {
    /// Begins a blob of at most `limit` bytes.
    pub async fn writer(&self, limit: u64) -> Result<Writer, Error> {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let partial = Partial(self.partial.join(number.to_string()));
        let file = File::options().write(true).create_new(true).open(&partial.0).await?;
        let blobs = self.clone();
        Ok(Writer { blobs, partial, file, hasher: Sha256::new(), size: 0, limit })
    }

    /// Stores all that `from` gives, at most `limit` bytes.
    pub async fn store<R: AsyncRead + Unpin>(
        &self,
        mut from: R,
        limit: u64,
    ) -> Result<Blob, Error> {
        let mut writer = self.writer(limit).await?;
        let mut buffer = vec![0; 256 * 1024];
        loop {
            let read = from.read(&mut buffer).await?;
            match buffer.get(..read) {
                Some([]) | None => return writer.finish().await,
                Some(bytes) => writer.write(bytes).await?,
            }
        }
    }
}

impl Writer {
    /// Adds bytes. After an error the writer is of no more use.
    pub async fn write(&mut self, bytes: &[u8]) -> Result<(), Error> {
        let size = self.size.saturating_add(u64::try_from(bytes.len()).unwrap_or(u64::MAX));
        if size > self.limit {
            return Err(Error::TooLarge { limit: self.limit });
        }
        self.hasher.update(bytes);
        self.file.write_all(bytes).await?;
        self.size = size;
        Ok(())
    }

    /// Seals whatever was written, durably.
    pub async fn finish(self) -> Result<Blob, Error> {
        self.seal(None).await
    }

    /// Seals the blob, durably, if it is the announced one.
    pub async fn finish_as(self, expected: &Digest) -> Result<Blob, Error> {
        self.seal(Some(expected)).await
    }

    async fn seal(mut self, expected: Option<&Digest>) -> Result<Blob, Error> {
        let digest = Digest::from_sha256(&self.hasher.finalize().into());
        if let Some(expected) = expected.filter(|expected| **expected != digest) {
            return Err(Error::Mismatch { expected: expected.clone(), found: digest });
        }
        self.file.flush().await?;
        self.file.sync_all().await?;
        link(&self.blobs, &self.partial.0, &digest).await?;
        sync_dir(&self.blobs.sealed).await?;
        Ok(Blob { digest, size: self.size })
    }
}

/// Create-if-absent. What is there already stays, unless it was altered: then the verified bytes
/// take its place.
async fn link(blobs: &Blobs, partial: &Path, digest: &Digest) -> Result<(), Error> {
    let sealed = blobs.path(digest);
    match tokio::fs::hard_link(partial, &sealed).await {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            match blobs.verify(digest).await {
                Ok(_) => Ok(()),
                Err(Error::Altered { .. }) => Ok(tokio::fs::rename(partial, &sealed).await?),
                Err(error) => Err(error),
            }
        }
        // Renaming is as atomic, and the bytes are the same.
        Err(error) if knows_no_links(&error) => Ok(tokio::fs::rename(partial, &sealed).await?),
        Err(error) => Err(error.into()),
    }
}

/// A file system without hard links says so by either.
fn knows_no_links(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::Unsupported | io::ErrorKind::PermissionDenied)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_system_without_hard_links_is_known_by_its_answers() {
        // EPERM and EOPNOTSUPP, as link(2) gives them.
        for code in [1, 95] {
            assert!(knows_no_links(&io::Error::from_raw_os_error(code)), "{code}");
        }
        assert!(!knows_no_links(&io::Error::from(io::ErrorKind::StorageFull)));
    }
}
