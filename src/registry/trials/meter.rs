//! How many models were tried, and when that was begun.

use std::sync::atomic::{AtomicU64, Ordering};

/// Trials since the server's start.
#[derive(Debug, Default)]
pub(crate) struct Meter {
    ahead: AtomicU64,
    now: AtomicU64,
}

impl Meter {
    /// One was begun when the model's file had arrived.
    pub(super) fn ahead(&self) {
        self.ahead.fetch_add(1, Ordering::Relaxed);
    }

    /// One was begun when the model was registered.
    pub(super) fn now(&self) {
        self.now.fetch_add(1, Ordering::Relaxed);
    }

    /// All of them, by what they were begun at.
    pub(crate) fn counts(&self) -> [(&'static str, u64); 2] {
        let count = |count: &AtomicU64| count.load(Ordering::Relaxed);
        [("upload", count(&self.ahead)), ("registration", count(&self.now))]
    }
}
