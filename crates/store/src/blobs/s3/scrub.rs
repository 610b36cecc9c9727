//! The stored blob and its cached copy: each is mended by the other.

use super::S3;
use super::remote::Standing;
use crate::blobs::Error;
use crate::blobs::reader::{Pace, hash_paced};
use crate::blobs::scrub::{Health, Mended};
use seatrial_domain::Digest;
use tokio::fs::File;

/// The copy on this machine.
enum Copy {
    None,
    Good { file: File, size: u64 },
    Bad,
}

impl S3 {
    pub(in crate::blobs) async fn scrub(
        &self,
        digest: &Digest,
        pace: Pace,
    ) -> Result<Health, Error> {
        // Nothing is taken away for room that may be the last good copy.
        let _pin = self.cache.pin(digest);
        let copy = self.copy(digest, pace).await?;
        match (self.stored(digest, pace).await?, copy) {
            (Standing::Absent, _) => Ok(Health::Gone),
            (Standing::Intact(_), Copy::None | Copy::Good { .. }) => Ok(Health::Intact),
            (Standing::Intact(_), Copy::Bad) => {
                self.cache.discard(digest).await?;
                self.opened(digest, u64::MAX).await?;
                Ok(Health::Mended(Mended::Cached))
            }
            (Standing::Altered(_), Copy::Good { mut file, size }) => {
                self.replicate(&mut file, digest, size).await?;
                Ok(Health::Mended(Mended::Stored))
            }
            (Standing::Altered(found), Copy::Bad | Copy::None) => Ok(Health::Corrupt { found }),
        }
    }

    /// Of a blob that is not stored.
    pub(in crate::blobs) async fn restore(
        &self,
        digest: &Digest,
        pace: Pace,
    ) -> Result<Health, Error> {
        let _pin = self.cache.pin(digest);
        match self.copy(digest, pace).await? {
            Copy::Good { mut file, size } => {
                self.replicate(&mut file, digest, size).await?;
                Ok(Health::Mended(Mended::Stored))
            }
            Copy::Bad | Copy::None => Ok(Health::Gone),
        }
    }

    async fn copy(&self, digest: &Digest, pace: Pace) -> Result<Copy, Error> {
        let mut file = match self.cache.directory.file(digest) {
            Ok(file) => file,
            Err(Error::Missing(_)) => return Ok(Copy::None),
            Err(error) => return Err(error),
        };
        match hash_paced(&mut file, digest, pace).await {
            Ok(size) => Ok(Copy::Good { file, size }),
            Err(Error::Altered { .. }) => Ok(Copy::Bad),
            Err(error) => Err(error),
        }
    }

    /// What is stored. It is called altered only if it arrives so every time.
    async fn stored(&self, digest: &Digest, pace: Pace) -> Result<Standing, Error> {
        let key = self.key(digest);
        let mut found = self.standing(&key, digest, pace).await?;
        for _ in 1..self.limits.attempts {
            match found {
                Standing::Absent | Standing::Intact(_) => break,
                Standing::Altered(_) => found = self.standing(&key, digest, pace).await?,
            }
        }
        Ok(found)
    }
}
