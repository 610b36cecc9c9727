//! Whether guardrails trip on a candidate that equals the incumbent.
//!
//! Owns a bound from above on how often: the one by which whole rollouts are played, over the longest
//! they may take.

use crate::simulate::Simulation;
use crate::simulate::arrivals::float;
use crate::simulate::rails::{self, Moment};
use seatrial_domain::Share;
use seatrial_domain::plan::Plan;
use std::time::Duration;

/// Rollouts are told to trip none where fewer of them do than this part.
const HARDLY: f64 = 1e-3;

/// What guardrails do to such rollouts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trips {
    /// Fewer than one rollout in a thousand trips one.
    Hardly,
    /// That many may.
    Possible,
}

impl Trips {
    pub(super) fn of(plan: &Plan, simulation: &Simulation) -> Self {
        let memory = rails::memory(&plan.guardrails);
        let last = plan.stability.duration.max(plan.standby.keep);
        let last = (plan.stability.holdback.complement(), last);
        let gates = plan.gates.iter().map(|gate| (gate.share, gate.max_duration));
        let (failed, late) = simulation.chances(None);
        let expected = |(share, lasts): (Share, Duration)| {
            let arrivals = simulation.arrivals.part(share.probability());
            // A window that is not full yet holds fewer answers, and trips more easily.
            let begun = memory.min(lasts.as_secs());
            let of = |age: u64, seconds: u64| {
                let moment = Moment { failed, late, rate: arrivals.least(), age };
                rails::trip(&plan.guardrails, &moment) * arrivals.least() * float(seconds)
            };
            of(0, begun) + of(memory, lasts.as_secs() - begun)
        };
        let all: f64 = gates.chain([last]).map(expected).sum();
        if all < HARDLY { Self::Hardly } else { Self::Possible }
    }
}
