//! Blobs in an S3-compatible object store, with a bounded cache of them on this machine.
//!
//! Owns the keys below `PREFIX/blobs`: `sha256/<hex>` for whole blobs, `partial/` for what is on
//! its way. The other end is not trusted with bytes: what was sent is read back and hashed before
//! it counts as stored, and what is fetched is hashed before anyone sees it.

mod arriving;
mod cache;
mod fault;
mod fetch;
mod publish;
mod remote;
mod scrub;
mod settings;

pub use settings::{Credentials, Limits, Settings, Transport};

use super::gates::Gates;
use super::{Error, LocalFile};
use cache::Cache;
pub(super) use cache::Pin;
use object_store::ObjectStore;
use seatrial_domain::Digest;
use std::path::Path;
use std::sync::Arc;
use tokio::fs::File;
use tokio::sync::Semaphore;

/// The largest blob: what S3 copies from key to key in one part.
pub const BLOB_BYTES_MAX: u64 = 5 << 30;

/// One bucket, or the part of it below a prefix.
#[derive(Debug)]
pub(super) struct S3 {
    store: Arc<dyn ObjectStore>,
    prefix: object_store::path::Path,
    pub(super) cache: Cache,
    limits: Limits,
    fetches: Semaphore,
    fetching: Gates,
}

/// A blob of the cache.
#[derive(Debug)]
pub(super) struct Cached {
    pub(super) file: File,
    pub(super) local: LocalFile,
    pub(super) checked: Checked,
}

/// Whether a file's bytes were hashed just now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Checked {
    Yes,
    NotYet,
}

impl S3 {
    /// Opens the cache in `dir`. The object store is asked nothing yet: a server starts without it.
    pub(super) async fn open(
        store: Arc<dyn ObjectStore>,
        prefix: &str,
        limits: Limits,
        dir: &Path,
    ) -> Result<Self, Error> {
        Ok(Self {
            store,
            prefix: object_store::path::Path::from(prefix).join("blobs"),
            cache: Cache::open(dir, limits.cache_bytes).await?,
            limits,
            fetches: Semaphore::new(limits.fetches),
            fetching: Gates::default(),
        })
    }

    /// The most bytes of a blob that can be stored here and read again.
    pub(super) fn blob_limit(&self) -> u64 {
        BLOB_BYTES_MAX.min(self.limits.cache_bytes)
    }

    /// The blob's copy on this machine, fetched if it must be; one of more than `limit` bytes is not.
    pub(super) async fn opened(&self, digest: &Digest, limit: u64) -> Result<Cached, Error> {
        let local = LocalFile::pinned(self.cache.directory.path(digest), self.cache.pin(digest));
        let cached = |file| Cached { file, local: local.clone(), checked: Checked::NotYet };
        match self.cache.directory.file(digest) {
            Err(Error::Missing(_)) => {}
            found => return Ok(cached(found?)),
        }
        let _alone = self.fetching.enter(digest).await;
        match self.cache.directory.file(digest) {
            // Another one fetched it meanwhile.
            Ok(file) => Ok(cached(file)),
            Err(Error::Missing(_)) => {
                let file = self.fetch(digest, limit).await?;
                Ok(Cached { file, local, checked: Checked::Yes })
            }
            Err(error) => Err(error),
        }
    }
}
