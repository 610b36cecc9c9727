//! The latches in force, in memory and in a small preallocated file.
//!
//! Owns which endpoint's share is held at zero up to which epoch. Memory is authoritative while the
//! process lives; the file is so that a restart holds it too. Where the file cannot be written the
//! share is zero all the same.

mod file;
mod slot;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use seatrial_domain::telemetry::Latch;
use seatrial_domain::{EndpointName, Epoch};

use crate::sync::lock;
use file::LatchFile;

/// The latch file cannot be opened or read.
#[derive(Debug, thiserror::Error)]
#[error("the latch file {path} cannot be used")]
pub struct Error {
    path: PathBuf,
    source: io::Error,
}

#[derive(Debug)]
pub(crate) struct Latches {
    inner: Mutex<Inner>,
}

#[derive(Debug)]
struct Inner {
    held: BTreeMap<EndpointName, Latch>,
    file: Option<LatchFile>,
}

impl Latches {
    /// Latches that live as long as the process.
    pub(crate) fn in_memory() -> Self {
        Self { inner: Mutex::new(Inner { held: BTreeMap::new(), file: None }) }
    }

    /// Latches kept at `path`, with those an earlier process left there.
    pub(crate) fn open(path: &Path, slots: u32) -> Result<Self, Error> {
        let (file, held) = LatchFile::open(path, slots)
            .map_err(|source| Error { path: path.to_owned(), source })?;
        Ok(Self { inner: Mutex::new(Inner { held, file: Some(file) }) })
    }

    pub(crate) fn get(&self, endpoint: &EndpointName) -> Option<Latch> {
        lock(&self.inner).held.get(endpoint).copied()
    }

    /// Holds `latch` over the endpoint, unless one of a larger epoch is held.
    pub(crate) fn hold(&self, endpoint: &EndpointName, latch: Latch) {
        let mut inner = lock(&self.inner);
        if inner.held.get(endpoint).is_some_and(|held| held.epoch > latch.epoch) {
            return;
        }
        inner.held.insert(endpoint.clone(), latch);
        if let Some(file) = inner.file.as_mut() {
            file.write(endpoint, Some(latch));
        }
    }

    /// The latch that holds over a table of this epoch. A latch of a smaller epoch is over: it is
    /// cleared.
    pub(crate) fn over(&self, endpoint: &EndpointName, epoch: Epoch) -> Option<Latch> {
        let mut inner = lock(&self.inner);
        let latch = inner.held.get(endpoint).copied()?;
        if epoch <= latch.epoch {
            return Some(latch);
        }
        inner.held.remove(endpoint);
        if let Some(file) = inner.file.as_mut() {
            file.write(endpoint, None);
        }
        None
    }
}
