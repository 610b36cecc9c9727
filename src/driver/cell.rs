//! What the driver remembers of one endpoint between two steps. A cache: the truth is the store's,
//! and this process is the store's only writer.

use super::backoff::Backoff;
use super::command::Stored;
use super::latch::Seen;
use super::look::Look;
use super::validate::Run;
use seatrial_domain::endpoint::Endpoint;
use seatrial_domain::rollout::{Event, Rollout};
use seatrial_domain::telemetry::Trip;
use seatrial_domain::{Actor, EndpointName, Epoch, RolloutId};
use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

/// Trips that wait for the next step, at most; one is enough to act.
const TRIPS_MAX: usize = 16;

/// One endpoint's place in the driver.
#[derive(Debug)]
pub(super) struct Cell {
    name: EndpointName,
    /// Held during a step or a command: an endpoint changes by one hand at a time.
    pub(super) state: tokio::sync::Mutex<State>,
    backoff: Mutex<Backoff>,
    trips: Mutex<VecDeque<Trip>>,
    /// Commands that have set the share to zero and are about to say why.
    commanding: AtomicUsize,
}

#[derive(Debug, Default)]
pub(super) struct State {
    /// None: must be loaded from the store.
    pub(super) known: Option<Known>,
    /// A way back that is latched and not yet stored: tried again until it is.
    pub(super) pending: Option<Pending>,
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
}

/// What the store says.
#[derive(Debug, Clone)]
pub(super) struct Known {
    pub(super) endpoint: Endpoint,
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
            backoff: Mutex::default(),
            trips: Mutex::default(),
            commanding: AtomicUsize::new(0),
        })
    }

    pub(super) const fn name(&self) -> &EndpointName {
        &self.name
    }

    pub(super) fn backoff(&self) -> MutexGuard<'_, Backoff> {
        self.backoff.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether the last step failed and its wait is not over; a guardrail's trip ends any wait.
    pub(super) fn is_left_alone(&self, now: Instant) -> bool {
        let trips = self.trips.lock().unwrap_or_else(PoisonError::into_inner);
        trips.is_empty() && self.backoff().waits(now)
    }

    /// Remembers a trip for the next step.
    pub(super) fn tripped(&self, trip: Trip) {
        let mut trips = self.trips.lock().unwrap_or_else(PoisonError::into_inner);
        if trips.len() < TRIPS_MAX {
            trips.push_back(trip);
        }
    }

    /// The trips since the last step.
    pub(super) fn take_trips(&self) -> Vec<Trip> {
        let mut trips = self.trips.lock().unwrap_or_else(PoisonError::into_inner);
        trips.drain(..).collect()
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
