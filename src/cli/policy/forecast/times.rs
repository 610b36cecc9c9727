//! How long each step is expected to take, by simulated rollouts of an equal candidate, and what of the
//! policy these times leave out.

use super::{human_span, told};
use crate::cli::exit::usage;
use crate::cli::progress::{Progress, Tell};
use crate::cli::simulate;
use crate::tasks;
use seatrial_domain::Timestamp;
use seatrial_domain::plan::{Plan, Rule};
use seatrial_domain::policy::forecast::{Enforced, Step};
use seatrial_sim::simulate::Error;
use seatrial_sim::simulate::detectable::Endpoint;
use seatrial_sim::simulate::load::{SPAN_MAX, Slice};
use seatrial_sim::simulate::passing::{Around, Judged, Passing, Times, Trips, When};
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;
use std::time::Duration;

/// Rollouts that are played.
const RUNS: u64 = 100;
/// What the times rest on, in words.
const BASIS: &str =
    "times: median (10 % to 90 %) of 100 simulated rollouts of a candidate like the incumbent";
/// The same policy has the same times.
const SEED: u64 = 1;
/// Where a time depends on a spread that nobody gives.
const SPREAD: &str = "a ratio of quantiles depends on how the latencies are spread: give --latency";

/// What is told of one step's time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Time {
    /// With the part of the rollouts that are in time.
    At(When, f64),
    /// Always the same.
    Fixed(Duration),
    /// One of its checks never lets it pass.
    Never,
    /// Why it can't be told.
    Unknown(&'static str),
}

/// By step.
#[derive(Debug)]
pub(super) struct Expected {
    steps: Vec<(String, Time)>,
    pub(super) to_cutover: Time,
    pub(super) to_completed: Time,
    /// What the times rest on, and what they leave out.
    pub(super) notes: Vec<String>,
}

/// What is known besides of the rollouts that are played.
#[derive(Debug, Default)]
pub(super) struct Known {
    pub(super) start: Option<Timestamp>,
    pub(super) slices: Vec<Slice>,
}

impl Expected {
    pub(super) fn of(
        plan: &Plan,
        steps: &[Step],
        (endpoint, known): (&Endpoint, Known),
        tell: Tell<'_>,
    ) -> anyhow::Result<Self> {
        let untold: Vec<Option<Time>> =
            gates(steps).map(|step| untold(plan, step, endpoint)).collect();
        let judged: Vec<Judged> = untold
            .iter()
            .map(|time| if time.is_none() { Judged::Yes } else { Judged::No })
            .collect();
        let refused = |error: Error| match error {
            Error::Load(error) => usage(simulate::named(&error)),
            Error::Values { .. } => usage(format!("--kpi: {error}")),
            Error::Unknown(_) => usage(format!("--slice: {error}")),
            Error::Judge(_)
            | Error::Span
            | Error::Deadline
            | Error::NotPlayed { .. }
            | Error::Broken(_) => usage(error.to_string()),
        };
        let mut notes = vec![BASIS.to_owned()];
        notes.extend(reasons(&untold));
        notes.extend(freezes(plan, known.start));
        notes.extend(slices(plan, &known.slices));
        let Known { start, slices } = known;
        let around = Around { judged: &judged, start, slices, seed: SEED };
        let passing = Passing::new(plan, endpoint, around).map_err(refused)?;
        notes.extend(guardrails(plan, passing.trips()));
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        let progress = Progress::begin("simulated rollouts", RUNS, tell);
        let runs = tasks::in_parallel(cores, RUNS, |index| {
            let run = passing.run(index);
            progress.step();
            run
        });
        let runs = runs.into_iter().collect::<Result<Vec<_>, _>>()?;
        Ok(Self { notes, ..Self::told(steps, &untold, &passing.times(&runs)) })
    }

    /// The shadow's time and each gate's are simulated, unless something else is to be said of one.
    fn told(steps: &[Step], untold: &[Option<Time>], times: &Times) -> Self {
        let stays = times.stages.iter().map(|stay| {
            let nobody = Time::Unknown("no simulated rollout came to it in 90 days");
            let in_time = stay.in_time.map(|part| part.probability);
            (stay.stage.clone(), in_time.map_or(nobody, |part| Time::At(stay.time, part)))
        });
        let instead = std::iter::once(None).chain(untold.iter().copied());
        let mut by_step: Vec<(String, Time)> = stays
            .zip(instead)
            .map(|((stage, time), instead)| (stage, instead.unwrap_or(time)))
            .collect();
        let last = steps.last().map_or(Duration::ZERO, |step| step.min_duration);
        let worst = |time: &Time| match time {
            Time::Never => 2,
            Time::Unknown(_) => 1,
            Time::At(_, _) | Time::Fixed(_) => 0,
        };
        let first = untold.iter().flatten().max_by_key(|time| worst(time)).copied();
        let to_cutover = first.unwrap_or(Time::At(times.to_cutover, 1.0));
        let to_completed = first.unwrap_or(Time::At(times.to_cutover.after(last), 1.0));
        by_step.extend(steps.last().map(|step| (step.stage.clone(), Time::Fixed(last))));
        Self { steps: by_step, to_cutover, to_completed, notes: Vec::new() }
    }

