//! One gate's counters. A unit is counted when it is routed, and again when it is answered: until
//! then it is unanswered, and stays so if its process dies.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use seatrial_analysis::latency::Edges;
use seatrial_domain::evidence::GateCounts;
use seatrial_domain::split::Arm;

use crate::lane::Outcome;
use crate::sync::lock;

#[derive(Debug)]
pub(crate) struct GateRecord {
    edges: Arc<Edges>,
    counts: Mutex<GateCounts>,
}

impl GateRecord {
    pub(super) fn new(edges: Arc<Edges>) -> Self {
        let mut counts = GateCounts::default();
        counts.latency.candidate = vec![0; edges.buckets()];
        counts.latency.incumbent = vec![0; edges.buckets()];
        Self { edges, counts: Mutex::new(counts) }
    }

    /// One unit was routed to `arm`. Each is counted once more when its outcome is known.
    pub(crate) fn assign(&self, arm: Arm) {
        lock(&self.counts).unanswered.add(arm);
    }

    /// Counts an assigned unit with its first attempt's outcome; an invalid request was no unit.
    pub(crate) fn count(&self, arm: Arm, outcome: Outcome, latency: Duration) {
        let bad = match outcome {
            Outcome::Ok => false,
            Outcome::Error | Outcome::Late => true,
            Outcome::Invalid => return lock(&self.counts).unanswered.take_back(arm),
        };
        let bucket = if bad {
            self.edges.worst_bucket()
        } else {
            self.edges.bucket_of(u64::try_from(latency.as_micros()).unwrap_or(u64::MAX))
        };
        let mut counts = lock(&self.counts);
        let counts = &mut *counts;
        counts.unanswered.take_back(arm);
        counts.units.add(arm);
        let (buckets, cell) = match (arm, bad) {
            (Arm::Candidate, true) => {
                (&mut counts.latency.candidate, &mut counts.errors.candidate_bad)
            }
            (Arm::Candidate, false) => {
                (&mut counts.latency.candidate, &mut counts.errors.candidate_good)
            }
            (Arm::Incumbent, true) => {
                (&mut counts.latency.incumbent, &mut counts.errors.incumbent_bad)
            }
            (Arm::Incumbent, false) => {
                (&mut counts.latency.incumbent, &mut counts.errors.incumbent_good)
            }
        };
        *cell += 1;
        if let Some(count) = buckets.get_mut(bucket) {
            *count += 1;
        }
    }

    pub(super) fn counts(&self) -> GateCounts {
        lock(&self.counts).clone()
    }
}
