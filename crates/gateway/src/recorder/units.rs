//! One rollout's seen units, and which of them are new since the last flush.

use std::sync::Mutex;

use seatrial_domain::telemetry::{Seen, SeenUnits};

use crate::sync::lock;

#[derive(Debug)]
pub(crate) struct UnitRecord {
    cap: usize,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    seen: SeenUnits,
    fresh: Vec<u64>,
}

impl UnitRecord {
    pub(super) fn new(cap: usize) -> Self {
        Self { cap, state: Mutex::default() }
    }

    /// Notes the unit with this hash.
    pub(crate) fn see(&self, hash: u64) -> Seen {
        let mut state = lock(&self.state);
        let seen = state.seen.see(hash, self.cap);
        if seen == Seen::First {
            state.fresh.push(hash);
        }
        seen
    }

    /// Takes back the unit that was just seen first. One that was flushed meanwhile stays in the
    /// store: after a restart it is not counted, which costs evidence, never validity.
    pub(crate) fn forget(&self, hash: u64) {
        let mut state = lock(&self.state);
        state.seen.set.remove(&hash);
        state.fresh.retain(|fresh| *fresh != hash);
    }

    /// Takes in what an earlier process saw; it is stored already, so it is not fresh.
    pub(super) fn seed(&self, seen: &SeenUnits) {
        lock(&self.state).seen.merge(seen);
    }

    /// The hashes first seen since the last time, and the sampling level now.
    pub(super) fn take_fresh(&self) -> (Vec<u64>, u32) {
        let mut state = lock(&self.state);
        (std::mem::take(&mut state.fresh), state.seen.level)
    }
}
