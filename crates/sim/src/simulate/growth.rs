//! How much of a gate is expected to be counted by a later second: what a look waits for.
//!
//! Owns the time of the next step where units return or have a window: the first second in which as much
//! is expected as is missing, less one standard deviation, so that what comes sooner than expected is
//! looked at in time. What is still missing then is waited for by the next step.

use super::arrivals::{Awaited, float};
use super::run::Run;
use seatrial_domain::evidence::GateIndex;

impl Run<'_> {
    /// When about as much has been counted of the gate as the look waits for, but `to` at the latest.
    pub(super) fn about(&self, gate: GateIndex, (from, to): (u64, u64), awaited: Awaited) -> u64 {
        let missing = float(awaited.requests.max(1));
        let aim = (missing - missing.sqrt()).max(0.5 * missing);
        let (mut before, mut at) = (from, to.max(from + 1));
        if self.growth(gate, (from, at)) < aim {
            // Too little is to come: time alone changes something.
            return at;
        }
        while at - before > 1 {
            let middle = before + (at - before) / 2;
            if self.growth(gate, (from, middle)) < aim { before = middle } else { at = middle }
        }
        at.max(awaited.not_before).clamp(from + 1, to.max(from + 1))
    }

    /// What is expected to be counted of the gate between two seconds: units when their window is over,
    /// first labels as they come, and again where they are due at once. Labels that are waited for count
    /// at the second in which they fall due, beyond which no step goes.
    fn growth(&self, gate: GateIndex, (from, to): (u64, u64)) -> f64 {
        let (from, to) = (float(from), float(to));
        let new = |until: f64| if until > from { self.first(from, until) } else { 0.0 };
        let arrived = |from: f64, to: f64| self.simulation.arrived(from, to);
        let open = self.open.expected(gate, to, &arrived);
        open + new(to - self.open.window()) + self.labels_at_once(gate) * new(to)
    }

    /// How often a unit's first labels count as it comes: each itself, and again where it is due at once.
    pub(super) fn labels_at_once(&self, gate: GateIndex) -> f64 {
        let simulation = self.simulation;
        let each =
            |awaited: Option<u64>| simulation.labelled + f64::from(u8::from(awaited == Some(0)));
        let first = simulation.metrics.iter().filter(|metric| metric.per_unit.is_first());
        first.map(|metric| each(metric.awaited(gate))).sum()
    }

    /// Units expected to come for the first time between two instants, of those who have not come yet.
    pub(super) fn first(&self, from: f64, to: f64) -> f64 {
        let requests = self.simulation.arrivals.expected_between(from, to);
        match &self.crowd {
            Some(crowd) => crowd.expected_first(self.under.share, requests),
            None => requests,
        }
    }
}
