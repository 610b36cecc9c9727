//! Ends inferences that run on a caller's own thread at their deadline: that caller cannot.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

use ort::session::{NoSelectedOutputs, RunOptions};
use tokio::time::Instant;

use super::pool::unavailable;
use crate::{infer, load};

type Options = RunOptions<NoSelectedOutputs>;

/// One thread that holds what runs and until when. There are never more than the model's sessions.
/// It sleeps to the earliest deadline it knows, so that a request costs it no waking.
pub(super) struct Watchdog {
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    /// By deadline, then in order of arrival.
    running: BTreeMap<(Instant, u64), Arc<Options>>,
    arrivals: u64,
    /// When the thread wakes by itself; `None`: not before it is told.
    wakes_at: Option<Instant>,
    life: Life,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Life {
    #[default]
    On,
    Over,
}

impl Watchdog {
    /// Starts the thread; it ends when this is dropped.
    pub(super) fn start() -> Result<Self, load::Error> {
        let shared = Arc::new(Shared::default());
        let watched = Arc::clone(&shared);
        thread::Builder::new()
            .name("inference-watch".to_owned())
            .spawn(move || watched.watch())
            .map_err(|error| load::Error::Io { detail: format!("no thread to watch: {error}") })?;
        Ok(Self { shared })
    }

    /// Runs an inference by options that are told to end at `deadline`.
    pub(super) fn run<T>(
        &self,
        deadline: Instant,
        run: impl FnOnce(&Options) -> T,
    ) -> Result<T, infer::Error> {
        let options = Options::new().map_err(|error| unavailable(error.message()))?;
        let options = Arc::new(options);
        let _watched = self.shared.add(deadline, Arc::clone(&options));
        Ok(run(&options))
    }
}

impl fmt::Debug for Watchdog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Watchdog").finish_non_exhaustive()
    }
}

impl Drop for Watchdog {
    fn drop(&mut self) {
        self.shared.lock().life = Life::Over;
        self.shared.changed.notify_one();
    }
}

/// One inference that is watched until this is dropped.
struct Watched<'a> {
    shared: &'a Shared,
    key: (Instant, u64),
}

impl Drop for Watched<'_> {
    fn drop(&mut self) {
        self.shared.lock().running.remove(&self.key);
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn add(&self, deadline: Instant, options: Arc<Options>) -> Watched<'_> {
        let mut state = self.lock();
        state.arrivals += 1;
        let key = (deadline, state.arrivals);
        state.running.insert(key, options);
        if state.wakes_at.is_none_or(|wakes_at| deadline < wakes_at) {
            self.changed.notify_one();
        }
        Watched { shared: self, key }
    }

    fn watch(&self) {
        let mut state = self.lock();
        while state.life == Life::On {
            let now = Instant::now();
            state.end_overdue(now);
            state.wakes_at = state.running.keys().next().map(|(deadline, _)| *deadline);
            state = match state.wakes_at {
                None => self.changed.wait(state).unwrap_or_else(PoisonError::into_inner),
                Some(deadline) => {
                    let left = deadline.saturating_duration_since(now);
                    let waited = self.changed.wait_timeout(state, left);
                    waited.unwrap_or_else(PoisonError::into_inner).0
                }
            };
        }
    }
}

impl State {
    fn end_overdue(&mut self, now: Instant) {
        while let Some(first) = self.running.first_entry().filter(|first| first.key().0 <= now) {
            if let Err(error) = first.remove().terminate() {
                tracing::warn!(%error, "an inference past its deadline could not be ended");
            }
        }
    }
}
