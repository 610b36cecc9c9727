//! How long each gate takes to pass, where the candidate equals the incumbent.
//!
//! Owns the plan that is played for it: deadlines are put off, so that how late a gate comes is told
//! too; no guardrail trips, and as many units have a label as the checks put up with. Freezes are the
//! plan's own where it is known when the rollout starts, and a slice's where its part of the traffic is.
//! Everything else is the plan's own, played by the same rollout, looks and judge. A gate that can't be
//! judged on what is assumed is passed in its least time, and nothing is told of it. Rollouts that the
//! statistics send back by mistake are left out: they tell nothing of how long a pass takes.

mod times;
mod trips;

use super::detectable::Endpoint;
use super::ended::Ended;
use super::load::{self, Answers, Load, Rhythm, Slice};
use super::{Detail, Error, Mode, Setup, Simulation};
use crate::distribution::Law;
use seatrial_domain::plan::{Check, Gate, GateMode, Plan, Rule};
use seatrial_domain::{Share, Timestamp};
use std::time::Duration;
pub use times::{Stay, Times, When};
pub use trips::Trips;

/// The least an endpoint waits for an answer here; longer where a limit of latency is.
const DEADLINE: Duration = Duration::from_secs(1);
/// A latency far within any limit, in microseconds.
const QUICK: f64 = 1_000.0;
/// Any instant, where nothing follows the calendar.
const START: Timestamp = Timestamp::from_micros(0);

/// Whether a gate can be judged on what is assumed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Judged {
    Yes,
    /// It is passed over.
    No,
}

/// What is known besides of the rollouts.
#[derive(Debug, Clone, PartialEq)]
pub struct Around<'a> {
    /// Of each gate in turn; of one that this does not speak of, no.
    pub judged: &'a [Judged],
    /// When they start; none: nothing freezes.
    pub start: Option<Timestamp>,
    /// The parts of the traffic that have a slice's values. A slice that none of them is of is not
    /// judged.
    pub slices: Vec<Slice>,
    pub seed: u64,
}

/// The rollouts that tell it.
#[derive(Debug)]
pub struct Passing {
    simulation: Simulation,
    trips: Trips,
    /// The shadow's deadline and each gate's, by stage.
    deadlines: Vec<(String, Duration)>,
}

impl Passing {
    /// Of this plan, at an endpoint.
    ///
    /// # Errors
    /// All but [`Error::Broken`].
    pub fn new(plan: &Plan, endpoint: &Endpoint, around: Around<'_>) -> Result<Self, Error> {
        let gates = plan.gates.iter().enumerate().map(|(index, gate)| {
            let stage = if index == 0 { "canary".to_owned() } else { format!("ramp({index})") };
            (stage, gate.max_duration)
        });
        let shadow = ("shadow".to_owned(), plan.shadow.max_duration);
        let deadlines = [shadow].into_iter().chain(gates).collect();
        let limit = limits(plan).max().unwrap_or_default();
        let undisturbed = undisturbed(plan, &around);
        let Around { start, slices, seed, .. } = around;
        let mut load = Load { slices, ..load(plan, endpoint) };
        // Of a gate that is passed over nothing is counted.
        load.values.retain(|of| asks_for(&undisturbed, &of.metric) || !asks_for(plan, &of.metric));
        let deadline = DEADLINE.max(limit.saturating_mul(4)).min(load::DEADLINE_MAX);
        let (span, mode) = (load::SPAN_MAX, Mode::Aggregated);
        let start = start.unwrap_or(START);
        let setup = Setup { plan: undisturbed, load, deadline, start, span, seed, mode };
        let simulation = Simulation::new(setup)?;
        let trips = Trips::of(plan, &simulation);
        Ok(Self { simulation, trips, deadlines })
    }

    /// Whether the plan's guardrails, which are not played, would trip.
    pub const fn trips(&self) -> Trips {
        self.trips
    }

    /// One rollout: a function of the seed and `index`.
    ///
    /// # Errors
    /// [`Error::Broken`].
    pub fn run(&self, index: u64) -> Result<Ended, Error> {
        self.simulation.run(index, Detail::Outcome)
    }

