//! Writing a blob: hashed while it streams into a partial file, then given its name.

use super::directory::{Directory, Named};
use super::seen::Identity;
use super::spool::{Spool, Spooled};
use super::{Backend, Blobs, Error};
use seatrial_domain::Digest;
use std::path::Path;
use tokio::fs::File;
use tokio::io::{AsyncRead, AsyncReadExt as _};

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
    spool: Spool,
}

impl Blobs {
    /// Begins a blob of at most `limit` bytes.
    pub async fn writer(&self, limit: u64) -> Result<Writer, Error> {
        let (directory, limit) = self.spool(limit);
        Ok(Writer { blobs: self.clone(), spool: Spool::begin(directory, limit).await? })
    }

    /// Stores all that `from` gives, at most `limit` bytes.
    pub async fn store<R: AsyncRead + Unpin>(&self, from: R, limit: u64) -> Result<Blob, Error> {
        let mut writer = self.writer(limit).await?;
        writer.write_all(from).await?;
        writer.finish().await
    }

    /// Stores the file at `path`, of at most `limit` bytes, if it is the announced blob. Whoever
    /// gives it writes to it no more: where the file system can, the blob is that very file.
    pub async fn adopt(&self, path: &Path, expected: &Digest, limit: u64) -> Result<Blob, Error> {
        let (directory, limit) = self.spool(limit);
        let Some(spooled) = Spooled::linked(directory, path).await? else {
            let mut writer = self.writer(limit).await?;
            writer.write_all(File::open(path).await?).await?;
            return writer.finish_as(expected).await;
        };
        if spooled.size > limit {
            return Err(Error::TooLarge { limit });
        }
        spooled.expect(expected)?;
        self.seal(spooled, |_| {}).await
    }

    /// Where blobs arrive, and how large one may be at most.
    fn spool(&self, limit: u64) -> (&Directory, u64) {
        match &self.backend {
            Backend::Local(directory) => (directory, limit),
            Backend::S3(s3) => (&s3.cache.directory, limit.min(s3.blob_limit())),
        }
    }

    /// Durable when it returns; `named` is told once it can be read.
    async fn seal(&self, spooled: Spooled, named: impl FnOnce(&Digest)) -> Result<Blob, Error> {
        let blob = Blob { digest: spooled.digest.clone(), size: spooled.size };
        self.in_use(&blob.digest).await;
        match &self.backend {
            Backend::Local(directory) => {
                spooled.file.sync_all().await?;
                self.in_use(&blob.digest).await;
                let has_name = directory.publish(spooled.path(), &blob.digest).await?;
                // To lose its first name changes the file.
                drop(spooled);
                if has_name == Named::This {
                    self.wrote(directory, &blob.digest);
                }
                named(&blob.digest);
                directory.sync().await?;
            }
            Backend::S3(s3) => {
                self.in_use(&blob.digest).await;
                s3.publish(spooled).await?;
                named(&blob.digest);
            }
        }
        Ok(blob)
    }

    /// What was hashed as it was written needs not be read to be known.
    fn wrote(&self, directory: &Directory, digest: &Digest) {
        if let Ok(found) = std::fs::metadata(directory.path(digest)) {
            self.seen.wrote(digest, Identity::of(&found), (self.clock)());
        }
    }
}

impl Writer {
    /// Adds bytes. After an error the writer is of no more use.
    pub async fn write(&mut self, bytes: &[u8]) -> Result<(), Error> {
        self.spool.write(bytes).await
    }

    /// Adds all that `from` gives.
    async fn write_all<R: AsyncRead + Unpin>(&mut self, mut from: R) -> Result<(), Error> {
        let mut buffer = vec![0; 256 * 1024];
        loop {
            let read = from.read(&mut buffer).await?;
            match buffer.get(..read) {
                Some([]) | None => return Ok(()),
                Some(bytes) => self.write(bytes).await?,
            }
        }
    }

    /// Seals whatever was written, durably.
    pub async fn finish(self) -> Result<Blob, Error> {
        self.finish_telling(|_| {}).await
    }

    /// As [`Writer::finish`]; `named` is told of the blob once it can be read, and is not yet durable.
    pub async fn finish_telling(self, named: impl FnOnce(&Digest)) -> Result<Blob, Error> {
        self.blobs.seal(self.spool.end().await?, named).await
    }

    /// Seals the blob, durably, if it is the announced one.
    pub async fn finish_as(self, expected: &Digest) -> Result<Blob, Error> {
        let spooled = self.spool.end().await?;
        spooled.expect(expected)?;
        self.blobs.seal(spooled, |_| {}).await
    }
}
