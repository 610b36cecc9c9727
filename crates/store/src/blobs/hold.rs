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

    /// Removes a blob; false when it was not there.
    pub(crate) async fn remove(&self, digest: &Digest) -> Result<bool, Error> {
        match tokio::fs::remove_file(self.path(digest)).await {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(error.into()),
        }
    }
}
