//! Children that are started before there is anything to try: the library's start in them takes most
//! of a trial's time.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::{Child, Error, Report};
use crate::Files;
use crate::confined::Waiting;
use crate::load::Level;

/// Children of one kind, of which some may wait. Each tries one model, whether it waited or not.
#[derive(Debug)]
pub struct Ready {
    child: Child,
    level: Level,
    most: usize,
    waiting: Mutex<Vec<Waiting>>,
    /// Whether anything was tried or prepared for since the last [`Ready::release`].
    used: AtomicBool,
}

impl Ready {
    /// Of which `most` may wait; nothing is started yet.
    #[must_use]
    pub const fn new(child: Child, level: Level, most: usize) -> Self {
        let waiting = Mutex::new(Vec::new());
        Self { child, level, most, waiting, used: AtomicBool::new(false) }
    }

    /// Tries a model, in a child that waits if there is one.
    ///
    /// # Errors
    /// As [`Child::probe`].
    pub async fn probe(&self, files: &Files<PathBuf>) -> Result<Report, Error> {
        match self.take() {
            Some(waiting) => self.child.tell(waiting, files).await,
            None => self.child.probe(files, self.level).await,
        }
    }

    /// Starts one more that waits, unless enough do or the system starts none, which a trial says;
    /// tells whether it was started.
    pub fn prepare(&self) -> bool {
        self.used.store(true, Ordering::Relaxed);
        if self.alive().len() >= self.most {
            return false;
        }
        let Ok(started) = self.child.start(self.level) else { return false };
        let mut waiting = self.lock();
        // Somebody else may have been quicker: then this one ends.
        if waiting.len() < self.most {
            waiting.push(started);
        }
        true
    }

    /// Ends those that wait, if nothing was asked of them since this was called before.
    pub fn release(&self) {
        if !self.used.swap(false, Ordering::Relaxed) {
            self.lock().clear();
        }
    }

    /// Whether a child waits.
    #[must_use]
    pub fn is_waiting(&self) -> bool {
        !self.alive().is_empty()
    }

    /// The one that has waited longest.
    fn take(&self) -> Option<Waiting> {
        self.used.store(true, Ordering::Relaxed);
        let mut waiting = self.alive();
        (!waiting.is_empty()).then(|| waiting.remove(0))
    }

    /// Without those that died of something else.
    fn alive(&self) -> MutexGuard<'_, Vec<Waiting>> {
        let mut waiting = self.lock();
        waiting.retain_mut(Waiting::is_alive);
        waiting
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Waiting>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
