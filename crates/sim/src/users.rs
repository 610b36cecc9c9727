//! A fixed crowd of users who come again and again, crossing a whole ramp.
//!
//! Owns who comes when and how each user fares: some fail often and most never, so that their requests
//! say less than as many of strangers. Units are counted by the domain's ledger and judged by its
//! judge, as a gateway and a driver do.

use crate::rng::Rng;
use seatrial_analysis::latency::Edges;
use seatrial_domain::evidence::{ArmCount, Evidence, GateIndex, Labels, Outcome};
use seatrial_domain::judge::{self, Judge};
use seatrial_domain::ledger::{Answer, Arrival, Ledger, Unit};
use seatrial_domain::plan::Plan;
use seatrial_domain::split::{Arm, Domain, Salt};
use seatrial_domain::verdict::Decision;
use std::time::Duration;

#[cfg(test)]
mod tests;

/// Who comes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Crowd {
    pub users: u32,
    pub requests_per_second: u32,
    /// The part of the users whose requests fail often, on either arm.
    pub prone: f64,
    /// Probability that a request of theirs fails.
    pub prone_errors: f64,
    /// Probability that any request fails on the candidate alone.
    pub candidate_errors: f64,
}

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Crossing {
    /// The first gate in which a look found that the candidate must go.
    pub failed_in: Option<GateIndex>,
    /// Units counted in each gate.
    pub units: Vec<ArmCount>,
}

/// The crowd under one plan and salt.
struct Traffic<'a> {
    crowd: Crowd,
    plan: &'a Plan,
    salt: Salt,
    rng: Rng,
    edges: Edges,
    ledger: Ledger,
    now: Duration,
}

/// Every gate of the plan, each for so many seconds and with a look at the end of each second; what the
/// windows still hold at the end is counted as well.
///
/// # Errors
/// The plan makes no tests.
pub fn cross(plan: &Plan, crowd: Crowd, seconds: u32, seed: u64) -> Result<Crossing, judge::Error> {
    let judge = Judge::new(plan)?;
    let mut rng = Rng::new(seed);
    let edges = Edges::default();
    let ledger = Ledger::new(usize::MAX, edges.buckets());
    let salt = Salt(rng.bits());
    let mut traffic = Traffic { crowd, plan, salt, rng, edges, ledger, now: Duration::ZERO };
    let mut failed_in = None;
    for (gate, _) in (0..=u8::MAX).map(GateIndex).zip(&plan.gates) {
        for _ in 0..seconds {
            traffic.second(gate);
            let fails =
                |evidence| matches!(judge.gate(evidence, gate).decision, Decision::Fail { .. });
            if failed_in.is_none() && fails(&traffic.evidence()) {
                failed_in = Some(gate);
            }
        }
    }
    let evidence = traffic.evidence();
    let units = |gate: u8| {
        let mut units = ArmCount::default();
        let strata = evidence.of_gate(GateIndex(gate));
        strata.for_each(|(_, counts)| units.merge(counts.units));
        units
    };
    let gates = u8::try_from(plan.gates.len()).unwrap_or(u8::MAX);
    Ok(Crossing { failed_in, units: (0..gates).map(units).collect() })
}

impl Traffic<'_> {
    /// One second of requests under a gate, answered at once.
    fn second(&mut self, gate: GateIndex) {
        let Some(share) = self.plan.gates.get(usize::from(gate.0)).map(|gate| gate.share) else {
            return;
        };
        for _ in 0..self.crowd.requests_per_second {
            let user = self.rng.bits() % u64::from(self.crowd.users.max(1));
            let key = user.to_le_bytes();
            let arm = self.salt.choose(share, &key);
            let unit = Unit::Keyed(self.salt.hash(Domain::Units, &key));
            let window = self.plan.analysis.unit_window;
            let answer = self.answer(user, arm);
            let arrival = Arrival { gate, share, arm, unit, window, at: self.now };
            if let Some(ticket) = self.ledger.route(arrival, &Labels::new()) {
                self.ledger.answer(ticket, &Labels::new(), answer);
            }
        }
        self.now += Duration::from_secs(1);
        self.ledger.close(self.now);
    }

    fn answer(&mut self, user: u64, arm: Arm) -> Answer {
        // Who is prone is settled by the user alone, and has nothing to do with the draw.
        let is_prone = Rng::new(user).chance(self.crowd.prone);
        let own = if is_prone { self.crowd.prone_errors } else { 0.0 };
        let errors = match arm {
            Arm::Incumbent => own,
            Arm::Candidate => own.max(self.crowd.candidate_errors),
        };
        Answer::Counts(if self.rng.chance(errors) {
            Outcome::bad(&self.edges)
        } else {
            Outcome::good(&self.edges, 1_000)
        })
    }

    fn evidence(&self) -> Evidence {
        Evidence { gates: self.ledger.strata(), ..Evidence::default() }
    }
}
