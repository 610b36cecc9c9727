//! Assignments since the last flush: a bounded list, what does not fit is counted. Those that are
//! no evidence take half of it at most.

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
    /// How many of the list are no evidence.
    uncounted: usize,
    dropped: u64,
}

impl Assignments {
    pub(super) fn new(cap: usize) -> Self {
        Self { cap, state: Mutex::default() }
    }

    pub(super) fn push(&self, assignment: Assignment) {
        let mut state = lock(&self.state);
        let evidence = assignment.is_evidence();
        let uncounted = if evidence { state.uncounted } else { state.uncounted + 1 };
        let fits = evidence || uncounted <= self.cap / 2;
        if fits && state.list.len() < self.cap {
            state.uncounted = uncounted;
            state.list.push(assignment);
        } else {
            state.dropped += 1;
        }
    }

    /// The list, emptied, and how many were dropped since boot.
    pub(super) fn take(&self) -> (Vec<Assignment>, u64) {
        let mut state = lock(&self.state);
        state.uncounted = 0;
        (std::mem::take(&mut state.list), state.dropped)
    }
}
