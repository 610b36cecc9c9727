//! Fetching a blob into the cache: hashed on the way, and kept only if it is the blob.

use super::arriving::next;
use super::{S3, fault};
use crate::blobs::Error;
use crate::blobs::reader::{Pace, check};
use crate::blobs::spool::Spool;
use object_store::ObjectStoreExt as _;
use seatrial_domain::Digest;
use std::io;
use tokio::fs::File;
use tokio::io::AsyncSeekExt as _;

impl S3 {
    /// Bytes that are not the blob's are fetched again, a bounded number of times.
    pub(super) async fn fetch(&self, digest: &Digest, limit: u64) -> Result<File, Error> {
        let turn = self.fetches.acquire().await;
        let _turn = turn.map_err(|closed| Error::Unreachable(closed.to_string()))?;
        let mut tried = 1;
        loop {
            match self.fetch_once(digest, limit).await {
                Err(Error::Altered { found, .. }) if tried < self.limits.attempts => {
                    tried += 1;
                    tracing::warn!(blob = %digest, %found, "a blob arrived altered; fetched again");
                }
                ended => return ended,
            }
        }
    }

    async fn fetch_once(&self, digest: &Digest, limit: u64) -> Result<File, Error> {
        let got = match self.store.get(&self.key(digest)).await {
            Ok(got) => got,
            Err(error) if fault::is_absent(&error) => return Err(Error::Missing(digest.clone())),
            Err(error) => return Err(fault::of(&error)),
        };
        let size = got.meta.size;
        if size > limit {
            return Err(Error::TooLarge { limit });
        }
        let room = self.cache.room(size)?;
        let mut spool = Spool::begin(&self.cache.directory, size).await?;
        let mut arriving = self.arriving(got, Pace::Full);
        while let Some(chunk) = next(&mut arriving).await? {
            spool.write(&chunk).await?;
        }
        let mut spooled = spool.end().await?;
        check(digest, spooled.digest.clone())?;
        self.cache.keep(spooled.path(), digest, room).await?;
        spooled.file.seek(io::SeekFrom::Start(0)).await?;
        Ok(spooled.file)
    }
}
