//! Keeping what was just stored until something refers to it.

use super::{Blobs, Error};
use seatrial_domain::Digest;
use std::io;
use std::sync::Arc;
use tokio::sync::{OwnedRwLockReadGuard, OwnedRwLockWriteGuard};

/// While it lives, no blob is removed.
#[derive(Debug)]
pub struct Hold {
    _guard: OwnedRwLockReadGuard<()>,
}

impl Blobs {
    /// To be had before the first blob of a version or dataset is stored, and until that is
    /// registered: else it could be swept in between.
    pub async fn hold(&self) -> Hold {
        Hold { _guard: Arc::clone(&self.holds).read_owned().await }
    }

    /// Waits until nobody holds; nobody does while it lives.
    pub(crate) async fn alone(&self) -> OwnedRwLockWriteGuard<()> {
        Arc::clone(&self.holds).write_owned().await
    }

    /// Every blob there is. What is not named by a digest is none.
    pub(crate) async fn list(&self) -> Result<Vec<Digest>, Error> {
        let mut digests = Vec::new();
        let mut entries = tokio::fs::read_dir(&self.sealed).await?;
        while let Some(entry) = entries.next_entry().await? {
            let name = entry.file_name();
            let digest = name.to_str().and_then(|hex| format!("sha256:{hex}").parse().ok());
            digests.extend(digest);
        }
        Ok(digests)
    }

    /// Removes a blob; false when it was not there.
    pub(crate) async fn remove(&self, digest: &Digest) -> Result<bool, Error> {
        match tokio::fs::remove_file(self.path(digest)).await {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(error.into()),
        }
    }
}
