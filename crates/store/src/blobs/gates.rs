//! One at a time for each blob: what is fetched or hashed for one is there for all who wait.

use seatrial_domain::Digest;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use tokio::sync::OwnedMutexGuard;

#[derive(Debug, Default)]
pub(super) struct Gates(Mutex<BTreeMap<Digest, Weak<tokio::sync::Mutex<()>>>>);

impl Gates {
    /// Waits until nobody else is behind the blob's gate.
    pub(super) async fn enter(&self, digest: &Digest) -> OwnedMutexGuard<()> {
        self.of(digest).lock_owned().await
    }

    fn of(&self, digest: &Digest) -> Arc<tokio::sync::Mutex<()>> {
        let mut gates = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        gates.retain(|_, gate| gate.strong_count() > 0);
        if let Some(gate) = gates.get(digest).and_then(Weak::upgrade) {
            return gate;
        }
        let gate = Arc::default();
        gates.insert(digest.clone(), Arc::downgrade(&gate));
        gate
    }
}
