//! Reading a blob: nothing is handed out before its digest was checked.

use super::{Blobs, Error};
use bytes::Bytes;
use seatrial_domain::Digest;
use sha2::{Digest as _, Sha256};
use std::io;
use tokio::fs::File;
use tokio::io::{AsyncReadExt, AsyncSeekExt};

const CHUNK_BYTES: usize = 256 * 1024;

impl Blobs {
    /// The whole blob, at most `limit` bytes, verified.
    pub async fn read_verified(&self, digest: &Digest, limit: u64) -> Result<Bytes, Error> {
        let mut file = self.file(digest).await?;
        let size = file.metadata().await?.len();
        if size > limit {
            return Err(Error::TooLarge { limit });
        }
        let mut bytes = Vec::with_capacity(usize::try_from(size).unwrap_or(0));
        // One byte beyond the limit shows a file that grew meanwhile.
        (&mut file).take(limit.saturating_add(1)).read_to_end(&mut bytes).await?;
        if u64::try_from(bytes.len()).unwrap_or(u64::MAX) > limit {
            return Err(Error::TooLarge { limit });
        }
        check(digest, Digest::of(&bytes))?;
        Ok(bytes.into())
    }

    /// The blob from byte `first` on, open, once all of it was read and verified.
    pub async fn open_verified(&self, digest: &Digest, first: u64) -> Result<File, Error> {
        let mut file = self.file(digest).await?;
        verify_open(&mut file, digest).await?;
        file.seek(io::SeekFrom::Start(first)).await?;
        Ok(file)
    }

    /// Reads the whole blob and compares its digest. Gives its size in bytes.
    pub async fn verify(&self, digest: &Digest) -> Result<u64, Error> {
        verify_open(&mut self.file(digest).await?, digest).await
    }

    async fn file(&self, digest: &Digest) -> Result<File, Error> {
        match File::open(self.path(digest)).await {
            Ok(file) => Ok(file),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                Err(Error::Missing(digest.clone()))
            }
            Err(error) => Err(error.into()),
        }
    }
}

async fn verify_open(file: &mut File, digest: &Digest) -> Result<u64, Error> {
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
    }
    check(digest, Digest::from_sha256(&hasher.finalize().into()))?;
    Ok(size)
}

fn check(expected: &Digest, found: Digest) -> Result<(), Error> {
    if *expected == found {
        Ok(())
    } else {
        Err(Error::Altered { expected: expected.clone(), found })
    }
}
