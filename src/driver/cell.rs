//! What the driver remembers of one endpoint between two steps. A cache: the truth is the store's,
//! and this process is the store's only writer. What was read last stays at hand also while the
//! store answers nothing: it goes on being enforced, and the way back is decided on it.

use super::backoff::Backoff;
use super::command::Stored;
use super::jumps::Jump;
use super::latch::Seen;
use super::look::Look;
use super::take_up::Outage;
use super::validate::Run;
use seatrial_domain::endpoint::{Endpoint, Settings};
use seatrial_domain::rollout::{Event, Rollout};
use seatrial_domain::telemetry::Trip;
use seatrial_domain::{Actor, EndpointName, Epoch, RolloutId};
use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;
use tokio::sync::Notify;

/// Trips that wait for the next step, at most; one is enough to act.
const TRIPS_MAX: usize = 16;

/// One endpoint's place in the driver.
#[derive(Debug)]
pub(super) struct Cell {
    name: EndpointName,
    /// Held during a step or a command: an endpoint changes by one hand at a time.
    pub(super) state: tokio::sync::Mutex<State>,
    /// What the store said last, for whoever must not wait for it.
    known: Mutex<Option<Known>>,
    backoff: Mutex<Backoff>,
    trips: Mutex<VecDeque<Trip>>,
    /// Commands that have set the share to zero and are about to say why.
    commanding: AtomicUsize,
    /// Told when there may be something to do.
    wake: Notify,
}

#[derive(Debug, Default)]
pub(super) struct State {
    /// None: must be loaded from the store.
    pub(super) known: Option<Known>,
    /// A way back that is latched and not yet stored: tried again until it is.
    pub(super) pending: Option<Pending>,
    /// The time nobody was there, until the active rollout has been told of it.
    pub(super) outage: Option<Outage>,
    /// The clock's jump that was looked at last.
    pub(super) jump: Option<Jump>,
    pub(super) latch: Seen,
    pub(super) look: Look,
    pub(super) validation: Run,
}

/// What was decided and could not be committed.
#[derive(Debug, Clone)]
pub(super) struct Pending {
    pub(super) rollout: RolloutId,
    pub(super) event: Event,
    pub(super) actor: Actor,
    /// What its journal row will rest on: later looks see more than it was decided on.
    pub(super) grounds: Option<serde_json::Value>,
}

/// What the store says.
#[derive(Debug, Clone)]
pub(super) struct Known {
    pub(super) endpoint: Endpoint,
    /// The settings in force outside a rollout: changes apply to the next rollout.
    pub(super) settings: Settings,
    /// The last epoch issued for this endpoint.
    pub(super) epoch: Epoch,
    pub(super) active: Option<Stored>,
    /// Ended rollouts whose candidate may still be kept loaded.
    pub(super) ended: Vec<Rollout>,
}

impl Cell {
    pub(super) fn new(name: EndpointName) -> Arc<Self> {
        Arc::new(Self {
            name,
            state: tokio::sync::Mutex::default(),
            known: Mutex::default(),
            backoff: Mutex::default(),
            trips: Mutex::default(),
            commanding: AtomicUsize::new(0),
            wake: Notify::new(),
        })
    }

    pub(super) const fn name(&self) -> &EndpointName {
        &self.name
    }

    pub(super) fn backoff(&self) -> MutexGuard<'_, Backoff> {
        self.backoff.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What the store said last. Held while it is enforced, so that no older word is enforced after
    /// a newer one.
    pub(super) fn known(&self) -> MutexGuard<'_, Option<Known>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The active rollout, as the store said last.
    pub(super) fn active(&self) -> Option<Stored> {
        self.known().as_ref().and_then(|known| known.active.clone())
    }

    /// Whether the last step failed and its wait is not over.
    pub(super) fn is_left_alone(&self, now: Instant) -> bool {
        self.backoff().waits(now)
    }

    /// Asks for a step soon.
    pub(super) fn wake(&self) {
        self.wake.notify_one();
    }

    /// Waits until a step is asked for.
    pub(super) async fn woken(&self) {
        self.wake.notified().await;
    }

    /// Remembers a trip for the next step, which waits no longer.
    pub(super) fn tripped(&self, trip: Trip) {
        let mut trips = self.trips();
        if trips.len() < TRIPS_MAX {
            trips.push_back(trip);
        }
        drop(trips);
        self.backoff().went_well();
        self.wake();
    }

    /// The trips nobody has acted on yet, the earliest first.
    pub(super) fn trips(&self) -> MutexGuard<'_, VecDeque<Trip>> {
        self.trips.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Says that a command is about to explain the latch it has set.
    pub(super) fn commanding(&self) -> Commanding<'_> {
        self.commanding.fetch_add(1, Ordering::SeqCst);
        Commanding(self)
    }

    /// Whether a latch without a journal row is explained by a command under way.
    pub(super) fn is_commanded(&self) -> bool {
        self.commanding.load(Ordering::SeqCst) > 0
    }
}

/// Until dropped, a command is under way.
#[derive(Debug)]
pub(super) struct Commanding<'a>(&'a Cell);

impl Drop for Commanding<'_> {
    fn drop(&mut self) {
        self.0.commanding.fetch_sub(1, Ordering::SeqCst);
    }
}
