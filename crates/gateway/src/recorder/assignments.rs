//! Assignments since the last flush: a bounded list, sampled by hash as it fills; what is left out is
//! counted. Those that are no evidence take half of it at most.

use std::sync::Mutex;

use seatrial_domain::telemetry::{Assignment, sample};

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
        let all = self.cap.saturating_sub(state.list.len());
        let evidence = assignment.is_evidence();
        let (left, limit) = if evidence {
            (all, self.cap)
        } else {
            let half = self.cap / 2;
            (all.min(half.saturating_sub(state.uncounted)), half)
        };
        let size = |rows| u64::try_from(rows).unwrap_or(u64::MAX);
        if left > 0 && assignment.is_within(sample::level(size(left), size(limit))) {
            state.uncounted += usize::from(!evidence);
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
