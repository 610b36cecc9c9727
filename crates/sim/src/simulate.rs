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
pub mod passing;
pub mod summary;

mod ahead;
mod arrivals;
mod booking;
mod closing;
mod counting;
mod groups;
mod growth;
mod joining;
mod labels;
mod live;
mod outcomes;
mod population;
mod prepared;
mod rails;
mod returning;
mod run;
mod single;
mod sudden;
mod until;
mod values;
mod waiting;
mod why;
mod window;

#[cfg(test)]
mod tests;

use crate::laws::Broken;
use ahead::Calendar;
use arrivals::Arrivals;
use counting::{Draw, Drift};
use ended::Ended;
use groups::Group;
use labels::Metric;
use load::Load;
use outcomes::Scale;
use run::Run;
use seatrial_analysis::kpi;
use seatrial_domain::endpoint::Settings;
use seatrial_domain::evidence::{CompareCount, Evidence, PairCount, ShadowCounts};
use seatrial_domain::judge;
use seatrial_domain::plan::{KeySource, Plan};
use seatrial_domain::{ModelName, Timestamp};
use std::fmt;
use std::time::Duration;
use summary::Truth;
pub use values::expected;

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
    /// How long an endpoint waits for an answer.
    #[error("the deadline of an answer must be from 1ms to {} s", load::DEADLINE_MAX.as_secs())]
    Deadline,
    /// What nobody says how to draw.
    #[error("{what} can't be simulated: {needs}")]
    NotPlayed { what: String, needs: Needs },
    /// An assumption about what the plan does not have.
    #[error("the plan has no {0}")]
    Unknown(String),
    /// Values that make no test.
    #[error("the values of metric {metric} make no test")]
    Values {
        metric: String,
        #[source]
        why: kpi::Error,
    },
    /// A law did not hold: a fault of this program.
    #[error(transparent)]
    Broken(#[from] Broken),
}

/// What is lacking to play a plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Needs {
    /// A metric's values.
    Values,
    /// A part of the traffic that has one of a slice's values.
    Slice,
}

impl fmt::Display for Needs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Values => "nothing tells how its values are spread",
            Self::Slice => "nothing tells which part of the traffic has one of its values",
        })
    }
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
    /// Parts of the traffic; one where no slice is told apart.
    groups: Vec<Group>,
    scale: Scale,
    metrics: Vec<Metric>,
    drifts: Vec<Drift>,
    disagreement: f64,
    /// The part of units with a label; of their requests where all labels of a unit count.
    labelled: f64,
    incidents: Vec<(u64, u64, f64)>,
    /// The seconds in which the traffic, or what the guardrails remember of it, changes.
    edges: Vec<u64>,
    /// How far the guardrails look back.
    memory: u64,
    /// The most runs of bad answers in a rollout whose times are drawn.
    rare: f64,
    /// Seconds after the first window of the late-fault test in which the others begin.
    windows: Vec<u64>,
    truth: Truth,
}

impl Simulation {
    /// Checks and prepares.
    ///
    /// # Errors
    /// All but [`Error::Broken`].
    pub fn new(setup: Setup) -> Result<Self, Error> {
        let Setup { plan, load, deadline, start, span, seed, mode } = setup;
        let load = load.checked()?;
        let horizon = span.as_secs();
        if horizon == 0 || span > load::SPAN_MAX {
            return Err(Error::Span);
        }
        if deadline < Duration::from_millis(1) || deadline > load::DEADLINE_MAX {
            return Err(Error::Deadline);
        }
        let scale = prepared::scale(&plan, deadline)?;
        let memory = rails::memory(&plan.guardrails);
        let incidents: Vec<_> = load.incidents.iter().map(prepared::seconds).collect();
        // Without a key nobody knows whose request it is: each is a unit.
        let users = load.users.filter(|_| !plan.routing.key.is_empty());
        let window = users.map_or(Duration::ZERO, |_| plan.analysis.unit_window);
        Ok(Self {
            settings: settings(&plan, deadline),
            seed,
            mode,
            calendar: Calendar(start),
            horizon,
            arrivals: Arrivals::new(load.rate, load.rhythm, start),
            users,
            groups: groups::groups(&plan, &load, &scale)?,
            metrics: labels::metrics(&plan, &load, (seed, deadline))?,
            drifts: prepared::drifts(&plan, &load)?,
            disagreement: load.disagreement,
            labelled: load.labelled,
            edges: prepared::edges(&incidents, (memory, window)),
            incidents,
            memory,
            rare: rails::RARE,
            windows: prepared::windows(horizon),
            truth: prepared::truth(&plan, &load, &scale),
            scale,
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

    /// In what proportion units come for the first time between two instants: of each user with this
    /// probability, of strangers so many.
    fn arrived(&self, from: f64, to: f64) -> f64 {
        let requests = self.arrivals.expected_between(from, to);
        match self.users {
            Some(users) => -(-requests / arrivals::float(users)).exp_m1(),
            None => requests,
        }
    }

    /// What units of this part of the traffic are drawn by.
    fn draw(&self, group: usize, incident: Option<f64>) -> Option<Draw<'_>> {
        let (metrics, drifts) = (self.metrics.as_slice(), self.drifts.as_slice());
        self.groups.get(group).map(|group| Draw { group, metrics, drifts, incident })
    }

    /// The probability of a failed answer of the candidate's, and of a late one, over all traffic.
    fn chances(&self, incident: Option<f64>) -> (f64, f64) {
        let of = |group: &Group| {
            let (failed, late) = group.candidate.chances(incident);
            (group.part * failed, group.part * late)
        };
        let sum = |sum: (f64, f64), it: (f64, f64)| (sum.0 + it.0, sum.1 + it.1);
        self.groups.iter().map(of).fold((0.0, 0.0), sum)
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
