//! Reading a blob: nothing is handed out before its digest was checked.

#[cfg(test)]
mod tests;

use super::s3::{Cached, Checked, Pin};
use super::seen::Identity;
use super::{Backend, Blobs, Error};
use bytes::Bytes;
use seatrial_domain::Digest;
use sha2::{Digest as _, Sha256};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::fs::File;
use tokio::io::{AsyncReadExt as _, AsyncSeekExt as _};

const CHUNK_BYTES: usize = 256 * 1024;

/// A verified blob as a file on this machine, for who needs a path. It stays as long as this lives.
#[derive(Debug, Clone)]
pub struct LocalFile {
    path: PathBuf,
    _pin: Option<Arc<Pin>>,
}

impl LocalFile {
    const fn lasting(path: PathBuf) -> Self {
        Self { path, _pin: None }
    }

    pub(super) fn pinned(path: PathBuf, pin: Pin) -> Self {
        Self { path, _pin: Some(Arc::new(pin)) }
    }

    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Blobs {
    /// The whole blob, at most `limit` bytes, verified.
    pub async fn read_verified(&self, digest: &Digest, limit: u64) -> Result<Bytes, Error> {
        Ok(self.read_local(digest, limit).await?.0)
    }

    /// The whole blob, at most `limit` bytes, verified, and the file that it was read from.
    pub async fn read_local(
        &self,
        digest: &Digest,
        limit: u64,
    ) -> Result<(Bytes, LocalFile), Error> {
        let once = || async {
            let opened = self.opened(digest, limit).await?;
            Ok((read(opened.file, digest, limit).await?, opened.local))
        };
        self.with_a_good_copy(digest, once).await
    }

    /// The blob as a file on this machine, once all of it was read and verified.
    pub async fn local(&self, digest: &Digest) -> Result<LocalFile, Error> {
        let once = || async {
            let mut opened = self.opened(digest, u64::MAX).await?;
            if opened.checked == Checked::NotYet {
                hash(&mut opened.file, digest).await?;
            }
            Ok(opened.local)
        };
        self.with_a_good_copy(digest, once).await
    }

    /// The blob from byte `first` on, open, once all of it was read and verified: by this call, or
    /// by an earlier one of this process, if the file has not changed since.
    pub async fn open_verified(&self, digest: &Digest, first: u64) -> Result<File, Error> {
        let mut file = self.checked(digest).await?.file;
        file.seek(io::SeekFrom::Start(first)).await?;
        Ok(file)
    }

    /// The blob as a file on this machine, once all of it was read and verified: by this call, or by
    /// an earlier one of this process, if the file has not changed since.
    pub async fn located(&self, digest: &Digest) -> Result<LocalFile, Error> {
        Ok(self.checked(digest).await?.local)
    }

    async fn checked(&self, digest: &Digest) -> Result<Cached, Error> {
        let once = || async {
            let mut opened = self.opened(digest, u64::MAX).await?;
            if opened.checked == Checked::NotYet {
                self.know(&mut opened.file, digest).await?;
            }
            Ok(opened)
        };
        self.with_a_good_copy(digest, once).await
    }

    /// Hashes the file, unless that was done since it changed. Those who ask at once for ranges of
    /// one file wait for one hash.
    pub(super) async fn know(&self, file: &mut File, digest: &Digest) -> Result<(), Error> {
        let before = Identity::of(&file.metadata().await?);
        if self.seen.knows(digest, before, (self.clock)()) {
            return Ok(());
        }
        let _alone = self.hashing.enter(digest).await;
        if self.seen.knows(digest, before, (self.clock)()) {
            return Ok(());
        }
        hash(file, digest).await?;
        let after = Identity::of(&file.metadata().await?);
        self.seen.remember(digest, (before, after), (self.clock)());
        Ok(())
    }

    /// Reads the whole blob where it is stored, and compares its digest. Gives its size in bytes.
    pub async fn verify(&self, digest: &Digest) -> Result<u64, Error> {
        self.in_use(digest).await;
        match &self.backend {
            Backend::Local(directory) => hash(&mut directory.file(digest)?, digest).await,
            Backend::S3(s3) => s3.verify(digest).await,
        }
    }

    /// The blob as a file on this machine; one of more than `limit` bytes is not fetched.
    async fn opened(&self, digest: &Digest, limit: u64) -> Result<Cached, Error> {
        self.in_use(digest).await;
        match &self.backend {
            Backend::Local(directory) => Ok(Cached {
                file: directory.file(digest)?,
                local: LocalFile::lasting(directory.path(digest)),
                checked: Checked::NotYet,
            }),
            Backend::S3(s3) => s3.opened(digest, limit).await,
        }
    }

    /// Reads `once`, and once more where the copy on this machine is bad and was only a copy.
    async fn with_a_good_copy<T, F>(
        &self,
        digest: &Digest,
        once: impl Fn() -> F,
    ) -> Result<T, Error>
    where
        F: Future<Output = Result<T, Error>>,
    {
        let altered = match once().await {
            Err(error @ Error::Altered { .. }) => error,
            ended => return ended,
        };
        match &self.backend {
            Backend::Local(_) => Err(altered),
            Backend::S3(s3) if s3.cache.discard(digest).await? => {
                tracing::warn!(blob = %digest, "a cached blob was altered on disk; fetched again");
                once().await
            }
            Backend::S3(_) => Err(altered),
        }
    }
}

/// In one turn of a thread for files: for small ones each more would take longer than the reading.
async fn read(file: File, digest: &Digest, limit: u64) -> Result<Bytes, Error> {
    let file = file.into_std().await;
    let (bytes, found) = tokio::task::spawn_blocking(move || whole(&file, limit))
        .await
        .map_err(io::Error::other)??;
    check(digest, found)?;
    Ok(bytes.into())
}

fn whole(file: &std::fs::File, limit: u64) -> Result<(Vec<u8>, Digest), Error> {
    let size = file.metadata()?.len();
    if size > limit {
        return Err(Error::TooLarge { limit });
    }
    let mut bytes = Vec::with_capacity(usize::try_from(size).unwrap_or(0));
    // One byte beyond the limit shows a file that grew meanwhile.
    file.take(limit.saturating_add(1)).read_to_end(&mut bytes)?;
    if u64::try_from(bytes.len()).unwrap_or(u64::MAX) > limit {
        return Err(Error::TooLarge { limit });
    }
    let digest = Digest::of(&bytes);
    Ok((bytes, digest))
}

/// How fast bytes are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Pace {
    Full,
    BytesPerSecond(u64),
}

