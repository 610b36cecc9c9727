//! The policies in force, parsed once: each registration and each alias or tag asks for them.

use super::Driver;
use seatrial_domain::policy::{self, Policy};
use seatrial_store::changed::Changed;
use seatrial_store::policies::Policy as Stored;
use seatrial_store::storage;
use std::sync::{Arc, Mutex, PoisonError};

/// What was parsed last.
#[derive(Debug, Default)]
pub(super) struct Parsed(Mutex<Option<Last>>);

#[derive(Debug)]
struct Last {
    of: Arc<[Stored]>,
    policies: Arc<[Policy]>,
}

impl Driver {
    /// Every policy in force. One that an earlier release took and this one refuses does nothing.
    pub(super) async fn applied(&self) -> Result<Arc<[Policy]>, storage::Error> {
        let stored = self.store.policies().await?;
        let mut parsed = self.applied.0.lock().unwrap_or_else(PoisonError::into_inner);
        match &*parsed {
            // The store gives the same ones until another is applied.
            Some(last) if Arc::ptr_eq(&last.of, &stored) => Ok(Arc::clone(&last.policies)),
            Some(_) | None => {
                let policies = stored.iter().filter_map(|text| policy::parse(&text.yaml).ok());
                let policies = policies.collect::<Arc<[_]>>();
                *parsed = Some(Last { of: stored, policies: Arc::clone(&policies) });
                Ok(policies)
            }
        }
    }

    /// Whether a policy waits for any of these names.
    pub(super) async fn waits_for(&self, changed: &Changed) -> Result<bool, storage::Error> {
        let fired = |policy: &Policy| policy.trigger().fired_by(&changed.aliases, &changed.tags);
        Ok(self.applied().await?.iter().any(|policy| fired(policy).is_some()))
    }
}