    pub(super) fn step(&self, stage: &str) -> Time {
        let of = self.steps.iter().find(|(known, _)| known == stage);
        of.map_or(Time::Unknown("no such step"), |(_, time)| *time)
    }
}

/// The steps that a rollout passes by a verdict on live traffic.
fn gates(steps: &[Step]) -> impl Iterator<Item = &Step> {
    steps.iter().filter(|step| step.stage != "shadow" && step.stage != "stabilizing")
}

/// What is to be said of a gate instead of a time.
fn untold(plan: &Plan, step: &Step, endpoint: &Endpoint) -> Option<Time> {
    if step.never_passes() {
        return Some(Time::Never);
    }
    let ratio = |name: &str| {
        let of = plan.checks().find(|check| check.name == name);
        of.is_some_and(|check| matches!(check.rule, Rule::Latency { ratio: Some(_), .. }))
    };
    // With a limit too, the need is known from above without the spread; the time is not.
    let mut enforced = step.checks.iter().filter(|need| need.enforced == Enforced::Yes);
    let spread = endpoint.latency.is_none() && enforced.any(|need| ratio(&need.check));
    step.unknown().or(spread.then_some(SPREAD)).map(Time::Unknown)
}

impl Time {
    /// Whether the deadline comes before most passes.
    pub(super) fn is_late(self) -> bool {
        match self {
            Self::At(_, in_time) => in_time < 0.5,
            Self::Never => true,
            Self::Fixed(_) | Self::Unknown(_) => false,
        }
    }

    /// The median, and in brackets the tenth and nine tenths.
    pub(super) fn text(self) -> String {
        let longest = || format!("over {}", human_span(SPAN_MAX));
        let span = |time: Option<u64>| {
            time.map_or_else(longest, |time| human_span(Duration::from_secs(time)))
        };
        match self {
            Self::At(When { p10, median, p90 }, _) => {
                let (low, middle, high) = (span(p10), span(median), span(p90));
                if low == high { middle } else { format!("{middle} ({low} to {high})") }
            }
            Self::Fixed(time) => human_span(time),
            Self::Never => told(None, None),
            Self::Unknown(why) => told(None, Some(why)),
        }
    }

    /// The same in seconds, under these names and with `_p10` and `_p90` behind them.
    pub(super) fn json(self, name: &str) -> Map<String, Value> {
        let [p10, median, p90] = match self {
            Self::At(When { p10, median, p90 }, _) => [p10, median, p90],
            Self::Fixed(time) => [Some(time.as_secs()); 3],
            Self::Never | Self::Unknown(_) => [None; 3],
        };
        let named = [(format!("{name}_s"), median), (format!("{name}_s_p10"), p10)];
        let named = named.into_iter().chain([(format!("{name}_s_p90"), p90)]);
        named.map(|(name, time)| (name, json!(time))).collect()
    }

    /// Why it can't be told.
    pub(super) fn unknown(self) -> Option<&'static str> {
        match self {
            Self::Unknown(why) => Some(why),
            Self::At(_, _) | Self::Fixed(_) | Self::Never => None,
        }
    }

    /// The part of the rollouts that leave the step before its deadline.
    pub(super) fn in_time(self) -> Option<f64> {
        match self {
            Self::At(_, in_time) => Some(in_time),
            Self::Fixed(_) | Self::Never | Self::Unknown(_) => None,
        }
    }
}

/// Why times can't be told, each reason once.
fn reasons(untold: &[Option<Time>]) -> BTreeSet<String> {
    let why = untold.iter().flatten().filter_map(|time| time.unknown());
    why.map(|why| format!("unknown: {why}")).collect()
}

/// Whether freezes are in the times; none where there are none.
fn freezes(plan: &Plan, start: Option<Timestamp>) -> Option<String> {
    let told = match start {
        Some(start) => format!("in the times, of a rollout that starts at {start}"),
        None => "left out of the times; give --start to have them in".to_owned(),
    };
    (!plan.windows.is_empty()).then(|| format!("freezes: {told}"))
}

/// Whether slices that enforce are in the times; none where there are none.
fn slices(plan: &Plan, given: &[Slice]) -> Option<String> {
    let enforcing = plan.analysis.slices.iter().filter(|slice| slice.weight.is_some());
    let enforcing = enforcing.map(|slice| plan.analysis.column(&slice.key));
    let (known, left): (Vec<String>, Vec<String>) =
        enforcing.partition(|column| given.iter().any(|slice| slice.column == *column));
    let left = (!left.is_empty()).then(|| {
        format!("{} left out of the times; give --slice to have them in", left.join(", "))
    });
    let known = (!known.is_empty()).then(|| {
        format!("{} in the times; units needed are those of all traffic", known.join(", "))
    });
    let told: Vec<String> = known.into_iter().chain(left).collect();
    (!told.is_empty()).then(|| format!("slices: {}", told.join("; ")))
}

/// What guardrails would do; none where there are none.
fn guardrails(plan: &Plan, trips: Trips) -> Option<String> {
    let told = match trips {
        Trips::Hardly => "fewer than one rollout in a thousand trips one at these rates",
        Trips::Possible => {
            "may trip at these rates; the times leave that out, `simulate` tells how often"
        }
    };
    (!plan.guardrails.is_empty()).then(|| format!("guardrails: {told}"))
}
