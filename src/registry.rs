//! The registry's door: what is pushed becomes a sealed version, or leaves nothing behind.
//!
//! Owns uploads, which live in a directory of their own until they are sealed; names given by
//! clients never become paths on this disk. A model is tried, and a dataset read, in a process of its
//! own before any of it is stored. Refuses models that do not load, keep data elsewhere or use unknown operators.

mod dataset;
mod describe;
mod error;
mod model;
mod place;
mod receive;
mod signature;
pub mod tag;
#[cfg(test)]
mod tests;
pub(crate) mod trials;
mod tried;
mod upload;

pub use dataset::NewDataset;
pub use describe::Described;
pub use error::Error;
pub use model::NewModel;
pub use signature::Signed;
pub use upload::{Received, UploadId};

use crate::clock;
use crate::config::{Limits, Uploads};
use crate::dataset::child;
use crate::signatures::{Keys, Signatures};
use crate::tasks::Tasks;
use seatrial_domain::{Digest, Timestamp};
use seatrial_runtime::probe;
use seatrial_store::Store;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::{Semaphore, SemaphorePermit};
use trials::{Meter, Trials};
use upload::Upload;

/// The processes in which what is pushed is tried.
#[derive(Debug, Clone)]
pub struct Children {
    pub model: probe::Child,
    pub dataset: child::Child,
}

/// The door of one store.
#[derive(Debug)]
pub struct Registry {
    store: Store,
    signatures: Signatures,
    children: Children,
    limits: Uploads,
    /// One permit for each child at work that somebody waits for.
    checks: Semaphore,
    trials: Arc<Trials>,
    /// Where uploads wait; emptied at start.
    spool: PathBuf,
    open: Mutex<BTreeMap<UploadId, Upload>>,
}

impl Registry {
    /// Opens the door; what an earlier process left of unfinished uploads is removed.
    pub fn open(
        store: Store,
        children: Children,
        limits: &Limits,
        data: &Path,
        tasks: Tasks,
    ) -> std::io::Result<Self> {
        let spool = data.join("uploads");
        match std::fs::remove_dir_all(&spool) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
            Ok(()) | Err(_) => {}
        }
        std::fs::create_dir_all(&spool)?;
        let checks = Semaphore::new(size(limits.uploads.max_checks));
        let signatures = Signatures::new(store.clone(), Keys::default());
        let trials = Arc::new(Trials::new(store.blobs().clone(), &children, limits, tasks));
        let (limits, open) = (limits.uploads.clone(), Mutex::default());
        Ok(Self { store, signatures, children, limits, checks, trials, spool, open })
    }

    /// The same door, where signatures are judged by `signatures`.
    #[must_use]
    pub fn judging_by(self, signatures: Signatures) -> Self {
        Self { signatures, ..self }
    }

    /// Begins an upload; the time is when it is forgotten.
    pub fn begin(&self) -> Result<(UploadId, Timestamp), Error> {
        let expires_at = clock::now().plus(self.limits.expire_after);
        let id = UploadId::random();
        let upload = Upload::create(self.spool.join(id.as_str()), expires_at)?;
        let mut open = self.lock();
        let limit = size(self.limits.max_open);
        if open.len() >= limit {
            return Err(Error::TooManyUploads { limit });
        }
        open.insert(id.clone(), upload);
        Ok((id, expires_at))
    }

    /// Forgets an upload and its files.
    pub fn discard(&self, id: &UploadId) -> Result<(), Error> {
        self.take(id).map(drop)
    }

    /// A model's file is arriving elsewhere, and may be registered.
    pub fn expect_model(&self) {
        self.trials.expect();
    }

    /// A model's file has arrived, and may be registered: it is tried meanwhile.
    pub fn try_ahead(&self, model: &Digest) {
        self.trials.begin(model);
    }

    pub(crate) fn trials_counted(&self) -> &Meter {
        &self.trials.meter
    }

    /// Forgets the uploads that were not sealed in time, and lets go what waits for others.
    pub fn sweep(&self, now: Timestamp) {
        self.trials.sweep();
        self.lock().retain(|_, upload| upload.expires_at() > now);
    }

    /// Leave to start a child, for as long as it is kept. Without it the upload stays as it is, and
    /// its client may ask again.
    fn turn(&self) -> Result<SemaphorePermit<'_>, Error> {
        let limit = size(self.limits.max_checks);
        self.checks.try_acquire().map_err(|_none_left| Error::TooManyChecks { limit })
    }

    /// Takes an upload out of reach of its client: from here on it is sealed or gone.
    fn take(&self, id: &UploadId) -> Result<Upload, Error> {
        self.lock().remove(id).ok_or_else(|| Error::UnknownUpload(id.clone()))
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<UploadId, Upload>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn size(limit: u32) -> usize {
    usize::try_from(limit).unwrap_or(usize::MAX)
}
