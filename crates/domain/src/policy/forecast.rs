//! The units each gate of a plan needs.
//! Owns no mathematics: expected counts go through the tests that will decide. Refuses times: real counts
//! scatter, and whoever asks how long a gate takes plays it (crate `sim`).

mod need;
mod quantile;

pub use need::{Enforced, Need};

use crate::plan::{Check, Gate, GateMode, Plan};
use crate::{Share, judge, plan};
use need::At;
use seatrial_analysis::{Pi, kpi};
use std::time::Duration;

/// What is expected of the traffic, and of a candidate that equals the incumbent.
#[derive(Debug, Clone, PartialEq)]
pub struct Outlook {
    /// The rate of failed answers, 0..=1.
    pub error_rate: f64,
    /// The rate of labels that are not the wanted one, 0..=1.
    pub bad_label_rate: f64,
    /// The part of good answers above a latency limit, 0..=1.
    pub slow_rate: f64,
    /// The part of good answers in each of the standard latency buckets, as far as it is known.
    pub latency: Option<Vec<f64>>,
    /// The values of metrics of kind KPI, as far as they are known.
    pub values: Vec<Values>,
}

/// The values of one metric, in its unit.
#[derive(Debug, Clone, PartialEq)]
pub struct Values {
    pub metric: String,
    /// What they are counted by.
    pub reference: kpi::Reference,
    /// Their mean and standard deviation within the reference's range.
    pub mean: f64,
    pub deviation: f64,
}

/// An outlook or a plan that gives no forecast.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Error {
    /// Rates must be from 0 to 1.
    #[error("{what} must be from 0 to 1, not {value}")]
    Outlook { what: &'static str, value: f64 },
    /// The plan holds a value its tests refuse.
    #[error("check {check}: {why}")]
    Check { check: String, why: String },
}

/// Whether the incumbent answers beside the candidate, so that checks compare new units.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Control {
    Live,
    /// Only guardrails act on new requests, and fails on labels that still join earlier units.
    None,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    /// `shadow`, `canary`, `ramp(1)`, …, `stabilizing`.
    pub stage: String,
    /// The share of units that reach the candidate; in the shadow, of requests that are mirrored.
    pub share: Share,
    pub mode: GateMode,
    pub control: Control,
    /// The candidate units each check needs.
    pub checks: Vec<Need>,
    /// The candidate units the step needs; none: it never passes at these rates, or they are
    /// unknown, as one of its checks then says.
    pub units: Option<u64>,
    /// The least time; the longest.
    pub min_duration: Duration,
    pub max_duration: Duration,
}

impl Step {
    /// Why `units` can't be told; none where they are told, or never enough.
    pub fn unknown(&self) -> Option<&'static str> {
        let enforced = self.checks.iter().filter(|need| need.enforced == Enforced::Yes);
        if self.units.is_some() || self.never_passes() {
            None
        } else {
            enforced.filter_map(|need| need.unknown).next()
        }
    }

    /// Whether one of its checks keeps it from passing at these rates, however long it waits.
    pub fn never_passes(&self) -> bool {
        self.checks.iter().any(Need::holds_back_for_ever)
    }
}

/// Every step of a plan that takes time, in order. Units are new ones: of those who come again in a later
/// gate fewer do.
///
/// # Errors
/// [`Error::Outlook`]; [`Error::Check`] for a plan that no policy makes.
pub fn forecast(plan: &Plan, outlook: &Outlook) -> Result<Vec<Step>, Error> {
    outlook.check()?;
    let mut steps = Vec::new();
    if plan.kind == plan::Kind::Promote {
        steps.push(shadow(&plan.shadow));
        let chances = judge::chances(plan);
        for (index, (gate, chances)) in plan.gates.iter().zip(&chances).enumerate() {
            steps.push(gate_step(plan, index, (gate, chances), outlook)?);
        }
    }
    steps.push(stabilizing(plan));
    Ok(steps)
}

impl Outlook {
    fn check(&self) -> Result<(), Error> {
        let Self { error_rate, bad_label_rate, slow_rate, .. } = *self;
        let rates = [
            ("the error rate", error_rate),
            ("the rate of bad labels", bad_label_rate),
            ("the part above the latency limit", slow_rate),
        ];
        match rates.into_iter().find(|(_, rate)| !(0.0..=1.0).contains(rate)) {
            Some((what, value)) => Err(Error::Outlook { what, value }),
            None => Ok(()),
        }
    }
}

/// The part of all answers that count as above a latency limit: what fails is in the worst bucket
/// (STATISTICS.md §3).
pub fn over_limit(error_rate: f64, slow_rate: f64) -> f64 {
    error_rate + (1.0 - error_rate) * slow_rate
}

fn shadow(shadow: &plan::Shadow) -> Step {
    Step {
        stage: "shadow".to_owned(),
        share: shadow.mirror,
        mode: GateMode::Auto,
        control: Control::Live,
        checks: Vec::new(),
        units: Some(shadow.min_requests),
        min_duration: shadow.min_duration,
        max_duration: shadow.max_duration,
    }
}

fn gate_step(
    plan: &Plan,
    index: usize,
    (gate, chances): (&Gate, &[Pi]),
    outlook: &Outlook,
) -> Result<Step, Error> {
    let alpha = plan.analysis.healthy_alpha;
    let need = |check: &Check| {
        let dry = plan.analysis.dry_run.contains(&check.name) || gate.mode == GateMode::Approval;
        let enforced = if dry { Enforced::No } else { Enforced::Yes };
        Need::of(check, enforced, &At { share: gate.share, chances, alpha, outlook })
    };
    let checks = gate.checks.iter().map(need).collect::<Result<Vec<_>, _>>()?;
    let enforced = || checks.iter().filter(|need| need.enforced == Enforced::Yes);
    let least = if gate.mode == GateMode::Approval { 0 } else { plan.analysis.min_units };
    let units = enforced().try_fold(least, |most, need| Some(most.max(need.units?)));
    Ok(Step {
        stage: if index == 0 { "canary".to_owned() } else { format!("ramp({index})") },
        share: gate.share,
        mode: gate.mode,
        control: Control::Live,
        checks,
        units,
        min_duration: gate.min_duration,
        max_duration: gate.max_duration,
    })
}

fn stabilizing(plan: &Plan) -> Step {
    let duration = plan.stability.duration.max(plan.standby.keep);
    let held_back = plan.stability.holdback > Share::ZERO;
    let control = if held_back { Control::Live } else { Control::None };
    Step {
        stage: "stabilizing".to_owned(),
        share: plan.stability.holdback.complement(),
        mode: GateMode::Auto,
        control,
        checks: Vec::new(),
        units: Some(0),
        min_duration: duration,
        max_duration: duration,
    }
}

#[cfg(test)]
mod tests;
