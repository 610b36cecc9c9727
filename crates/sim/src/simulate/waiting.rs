//! Units whose labels are waited for.
//!
//! Owns when they fall due: those of one step together, so long after its end as the plan awaits them.

use super::arrivals::float;
use super::labels::Joined;
use seatrial_domain::evidence::{ArmCount, GateStratum};
use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

/// What will be due, of one step.
#[derive(Debug)]
pub(super) struct Due {
    pub(super) at: u64,
    pub(super) units: ArmCount,
    pub(super) joined: Joined,
    /// Between which seconds the units came.
    pub(super) came: (u64, u64),
    /// No request from then on is one of theirs: their gate was left.
    pub(super) until: Option<u64>,
}

impl Due {
    /// From when, about, to when later requests are one of these units', whose windows last so long.
    pub(super) fn window(&self, lasts: Duration) -> (f64, f64) {
        let came = 0.5 * (float(self.came.0) + float(self.came.1));
        let ends = came + lasts.as_secs_f64();
        (came, self.until.map_or(ends, |left| ends.min(float(left)).max(came)))
    }
}

/// Of which metric, stratum and part of the traffic.
pub(super) type Of = (usize, GateStratum, usize);

/// The labels that are waited for, earliest first.
#[derive(Debug, Default)]
pub(super) struct Waiting(BTreeMap<Of, VecDeque<Due>>);

impl Waiting {
    /// Notes what a step brought.
    pub(super) fn push(&mut self, of: Of, due: Due) {
        self.0.entry(of).or_default().push_back(due);
    }

    /// A gate is left: later requests of those who came by then are the next gate's.
    pub(super) fn leave(&mut self, now: u64) {
        for due in self.0.values_mut().flatten() {
            due.until.get_or_insert(now);
        }
    }

    /// Takes what is due.
    pub(super) fn due(&mut self, now: u64) -> Vec<(Of, Due)> {
        let mut all = Vec::new();
        for (of, queue) in &mut self.0 {
            while let Some(due) = queue.pop_front_if(|due| due.at <= now) {
                all.push((*of, due));
            }
        }
        all
    }

    /// When the next labels fall due.
    pub(super) fn next(&self) -> Option<u64> {
        self.0.values().filter_map(|queue| queue.front()).map(|due| due.at).min()
    }
}
