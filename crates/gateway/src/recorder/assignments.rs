//! Assignments since the last flush: a bounded list, what does not fit is counted.

use std::sync::Mutex;

use seatrial_domain::telemetry::Assignment;

use crate::sync::lock;

#[derive(Debug)]
pub(super) struct Assignments {
    cap: usize,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    list: Vec<Assignment>,
    dropped: u64,
}

impl Assignments {
    pub(super) fn new(cap: usize) -> Self {
        Self { cap, state: Mutex::default() }
    }

    pub(super) fn push(&self, assignment: Assignment) {
        let mut state = lock(&self.state);
        if state.list.len() < self.cap {
            state.list.push(assignment);
        } else {
            state.dropped += 1;
        }
    }

    /// The list, emptied, and how many were dropped since boot.
    pub(super) fn take(&self) -> (Vec<Assignment>, u64) {
        let mut state = lock(&self.state);
        (std::mem::take(&mut state.list), state.dropped)
    }
}
