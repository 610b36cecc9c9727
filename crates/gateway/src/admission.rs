//! A bound on requests at once that refuses instead of waiting.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

/// How many hold a place now.
#[derive(Debug, Default)]
pub(crate) struct Places(AtomicU32);

impl Places {
    /// A place among `limit`, or `None` where all are taken.
    pub(crate) fn take(self: &Arc<Self>, limit: u32) -> Option<Place> {
        self.0
            .fetch_update(Ordering::AcqRel, Ordering::Acquire, |taken| {
                (taken < limit).then_some(taken + 1)
            })
            .ok()
            .map(|_taken| Place(Arc::clone(self)))
    }

    pub(crate) fn taken(&self) -> u32 {
        self.0.load(Ordering::Acquire)
    }
}

/// Held while a request is worked on; given back when dropped.
#[derive(Debug)]
pub(crate) struct Place(Arc<Places>);

impl Drop for Place {
    fn drop(&mut self) {
        self.0.0.fetch_sub(1, Ordering::AcqRel);
    }
}
