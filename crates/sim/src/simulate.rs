//! Rollouts of one plan under assumed traffic, in virtual time: what a policy does before a user is
//! exposed.
//!
//! Owns a world in which the real rollout, the real looks and the real judge meet traffic that is
//! counted in steps. Each run is a function of its seed and its number alone, so runs can be played in
//! any order and on any number of threads. Refuses what it cannot play: a plan whose checks it has no
//! traffic for.

pub mod detectable;
pub mod ended;
pub mod load;
pub mod summary;

mod ahead;
mod arrivals;
mod counting;
mod labels;
mod live;
mod outcomes;
mod population;
mod rails;
mod run;
mod single;
mod why;

#[cfg(test)]
mod tests;

use crate::laws::Broken;
use ahead::Calendar;
use arrivals::Arrivals;
use counting::Arms;
use ended::Ended;
use labels::Metric;
use load::{Answers, Load};
use outcomes::{Outcomes, Scale};
use run::Run;
use seatrial_analysis::latency::Edges;
use seatrial_domain::endpoint::Settings;
use seatrial_domain::evidence::{CompareCount, Evidence, PairCount, ShadowCounts};
use seatrial_domain::judge::{self, Judge};
use seatrial_domain::plan::{Check, KeySource, Plan, Rule};
use seatrial_domain::{ModelName, Timestamp};
use std::time::Duration;
use summary::Truth;

/// How traffic is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// In steps, request by request only where a guardrail could trip.
    Aggregated,
    /// Second by second and request by request: the law that steps must have, and far slower.
    Requests,
}

/// What is kept of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Detail {
    /// How it ended.
    Outcome,
    /// Each look as well.
    Looks,
}

/// A simulation that cannot be made, or a run that broke a law.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// An assumption out of range.
    #[error(transparent)]
    Load(#[from] load::Error),
    /// The plan makes no tests.
    #[error(transparent)]
    Judge(#[from] judge::Error),
    /// The span of a rollout.
    #[error("the span must be from 1s to {} days", load::SPAN_MAX.as_secs() / 86_400)]
    Span,
    /// What nobody says how to draw.
    #[error(
        "{0} can't be simulated: nothing tells how its values are spread; leave it out, or put a check into analysis.dryRun"
    )]
    NotPlayed(String),
    /// A law did not hold: a fault of this program.
    #[error(transparent)]
    Broken(#[from] Broken),
}

/// What is played, as it is given.
#[derive(Debug, Clone)]
pub struct Setup {
    /// The plan, as a policy makes it.
    pub plan: Plan,
    /// The traffic.
    pub load: Load,
    /// The endpoint's deadline of an answer.
    pub deadline: Duration,
    /// When the rollout starts: freeze windows follow the calendar.
    pub start: Timestamp,
    /// A rollout that is not over after this span is told as running.
    pub span: Duration,
    /// The seed of all runs.
    pub seed: u64,
    /// How traffic is drawn.
    pub mode: Mode,
}

/// A simulation, prepared: every run draws from the same tables.
#[derive(Debug)]
pub struct Simulation {
    plan: Plan,
    settings: Settings,
    seed: u64,
    mode: Mode,
    calendar: Calendar,
    horizon: u64,
    arrivals: Arrivals,
    users: Option<u64>,
    arms: Arms,
    scale: Scale,
    metrics: Vec<Metric>,
    disagreement: f64,
    incidents: Vec<(u64, u64, f64)>,
    /// The seconds in which the traffic, or what the guardrails remember of it, changes.
    edges: Vec<u64>,
    /// How far the guardrails look back.
    memory: u64,
    truth: Truth,
}

impl Simulation {
    /// Checks and prepares.
    ///
    /// # Errors
    /// [`Error::Load`], [`Error::Span`], [`Error::NotPlayed`], [`Error::Judge`].
    pub fn new(setup: Setup) -> Result<Self, Error> {
        let Setup { plan, load, deadline, start, span, seed, mode } = setup;
        let load = load.checked()?;
        let horizon = span.as_secs();
        if horizon == 0 || span > load::SPAN_MAX {
            return Err(Error::Span);
        }
        if let Some(what) = not_played(&plan) {
            return Err(Error::NotPlayed(what));
        }
        let scale = scale(&plan, deadline)?;
        let memory = rails::memory(&plan.guardrails);
        let incidents: Vec<_> = load.incidents.iter().map(seconds).collect();
        #[expect(clippy::cast_precision_loss, reason = "a limit in microseconds")]
        let limit = scale.limit.map(|limit| limit as f64);
        Ok(Self {
            settings: settings(&plan, deadline),
            seed,
            mode,
            calendar: Calendar(start),
            horizon,
            arrivals: Arrivals::new(load.rate, load.rhythm),
            // Without a key nobody knows whose request it is: each is a unit.
            users: load.users.filter(|_| !plan.routing.key.is_empty()),
            arms: arms(&scale, &load),
            scale,
            metrics: labels::metrics(&plan),
            disagreement: load.disagreement,
            edges: edges(&incidents, memory),
            incidents,
            memory,
            truth: if load.is_harmless(limit) { Truth::Harmless } else { Truth::Worse },
            plan,
        })
    }

