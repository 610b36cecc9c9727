//! What a plan will take: the units each gate needs, and the expected time at a request rate.
//! Owns no mathematics: expected counts go through the tests that will decide. Refuses to promise;
//! real counts scatter.

mod need;

pub use need::{Enforced, Need};

use crate::plan::{Check, Gate, GateMode, Plan};
use crate::{Share, plan};
use need::At;
use seatrial_analysis::kpi;
use std::time::Duration;

/// What is expected of the traffic, and of a candidate that equals the incumbent.
#[derive(Debug, Clone, PartialEq)]
pub struct Outlook {
    /// New units a second on the endpoint; without a routing key, requests.
    pub units_per_second: f64,
    /// The rate of failed answers, 0..=1.
    pub error_rate: f64,
    /// The rate of labels that are not the wanted one, 0..=1.
    pub bad_label_rate: f64,
    /// The part of answers above a latency limit, 0..=1.
    pub slow_rate: f64,
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
    /// Units a second must be above 0, rates from 0 to 1.
    #[error("{what} must be {allowed}, not {value}")]
    Outlook { what: &'static str, allowed: &'static str, value: f64 },
    /// The plan holds a value its tests refuse.
    #[error("check {check}: {why}")]
    Check { check: String, why: String },
}

/// Every step that takes time, in order.
#[derive(Debug, Clone, PartialEq)]
pub struct Forecast {
    pub steps: Vec<Step>,
    /// From the shadow to cutover; none: some gate never passes at these rates, or needs what is
    /// unknown.
    pub to_cutover: Option<Duration>,
    /// And the stability window with the standby's.
    pub to_completed: Option<Duration>,
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
    /// The longer of the least time and of what the units take.
    pub expected: Option<Duration>,
}

impl Step {
    /// Why `units` can't be told; none where they are told, or never enough.
    pub fn unknown(&self) -> Option<&'static str> {
        let enforced = self.checks.iter().filter(|need| need.enforced == Enforced::Yes);
        let never = self.units.is_some() || self.checks.iter().any(Need::holds_back_for_ever);
        if never { None } else { enforced.filter_map(|need| need.unknown).next() }
    }

    /// Whether the deadline is expected to come before the pass. Unknown is not late.
    pub fn is_late(&self) -> bool {
        let never = || self.checks.iter().any(Need::holds_back_for_ever);
        self.expected.map_or_else(never, |expected| expected > self.max_duration)
    }
}

/// The forecast of a plan.
///
/// # Errors
/// [`Error::Outlook`]; [`Error::Check`] for a plan that no policy makes.
pub fn forecast(plan: &Plan, outlook: &Outlook) -> Result<Forecast, Error> {
    outlook.check()?;
    let mut steps = Vec::new();
    if plan.kind == plan::Kind::Promote {
        steps.push(shadow(&plan.shadow, outlook));
        for (index, gate) in plan.gates.iter().enumerate() {
            steps.push(gate_step(plan, index, gate, outlook)?);
        }
    }
    let sum = |sum: Duration, step: &Step| Some(sum.saturating_add(step.expected?));
    let to_cutover = steps.iter().try_fold(Duration::ZERO, sum);
    let last = stabilizing(plan);
    let to_completed =
        to_cutover.zip(last.expected).map(|(before, after)| before.saturating_add(after));
    steps.push(last);
    Ok(Forecast { steps, to_cutover, to_completed })
}

impl Outlook {
    fn check(&self) -> Result<(), Error> {
        let Self { units_per_second, error_rate, bad_label_rate, slow_rate, .. } = *self;
        if !(units_per_second > 0.0 && units_per_second.is_finite()) {
            let (what, allowed) = ("units a second", "above 0");
            return Err(Error::Outlook { what, allowed, value: units_per_second });
        }
        let rates = [
            ("the error rate", error_rate),
            ("the rate of bad labels", bad_label_rate),
            ("the part above the latency limit", slow_rate),
        ];
        match rates.into_iter().find(|(_, rate)| !(0.0..=1.0).contains(rate)) {
            Some((what, value)) => Err(Error::Outlook { what, allowed: "from 0 to 1", value }),
            None => Ok(()),
        }
    }

    /// The time until `units` reached the candidate at `share`.
    fn time_for(&self, units: u64, share: Share) -> Duration {
        #[expect(clippy::cast_precision_loss, reason = "units are far below 2^53")]
        let units = units as f64;
        let seconds = units / (self.units_per_second * share.probability());
        Duration::try_from_secs_f64(seconds.ceil()).unwrap_or(Duration::MAX)
    }
}

fn shadow(shadow: &plan::Shadow, outlook: &Outlook) -> Step {
    let time = outlook.time_for(shadow.min_requests, shadow.mirror);
    Step {
        stage: "shadow".to_owned(),
        share: shadow.mirror,
        mode: GateMode::Auto,
        control: Control::Live,
        checks: Vec::new(),
        units: Some(shadow.min_requests),
        min_duration: shadow.min_duration,
        max_duration: shadow.max_duration,
        expected: Some(time.max(shadow.min_duration)),
    }
}

fn gate_step(plan: &Plan, index: usize, gate: &Gate, outlook: &Outlook) -> Result<Step, Error> {
    let alpha = plan.analysis.healthy_alpha;
    let need = |check: &Check| {
        let dry = plan.analysis.dry_run.contains(&check.name) || gate.mode == GateMode::Approval;
        let enforced = if dry { Enforced::No } else { Enforced::Yes };
        Need::of(check, enforced, &At { share: gate.share, alpha, outlook })
    };
    let checks = gate.checks.iter().map(need).collect::<Result<Vec<_>, _>>()?;
    let enforced = || checks.iter().filter(|need| need.enforced == Enforced::Yes);
    let least = if gate.mode == GateMode::Approval { 0 } else { plan.analysis.min_units };
    let units = enforced().try_fold(least, |most, need| Some(most.max(need.units?)));
    let uncounted = uncounted(plan, gate);
    let expected = units.map(|units| {
        let time = outlook.time_for(units, gate.share).saturating_add(uncounted);
        time.max(gate.min_duration)
    });
    Ok(Step {
        stage: if index == 0 { "canary".to_owned() } else { format!("ramp({index})") },
        share: gate.share,
        mode: gate.mode,
        control: Control::Live,
        checks,
        units,
        min_duration: gate.min_duration,
        max_duration: gate.max_duration,
        expected,
    })
}

/// How much longer a gate lasts than its units take to come: the warm-up before, and what is waited
/// for after the last of them.
fn uncounted(plan: &Plan, gate: &Gate) -> Duration {
    let labels = gate.checks.iter().filter_map(|check| check.rule.labels());
    let awaited = labels.map(|labels| plan.analysis.awaits(&labels)).max().unwrap_or_default();
    plan.analysis.discard.saturating_add(awaited.max(plan.analysis.unit_window))
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
        expected: Some(duration),
    }
}

#[cfg(test)]
mod tests;