    /// What so many rollouts tell.
    pub fn times(&self, runs: &[Ended]) -> Times {
        Times::of(&self.deadlines, runs)
    }
}

/// Whether a check asks for this metric's values.
fn asks_for(plan: &Plan, metric: &str) -> bool {
    plan.checks().any(|check| matches!(&check.rule, Rule::Kpi { metric: of, .. } if of == metric))
}

/// The limits of latency.
fn limits(plan: &Plan) -> impl Iterator<Item = Duration> {
    plan.checks().filter_map(|check| match check.rule {
        Rule::Latency { limit_ms, .. } => limit_ms.map(Duration::from_millis),
        Rule::Errors { .. } | Rule::Feedback { .. } | Rule::Kpi { .. } | Rule::Drift { .. } => None,
    })
}

/// The plan, with all that an equal candidate's gates do not depend on out of the way.
fn undisturbed(plan: &Plan, around: &Around<'_>) -> Plan {
    let mut plan = plan.clone();
    if around.start.is_none() {
        plan.windows.clear();
    }
    plan.guardrails.clear();
    let known = |column: &str| around.slices.iter().any(|slice| slice.column == column);
    let columns = plan.analysis.clone();
    plan.analysis.slices.retain(|slice| known(&columns.column(&slice.key)));
    plan.shadow.max_duration = load::SPAN_MAX;
    let judged = around.judged.iter().copied().chain(std::iter::repeat(Judged::No));
    for (gate, judged) in plan.gates.iter_mut().zip(judged) {
        gate.max_duration = load::SPAN_MAX;
        gate.checks.iter_mut().for_each(without_least_coverage);
        match judged {
            Judged::Yes => {}
            Judged::No => *gate = passed_over(gate),
        }
    }
    // Cutover is where it ends.
    let second = Duration::from_secs(1);
    plan.stability.checks.clear();
    (plan.stability.duration, plan.stability.holdback) = (second, Share::ZERO);
    plan.standby.keep = second;
    plan
}

fn passed_over(gate: &Gate) -> Gate {
    Gate { checks: Vec::new(), mode: GateMode::Approval, ..gate.clone() }
}

/// As many units have a label as it asks for, and no gate waits for more.
fn without_least_coverage(check: &mut Check) {
    match &mut check.rule {
        Rule::Feedback { min_coverage, .. } | Rule::Kpi { min_coverage, .. } => *min_coverage = 0.0,
        Rule::Errors { .. } | Rule::Latency { .. } | Rule::Drift { .. } => {}
    }
}

/// What is assumed of both versions' answers, over all traffic.
pub fn answers(plan: &Plan, endpoint: &Endpoint) -> Answers {
    Answers {
        error_rate: endpoint.error_rate,
        latency: endpoint.latency.clone().unwrap_or_else(|| around(plan, endpoint.slow_rate)),
        wanted: 1.0 - endpoint.bad_label_rate,
    }
}

fn load(plan: &Plan, endpoint: &Endpoint) -> Load {
    let answers = answers(plan, endpoint);
    let parts = plan.checks().filter_map(|check| check.rule.labels()).map(|it| it.min_coverage);
    let values = |(metric, law): &(String, Law)| load::Values {
        metric: metric.clone(),
        incumbent: law.clone(),
        candidate: law.clone(),
    };
    Load {
        rate: endpoint.rate,
        rhythm: Rhythm::Constant,
        users: None,
        candidate: answers.clone(),
        incumbent: answers,
        disagreement: 0.0,
        labelled: parts.filter(|part| *part > 0.0).fold(1.0, f64::min),
        incidents: Vec::new(),
        values: endpoint.values.iter().map(values).collect(),
        classes: Vec::new(),
        slices: Vec::new(),
    }
}

/// So large a part of the answers over every limit, and the others far within.
fn around(plan: &Plan, slow_rate: f64) -> Law {
    let quick = Law::Constant(QUICK);
    match limits(plan).max() {
        Some(limit) if slow_rate > 0.0 => {
            let slow = Law::Constant(2.0 * limit.as_secs_f64() * 1e6);
            Law::Mixture(vec![(1.0 - slow_rate, quick), (slow_rate, slow)])
        }
        Some(_) | None => quick,
    }
}

#[cfg(test)]
mod tests;