    /// One run: a function of the seed and `index`.
    ///
    /// # Errors
    /// [`Error::Broken`].
    pub fn run(&self, index: u64, detail: Detail) -> Result<Ended, Error> {
        Run::new(self, index, detail).play()
    }

    /// The evidence a run ends with, for those who measure looks.
    ///
    /// # Errors
    /// [`Error::Broken`].
    pub fn evidence(&self, index: u64) -> Result<Evidence, Error> {
        Run::new(self, index, Detail::Outcome).evidence()
    }

    /// The plan that is played.
    pub const fn plan(&self) -> &Plan {
        &self.plan
    }

    /// The longest a run may take, in seconds.
    pub const fn horizon(&self) -> u64 {
        self.horizon
    }

    /// Whether the candidate is no worse in anything assumed: then every way back is a false one.
    pub const fn truth(&self) -> Truth {
        self.truth
    }

    /// The error rate that an incident puts on both versions in the second after `second`.
    fn incident(&self, second: u64) -> Option<f64> {
        let during = self.incidents.iter().filter(|(from, to, _)| (*from..*to).contains(&second));
        during.map(|(_, _, rate)| *rate).max_by(f64::total_cmp)
    }

    /// Counts copies of which some disagree, by every rule and in every slice; the incumbent agrees
    /// with itself.
    fn compare(&self, copies: u64, disagree: u64, shadow: &mut ShadowCounts) {
        let rules = self.plan.shadow.compare.len();
        let count = CompareCount {
            candidate: PairCount { pairs: copies, disagree },
            noise: PairCount { pairs: copies, disagree: 0 },
        };
        shadow.mirror.offered += copies;
        shadow.mirror.sent += copies;
        let add = |counts: &mut Vec<CompareCount>| {
            counts.resize(rules, CompareCount::default());
            counts.iter_mut().for_each(|it| it.merge(count));
        };
        add(&mut shadow.compare);
        for slice in &self.plan.shadow.slices {
            let values = shadow.slices.entry(column(&self.plan, &slice.key)).or_default();
            add(values.entry("(simulated)".to_owned()).or_default());
        }
    }
}

fn column(plan: &Plan, key: &KeySource) -> String {
    plan.shadow.column(key)
}

fn settings(plan: &Plan, deadline: Duration) -> Settings {
    let model = ModelName::new(plan.endpoint.as_str());
    let model = model.or_else(|_| ModelName::new("model")).expect("a plain word is a name");
    Settings { deadline, ..Settings::of(model) }
}

/// What holds every gate up for want of values, if the plan has such.
fn not_played(plan: &Plan) -> Option<String> {
    let checks = plan.gates.iter().flat_map(|gate| &gate.checks);
    let unknown = |check: &&Check| {
        matches!(check.rule, Rule::Kpi { .. }) && !plan.analysis.dry_run.contains(&check.name)
    };
    let kpi = checks.clone().find(unknown).map(|check| format!("check {} of kind kpi", check.name));
    let enforcing = plan.analysis.slices.iter().find(|slice| slice.weight.is_some());
    kpi.or_else(|| {
        enforcing.map(|slice| format!("the enforcing slice {}", plan.analysis.column(&slice.key)))
    })
}

/// The edges that the plan's tests and the count of harm tell apart.
fn scale(plan: &Plan, deadline: Duration) -> Result<Scale, Error> {
    let edges = Edges::default();
    let told_apart = Judge::new(plan)?.latency_edges();
    let checks = plan.gates.iter().flat_map(|gate| &gate.checks).chain(&plan.stability.checks);
    let limits = checks.filter_map(|check| match check.rule {
        Rule::Latency { limit_ms, .. } => limit_ms,
        Rule::Errors { .. } | Rule::Feedback { .. } | Rule::Kpi { .. } | Rule::Drift { .. } => None,
    });
    let limit = limits.min().map(|limit_ms| limit_ms.saturating_mul(1_000));
    let limit = limit.and_then(|limit| edges.micros(edges.edge_at_or_below(limit)?));
    #[expect(clippy::cast_precision_loss, reason = "a deadline in microseconds")]
    let deadline = deadline.as_micros() as f64;
    Ok(Scale { told_apart, deadline, limit, edges })
}

fn arms(scale: &Scale, load: &Load) -> Arms {
    let outcomes = |answers: &Answers| Outcomes::new(scale, &answers.latency, answers.error_rate);
    Arms {
        incumbent: outcomes(&load.incumbent),
        candidate: outcomes(&load.candidate),
        wanted: [load.incumbent.wanted, load.candidate.wanted],
        labelled: load.labelled,
        buckets: scale.edges.buckets(),
    }
}

/// From, to (excluded), and the error rate.
fn seconds(incident: &load::Incident) -> (u64, u64, f64) {
    let from = incident.from.as_secs();
    (from, from.saturating_add(incident.lasts.as_secs()), incident.error_rate)
}

/// Where incidents begin and end, and as long before and after as the guardrails remember.
fn edges(incidents: &[(u64, u64, f64)], memory: u64) -> Vec<u64> {
    let around = |at: u64| [at.saturating_sub(memory), at, at.saturating_add(memory)];
    let mut edges: Vec<u64> =
        incidents.iter().flat_map(|(from, to, _)| [around(*from), around(*to)]).flatten().collect();
    edges.sort_unstable();
    edges.dedup();
    edges
}
