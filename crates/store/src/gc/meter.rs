//! What sweeps have done since the store was opened, for whoever watches.

use super::{Collected, Error};
use std::sync::atomic::{AtomicU64, Ordering};

/// Counts up while sweeps go on.
#[derive(Debug, Default)]
pub(crate) struct Meter {
    completed: AtomicU64,
    failed: AtomicU64,
    running: AtomicU64,
    removed_blobs: AtomicU64,
    removed_bytes: AtomicU64,
    waiting: AtomicU64,
}

/// What the meter shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Metrics {
    pub completed: u64,
    pub failed: u64,
    /// Sweeps under way.
    pub running: u64,
    pub removed_blobs: u64,
    pub removed_bytes: u64,
    /// Blobs that the sweeps under way have yet to look at.
    pub waiting: u64,
}

impl Meter {
    pub(crate) fn read(&self) -> Metrics {
        let of = |count: &AtomicU64| count.load(Ordering::Relaxed);
        Metrics {
            completed: of(&self.completed),
            failed: of(&self.failed),
            running: of(&self.running),
            removed_blobs: of(&self.removed_blobs),
            removed_bytes: of(&self.removed_bytes),
            waiting: of(&self.waiting),
        }
    }

    pub(super) fn removed(&self, bytes: u64) {
        self.removed_blobs.fetch_add(1, Ordering::Relaxed);
        self.removed_bytes.fetch_add(bytes, Ordering::Relaxed);
    }

    pub(super) fn ended(&self, how: &Result<Collected, Error>) {
        let count = if how.is_ok() { &self.completed } else { &self.failed };
        count.fetch_add(1, Ordering::Relaxed);
    }

    /// A sweep of so many blobs begins.
    pub(super) fn begin(&self, blobs: u64) -> Running<'_> {
        self.running.fetch_add(1, Ordering::Relaxed);
        self.waiting.fetch_add(blobs, Ordering::Relaxed);
        Running { meter: self, waiting: blobs }
    }
}

/// A sweep under way. Dropped at any point, it counts no longer.
#[derive(Debug)]
pub(super) struct Running<'a> {
    meter: &'a Meter,
    waiting: u64,
}

impl Running<'_> {
    pub(super) fn looked_at(&mut self, blobs: u64) {
        let blobs = blobs.min(self.waiting);
        self.waiting -= blobs;
        self.meter.waiting.fetch_sub(blobs, Ordering::Relaxed);
    }
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        self.meter.running.fetch_sub(1, Ordering::Relaxed);
        self.meter.waiting.fetch_sub(self.waiting, Ordering::Relaxed);
    }
}
