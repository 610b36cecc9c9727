//! What uploads share: turns, and parts that wait.

use super::error::{Error, Result};
use super::parts::Parts;
use crate::config::{Artifacts, Limits};
use seatrial_domain::Timestamp;
use seatrial_store::Store;
use std::path::Path;
use tokio::sync::{Semaphore, SemaphorePermit};

/// The transfers of one server.
#[derive(Debug)]
pub(crate) struct Transfers {
    pub(super) limits: Artifacts,
    pub(super) parts: Parts,
    /// One permit for each file or part that is being received.
    receiving: Semaphore,
}

impl Transfers {
    /// Takes up what an earlier process left: parts stay, half parts go.
    pub(crate) async fn open(store: Store, limits: &Limits, data: &Path) -> anyhow::Result<Self> {
        let artifacts = limits.artifacts.clone();
        let receiving = Semaphore::new(usize::try_from(artifacts.max_transfers)?);
        let parts = Parts::open(store, limits, &data.join("parts")).await?;
        Ok(Self { limits: artifacts, parts, receiving })
    }

    /// Forgets parts that nobody goes on with.
    pub(crate) async fn sweep(&self, now: Timestamp) {
        self.parts.sweep(now).await;
    }

    /// Leave to receive a file, for as long as it is kept.
    pub(super) async fn turn(&self) -> Result<SemaphorePermit<'_>> {
        let turn = tokio::time::timeout(self.limits.queue_timeout, self.receiving.acquire()).await;
        match turn {
            Ok(Ok(turn)) => Ok(turn),
            Ok(Err(_)) | Err(_) => Err(Error::busy(format!(
                "{} files are being received already; come again in a moment",
                self.limits.max_transfers
            ))),
        }
    }
}
