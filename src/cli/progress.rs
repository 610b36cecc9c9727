//! How far something is that takes long.

use std::sync::atomic::{AtomicU64, Ordering};

/// Who is told, in words.
pub(super) type Tell<'a> = &'a (dyn Fn(&str) + Sync);

/// What is done of so many parts, on any thread.
pub(super) struct Progress<'a> {
    what: &'static str,
    all: u64,
    done: AtomicU64,
    tell: Tell<'a>,
}

impl<'a> Progress<'a> {
    /// Tells at once that nothing is done yet.
    pub(super) fn begin(what: &'static str, all: u64, tell: Tell<'a>) -> Self {
        tell(&format!("{what}: 0 of {all}"));
        Self { what, all, done: AtomicU64::new(0), tell }
    }

    /// One more is done.
    pub(super) fn step(&self) {
        let done = self.done.fetch_add(1, Ordering::Relaxed) + 1;
        (self.tell)(&format!("{}: {done} of {}", self.what, self.all));
    }
}
