//! The latches in force, in memory and in a small preallocated file.
//!
//! Owns which endpoint's share is held at zero up to which epoch. Memory is authoritative while the
//! process lives; the file is so that a restart holds it too. Where the file cannot be written the
//! share is zero all the same, and where it cannot be read every share that it may have been about is.

mod file;
mod slot;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use seatrial_domain::telemetry::Latch;
use seatrial_domain::{EndpointName, Epoch};

use crate::sync::lock;
use file::{Damage, Found, LatchFile};

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
    damage: Damage,
    /// Endpoints whose table came from before this process and has been looked at.
    recovered: BTreeSet<EndpointName>,
}

impl Inner {
    fn new(found: Found, file: Option<LatchFile>) -> Self {
        let Found { held, damage } = found;
        Self { held, file, damage, recovered: BTreeSet::new() }
    }

    fn hold(&mut self, endpoint: &EndpointName, latch: Latch) {
        self.held.insert(endpoint.clone(), latch);
        if let Some(file) = self.file.as_mut() {
            file.write(endpoint, Some(latch));
        }
    }
}

impl Latches {
    /// Latches that live as long as the process.
    pub(crate) fn in_memory() -> Self {
        let nothing = Found { held: BTreeMap::new(), damage: Damage::None };
        Self { inner: Mutex::new(Inner::new(nothing, None)) }
    }

    /// Latches kept at `path`, with those an earlier process left there.
    pub(crate) fn open(path: &Path, slots: u32) -> Result<Self, Error> {
        let (file, found) = LatchFile::open(path, slots)
            .map_err(|source| Error { path: path.to_owned(), source })?;
        Ok(Self { inner: Mutex::new(Inner::new(found, Some(file))) })
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
        inner.hold(endpoint, latch);
    }

    /// Holds a latch over a table that came from before this process, where the file may have had
    /// one of its epoch and cannot be read: `exposed` is the latch it would have been. Whatever
    /// comes later was committed knowing of it.
    pub(crate) fn suspect(&self, endpoint: &EndpointName, epoch: Epoch, exposed: Option<Latch>) {
        let mut inner = lock(&self.inner);
        // A table of no epoch only makes its endpoint known.
        if inner.damage == Damage::None || epoch == Epoch(0) {
            return;
        }
        if !inner.recovered.insert(endpoint.clone()) || inner.held.contains_key(endpoint) {
            return;
        }
        if let Some(latch) = exposed {
            inner.hold(endpoint, latch);
        }
    }

    /// The tables of before this process are in force: the latches suspected over them are written.
    pub(crate) fn recovered(&self) {
        if let Some(file) = lock(&self.inner).file.as_mut() {
            file.free_damaged();
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