impl Pace {
    /// Waits after so many bytes were read.
    pub(super) async fn after(self, bytes: usize) {
        if let Self::BytesPerSecond(rate) = self {
            let bytes = u64::try_from(bytes).unwrap_or(u64::MAX);
            let micros = bytes.saturating_mul(1_000_000) / rate.max(1);
            tokio::time::sleep(Duration::from_micros(micros)).await;
        }
    }
}

/// Reads all that is left of the file, and gives its size if the digest is right.
pub(super) async fn hash(file: &mut File, digest: &Digest) -> Result<u64, Error> {
    hash_paced(file, digest, Pace::Full).await
}

pub(super) async fn hash_paced(file: &mut File, digest: &Digest, pace: Pace) -> Result<u64, Error> {
    let (found, size) = digest_paced(file, pace).await?;
    check(digest, found)?;
    Ok(size)
}

/// The digest and size of all that is left of the file.
pub(super) async fn digest_of(file: &mut File) -> Result<(Digest, u64), Error> {
    digest_paced(file, Pace::Full).await
}

async fn digest_paced(file: &mut File, pace: Pace) -> Result<(Digest, u64), Error> {
    let mut hasher = Sha256::new();
    let mut buffer = vec![0; CHUNK_BYTES];
    let mut size = 0_u64;
    loop {
        let read = file.read(&mut buffer).await?;
        match buffer.get(..read) {
            Some([]) | None => break,
            Some(bytes) => hasher.update(bytes),
        }
        size = size.saturating_add(u64::try_from(read).unwrap_or(u64::MAX));
        pace.after(read).await;
    }
    Ok((Digest::from_sha256(&hasher.finalize().into()), size))
}

pub(super) fn check(expected: &Digest, found: Digest) -> Result<(), Error> {
    if *expected == found {
        Ok(())
    } else {
        Err(Error::Altered { expected: expected.clone(), found })
    }
}
