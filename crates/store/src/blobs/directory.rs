//! One directory of blobs: whole ones below `sha256`, arriving ones below `partial`.

use super::{Error, Listed};
use seatrial_domain::{Digest, Timestamp};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::SystemTime;
use tokio::fs::File;

/// Which file has a blob's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Named {
    /// The one that was to have it.
    This,
    /// One of the same bytes that had it before.
    Another,
}

/// Cheap to clone.
#[derive(Debug, Clone)]
pub(super) struct Directory {
    sealed: Arc<Path>,
    partial: Arc<Path>,
    next: Arc<AtomicU64>,
}

impl Directory {
    /// Makes `dir` where it is absent, and removes what earlier processes left half written. The
    /// caller holds the data directory's lock, so no writer is at work.
    pub(super) async fn open(dir: &Path) -> Result<Self, Error> {
        let (sealed, partial) = (dir.join("sha256"), dir.join("partial"));
        tokio::fs::create_dir_all(&sealed).await?;
        tokio::fs::create_dir_all(&partial).await?;
        let mut left = tokio::fs::read_dir(&partial).await?;
        while let Some(entry) = left.next_entry().await? {
            tokio::fs::remove_file(entry.path()).await?;
        }
        sync(dir).await?;
        if let Some(parent) = dir.parent() {
            sync(parent).await?;
        }
        Ok(Self { sealed: sealed.into(), partial: partial.into(), next: Arc::default() })
    }

    /// Where the blob is, whether or not it is there.
    pub(super) fn path(&self, digest: &Digest) -> PathBuf {
        self.sealed.join(digest.hex())
    }

    /// A fresh place for what arrives.
    pub(super) fn place(&self) -> PathBuf {
        self.partial.join(self.next.fetch_add(1, Ordering::Relaxed).to_string())
    }

    /// The blob as it is here, unchecked. Opened where it is asked for: that takes less than to have
    /// another thread do it, and the directory is this machine's own.
    pub(super) fn file(&self, digest: &Digest) -> Result<File, Error> {
        match std::fs::File::open(self.path(digest)) {
            Ok(file) => Ok(File::from_std(file)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                Err(Error::Missing(digest.clone()))
            }
            Err(error) => Err(error.into()),
        }
    }

    /// The size of the blob, if it is here. Its bytes are not read.
    pub(super) async fn size(&self, digest: &Digest) -> Result<Option<u64>, Error> {
        match tokio::fs::metadata(self.path(digest)).await {
            Ok(metadata) => Ok(metadata.is_file().then_some(metadata.len())),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Every blob here. What is not named by a digest is none.
    pub(super) async fn list(&self) -> Result<Vec<Listed>, Error> {
        let dir = Arc::clone(&self.sealed);
        // At once: handed over file by file it takes ten times as long.
        let listed = tokio::task::spawn_blocking(move || list(&dir)).await;
        Ok(listed.map_err(io::Error::other)??)
    }

    /// Removes a blob; false when it was not there.
    pub(super) async fn remove(&self, digest: &Digest) -> Result<bool, Error> {
        match tokio::fs::remove_file(self.path(digest)).await {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    /// Gives the whole file at `partial` its name. Create-if-absent: what is there already stays,
    /// unless it was altered; then the verified bytes take its place.
    pub(super) async fn publish(&self, partial: &Path, digest: &Digest) -> Result<Named, Error> {
        let sealed = self.path(digest);
        match tokio::fs::hard_link(partial, &sealed).await {
            Ok(()) => return Ok(Named::This),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                match super::reader::hash(&mut self.file(digest)?, digest).await {
                    Ok(_) => return Ok(Named::Another),
                    Err(Error::Altered { .. }) => {}
                    Err(error) => return Err(error),
                }
            }
            // Renaming is as atomic, and the bytes are the same.
            Err(error) if knows_no_links(&error) => {}
            Err(error) => return Err(error.into()),
        }
        tokio::fs::rename(partial, &sealed).await?;
        Ok(Named::This)
    }

    /// Makes the names of its blobs durable.
    pub(super) async fn sync(&self) -> Result<(), Error> {
        Ok(sync(&self.sealed).await?)
    }
}

fn list(dir: &Path) -> io::Result<Vec<Listed>> {
    let mut blobs = Vec::new();
    for entry in std::fs::read_dir(dir)? {
        let entry = entry?;
        let name = entry.file_name();
        let digest = name.to_str().and_then(|hex| format!("sha256:{hex}").parse().ok());
        let Some(digest) = digest else { continue };
        // Whoever else removes blobs may have been quicker.
        let metadata = match entry.metadata() {
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            found => found?,
        };
        let stored_at = timestamp(metadata.modified()?);
        blobs.push(Listed { digest, size: metadata.len(), stored_at });
    }
    Ok(blobs)
}

/// Before the epoch counts as at the epoch: old enough for anything.
fn timestamp(time: SystemTime) -> Timestamp {
    let since_epoch = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_micros(i64::try_from(since_epoch.as_micros()).unwrap_or(i64::MAX))
}

/// A file system without hard links says so by either.
fn knows_no_links(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::Unsupported | io::ErrorKind::PermissionDenied)
}

/// Makes the directory's entries durable.
async fn sync(dir: &Path) -> io::Result<()> {
    File::from_std(std::fs::File::open(dir)?).sync_all().await
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
