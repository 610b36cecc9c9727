//! Keeping what was just stored until something refers to it. Removal and use exclude each other
//! blob by blob: a long upload stops no removal of other blobs, and nobody waits for longer than
//! one removal takes.

use super::Blobs;
use seatrial_domain::Digest;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::Notify;

/// Who uses blobs, and which are being removed.
#[derive(Debug, Default)]
pub(super) struct Uses {
    state: Mutex<State>,
    /// A claim has ended.
    released: Notify,
}

#[derive(Debug, Default)]
struct State {
    /// Rises with each hold and each use.
    clock: u64,
    /// When each living hold began.
    holds: BTreeSet<u64>,
    /// When each blob was used last, of those used since the oldest living hold began.
    used: BTreeMap<Digest, u64>,
    /// Claimed for removal.
    removing: BTreeSet<Digest>,
}

impl State {
    fn tick(&mut self) -> u64 {
        self.clock += 1;
        self.clock
    }

    /// Forgets uses that no living hold has seen.
    fn forget(&mut self) {
        match self.holds.first().copied() {
            Some(oldest) => self.used.retain(|_, at| *at > oldest),
            None => self.used.clear(),
        }
    }
}

impl Uses {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn release(&self, digest: &Digest) {
        self.state().removing.remove(digest);
        self.released.notify_waiters();
    }
}

/// While it lives, no blob is removed that anybody stores, looks for or reads meanwhile.
#[derive(Debug)]
pub struct Hold {
    uses: Arc<Uses>,
    since: u64,
}

impl Drop for Hold {
    fn drop(&mut self) {
        let mut state = self.uses.state();
        state.holds.remove(&self.since);
        state.forget();
    }
}

/// Blobs that are its owner's to remove: whoever wants one waits until it is let go.
#[derive(Debug)]
pub(crate) struct Claim {
    uses: Arc<Uses>,
    digests: BTreeSet<Digest>,
}

impl Claim {
    /// What is still claimed.
    pub(crate) const fn digests(&self) -> &BTreeSet<Digest> {
        &self.digests
    }

    /// Lets one go.
    pub(crate) fn release(&mut self, digest: &Digest) {
        if self.digests.remove(digest) {
            self.uses.release(digest);
        }
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        for digest in &self.digests {
            self.uses.release(digest);
        }
    }
}

impl Blobs {
    /// To be had before the first blob of a version or dataset is stored or looked for, and until
    /// that is registered: else it could be removed in between. Waits for nobody.
    pub fn hold(&self) -> Hold {
        let mut state = self.uses.state();
        let since = state.tick();
        state.holds.insert(since);
        Hold { uses: Arc::clone(&self.uses), since }
    }

    /// Notes that the blob is wanted; one that is being removed is gone, or spared, afterwards.
    /// Never within a transaction: who removes may be waiting for it.
    pub(crate) async fn in_use(&self, digest: &Digest) {
        loop {
            let released = self.uses.released.notified();
            {
                let mut state = self.uses.state();
                if !state.removing.contains(digest) {
                    if !state.holds.is_empty() {
                        let now = state.tick();
                        state.used.insert(digest.clone(), now);
                    }
                    return;
                }
            }
            released.await;
        }
    }

    /// Claims those of `digests` that nobody uses under a hold, and nobody else has claimed.
    pub(crate) fn claim<'a>(&self, digests: impl IntoIterator<Item = &'a Digest>) -> Claim {
        let mut state = self.uses.state();
        let mut claimed = BTreeSet::new();
        for digest in digests {
            if !state.used.contains_key(digest) && state.removing.insert(digest.clone()) {
                claimed.insert(digest.clone());
            }
        }
        Claim { uses: Arc::clone(&self.uses), digests: claimed }
    }
}
