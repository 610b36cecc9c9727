//! What is shown while the store takes no transition: `held(storage)`. It can be stored no more
//! than the transition itself, so it is laid over what is read. Refuses to change a rollout.

use super::Driver;
use super::command::Stored;
use crate::clock;
use seatrial_domain::EndpointName;
use seatrial_domain::rollout::{Event, Hold};
use seatrial_store::rollouts::CommitError;
use std::collections::BTreeSet;
use std::sync::{MutexGuard, PoisonError};

/// What the journal would say, could it be written.
fn held() -> Event {
    let why = "the store takes nothing; share zero is in force where it was ordered".to_owned();
    Event::Held { hold: Hold::Storage, why }
}

impl Driver {
    /// A stored rollout as it stands: with the hold that could not be written down.
    pub fn standing(&self, mut stored: Stored) -> Stored {
        if self.unstored().contains(&stored.rollout.endpoint)
            && let Ok(held) = stored.rollout.on(&held(), clock::now())
        {
            stored.rollout = held.next;
        }
        stored
    }

    /// The store took a transition of this endpoint.
    pub(super) fn note_taken(&self, endpoint: &EndpointName) {
        self.unstored().remove(endpoint);
    }

    /// The store took something else.
    pub(super) fn note_writable(&self) {
        self.unstored().clear();
    }

    /// The store did not take a transition; only its own fault counts, not another's revision.
    pub(super) fn note_refused(&self, endpoint: &EndpointName, error: &CommitError) {
        if matches!(error, CommitError::Storage(_)) {
            self.unstored().insert(endpoint.clone());
        }
    }

    fn unstored(&self) -> MutexGuard<'_, BTreeSet<EndpointName>> {
        self.unstored.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
