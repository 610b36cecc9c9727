//! The sessions, each used by one request at a time.

use std::sync::{Arc, Mutex, PoisonError};

use ort::session::Session;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::infer::Error;

/// The sessions that are free, and a permit for each of them.
#[derive(Debug)]
pub(super) struct Pool {
    free: Mutex<Vec<Session>>,
    permits: Arc<Semaphore>,
}

impl Pool {
    pub(super) fn new(sessions: Vec<Session>) -> Self {
        let permits = Arc::new(Semaphore::new(sessions.len()));
        Self { free: Mutex::new(sessions), permits }
    }

    /// Waits for a free session.
    pub(super) async fn take(self: Arc<Self>) -> Result<Slot, Error> {
        let permit = Arc::clone(&self.permits).acquire_owned().await;
        let permit = permit.map_err(|_closed| unavailable("it is being unloaded"))?;
        let session = self.free.lock().unwrap_or_else(PoisonError::into_inner).pop();
        Ok(Slot { session, pool: self, _permit: permit })
    }

    pub(super) fn close(&self) {
        self.permits.close();
    }

    pub(super) fn is_open(&self) -> bool {
        !self.permits.is_closed()
    }
}

/// A session taken from the pool, returned when dropped: first the session, then the permit.
#[derive(Debug)]
pub(super) struct Slot {
    session: Option<Session>,
    pool: Arc<Pool>,
    _permit: OwnedSemaphorePermit,
}

impl Slot {
    pub(super) fn session(&mut self) -> Result<&mut Session, Error> {
        self.session.as_mut().ok_or_else(|| unavailable("a session is missing from the pool"))
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        let mut free = self.pool.free.lock().unwrap_or_else(PoisonError::into_inner);
        free.extend(self.session.take());
    }
}

pub(super) fn unavailable(detail: &str) -> Error {
    Error::Unavailable { detail: detail.to_owned() }
}
