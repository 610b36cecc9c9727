//! Single questions to the object store.

use super::arriving::next;
use super::{S3, fault};
use crate::blobs::reader::Pace;
use crate::blobs::{Error, Listed};
use futures_util::TryStreamExt as _;
use object_store::path::Path;
use object_store::{ObjectMeta, ObjectStoreExt as _};
use seatrial_domain::{Digest, Timestamp};
use sha2::{Digest as _, Sha256};
use std::time::Duration;

/// What is at a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Standing {
    Absent,
    /// The blob's own bytes, so many.
    Intact(u64),
    Altered(Digest),
}

impl S3 {
    pub(super) fn key(&self, digest: &Digest) -> Path {
        self.prefix.clone().join("sha256").join(digest.hex())
    }

    /// A key that nothing is at.
    pub(super) fn temporary_key(&self) -> Path {
        self.prefix.clone().join("partial").join(format!("{:032x}", rand::random::<u128>()))
    }

    /// The size of the blob, if it is there. Its bytes are not read.
    pub(in crate::blobs) async fn size(&self, digest: &Digest) -> Result<Option<u64>, Error> {
        match self.store.head(&self.key(digest)).await {
            Ok(meta) => Ok(Some(meta.size)),
            Err(error) if fault::is_absent(&error) => Ok(None),
            Err(error) => Err(fault::of(&error)),
        }
    }

    /// Reads the whole stored blob and compares its digest; nothing of it is kept.
    pub(in crate::blobs) async fn verify(&self, digest: &Digest) -> Result<u64, Error> {
        match self.standing(&self.key(digest), digest, Pace::Full).await? {
            Standing::Absent => Err(Error::Missing(digest.clone())),
            Standing::Intact(size) => Ok(size),
            Standing::Altered(found) => Err(Error::Altered { expected: digest.clone(), found }),
        }
    }

    /// Reads what is at a key; nothing of it is kept.
    pub(super) async fn standing(
        &self,
        key: &Path,
        digest: &Digest,
        pace: Pace,
    ) -> Result<Standing, Error> {
        let got = match self.store.get(key).await {
            Ok(got) => got,
            Err(error) if fault::is_absent(&error) => return Ok(Standing::Absent),
            Err(error) => return Err(fault::of(&error)),
        };
        let mut hasher = Sha256::new();
        let mut size = 0_u64;
        let mut arriving = self.arriving(got, pace);
        while let Some(chunk) = next(&mut arriving).await? {
            hasher.update(&chunk);
            pace.after(chunk.len()).await;
            size = size.saturating_add(u64::try_from(chunk.len()).unwrap_or(u64::MAX));
        }
        let found = Digest::from_sha256(&hasher.finalize().into());
        Ok(if found == *digest { Standing::Intact(size) } else { Standing::Altered(found) })
    }

    /// Every blob there is. What is not named by a digest is none.
    pub(in crate::blobs) async fn list(&self) -> Result<Vec<Listed>, Error> {
        let prefix = self.prefix.clone().join("sha256");
        let listed = self.store.list(Some(&prefix)).try_collect::<Vec<_>>().await;
        let blob = |meta: ObjectMeta| {
            let digest = format!("sha256:{}", meta.location.filename()?).parse().ok()?;
            Some(Listed { digest, size: meta.size, stored_at: stored_at(&meta) })
        };
        Ok(listed.map_err(|error| fault::of(&error))?.into_iter().filter_map(blob).collect())
    }

    /// Removes a blob, here and there; false when it was not there.
    pub(in crate::blobs) async fn remove(&self, digest: &Digest) -> Result<bool, Error> {
        let was_there = self.size(digest).await?.is_some();
        if was_there {
            self.delete(&self.key(digest)).await?;
        }
        self.cache.discard(digest).await?;
        Ok(was_there)
    }

    pub(super) async fn delete(&self, key: &Path) -> Result<(), Error> {
        match self.store.delete(key).await {
            Ok(()) => Ok(()),
            Err(error) if fault::is_absent(&error) => Ok(()),
            Err(error) => Err(fault::of(&error)),
        }
    }

    /// Deletes what uploads left under temporary keys `grace` before `now`, and tells how many.
    pub(in crate::blobs) async fn sweep_temporary(
        &self,
        now: Timestamp,
        grace: Duration,
    ) -> Result<u64, Error> {
        let prefix = self.prefix.clone().join("partial");
        let left = self.store.list(Some(&prefix));
        let left: Vec<_> = left.try_collect().await.map_err(|error| fault::of(&error))?;
        let mut swept = 0;
        for meta in left {
            if stored_at(&meta).plus(grace) <= now {
                self.delete(&meta.location).await?;
                swept += 1;
            }
        }
        Ok(swept)
    }
}

const fn stored_at(meta: &ObjectMeta) -> Timestamp {
    Timestamp::from_micros(meta.last_modified.timestamp_micros())
}
