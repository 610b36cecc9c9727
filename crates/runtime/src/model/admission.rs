//! The bounded queue: how many requests may be inside a model, running or waiting.

use std::sync::atomic::{AtomicUsize, Ordering};

use crate::infer::Error;

/// Counts the requests inside.
#[derive(Debug)]
pub(super) struct Admission {
    inside: AtomicUsize,
    sessions: usize,
    queue: usize,
}

impl Admission {
    pub(super) const fn new(sessions: usize, queue: usize) -> Self {
        Self { inside: AtomicUsize::new(0), sessions, queue }
    }

    /// Lets a request in until the guard is dropped.
    pub(super) fn enter(&self) -> Result<Admitted<'_>, Error> {
        // The guard counts down even where it is refused at once.
        let admitted = Admitted { inside: &self.inside };
        let before = self.inside.fetch_add(1, Ordering::Relaxed);
        if before >= self.sessions.saturating_add(self.queue) {
            return Err(Error::Overloaded { sessions: self.sessions, queue: self.queue });
        }
        Ok(admitted)
    }
}

/// A request inside.
#[derive(Debug)]
pub(super) struct Admitted<'a> {
    inside: &'a AtomicUsize,
}

impl Drop for Admitted<'_> {
    fn drop(&mut self) {
        self.inside.fetch_sub(1, Ordering::Relaxed);
    }
}
