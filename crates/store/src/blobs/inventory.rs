//! What is there, and taking it away.

use super::{Backend, Blobs, Error};
use seatrial_domain::{Digest, Timestamp};

/// A blob as it lies in the store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    pub digest: Digest,
    /// Bytes.
    pub size: u64,
    /// When its bytes were stored, by the clock of what holds them.
    pub stored_at: Timestamp,
}

impl Blobs {
    /// Whether a blob of this digest and size is stored. Cheap: its bytes are not read.
    pub async fn has(&self, digest: &Digest, size: u64) -> Result<bool, Error> {
        self.in_use(digest).await;
        let found = match &self.backend {
            Backend::Local(directory) => directory.size(digest).await?,
            Backend::S3(s3) => s3.size(digest).await?,
        };
        Ok(found == Some(size))
    }

    /// Every blob there is. What is not named by a digest is none.
    pub(crate) async fn list(&self) -> Result<Vec<Listed>, Error> {
        match &self.backend {
            Backend::Local(directory) => directory.list().await,
            Backend::S3(s3) => s3.list().await,
        }
    }

    /// Removes a blob that is claimed; false when it was not there.
    pub(crate) async fn remove(&self, digest: &Digest) -> Result<bool, Error> {
        match &self.backend {
            Backend::Local(directory) => directory.remove(digest).await,
            Backend::S3(s3) => s3.remove(digest).await,
        }
    }
}
