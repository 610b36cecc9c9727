//! What is assumed of the traffic and of both versions, with its limits.
//!
//! Owns the ranges of every assumption. Refuses what is outside of them, by name.

mod besides;

use crate::distribution::Law;
pub(super) use besides::Worth;
pub use besides::{CLASSES_MAX, Classes, SLICES_MAX, Slice, Values};
use std::fmt::Display;
use std::time::Duration;

/// Requests a second at most.
pub const RATE_MAX: f64 = 1e6;
/// Users at most.
pub const USERS_MAX: u64 = 1_000_000_000;
/// Incidents at most.
pub const INCIDENTS_MAX: usize = 16;
/// How long an incident lasts at least: what is played goes by seconds.
pub const INCIDENT_MIN: Duration = Duration::from_secs(1);
/// The longest an endpoint may wait for an answer.
pub const DEADLINE_MAX: Duration = Duration::from_secs(600);
/// The span of one rollout at most.
pub const SPAN_MAX: Duration = Duration::from_secs(90 * 86_400);

/// The traffic of one endpoint, and how both versions answer it.
#[derive(Debug, Clone, PartialEq)]
pub struct Load {
    /// Requests a second, on average.
    pub rate: f64,
    /// How they are spread over the day.
    pub rhythm: Rhythm,
    /// So many users send them, each as often as any other; none: each request is a unit.
    pub users: Option<u64>,
    /// The incumbent's answers.
    pub incumbent: Answers,
    /// The candidate's answers.
    pub candidate: Answers,
    /// The part of copies on which the versions disagree.
    pub disagreement: f64,
    /// The part of units that get a label.
    pub labelled: f64,
    /// Times in which both versions fail alike.
    pub incidents: Vec<Incident>,
    /// Numbers joined to units, each metric once.
    pub values: Vec<Values>,
    /// What the answers say, each check of drift once; of one without, all answers say the same.
    pub classes: Vec<Classes>,
    /// Parts of the traffic that fare otherwise.
    pub slices: Vec<Slice>,
}

/// How requests are spread over the day.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Rhythm {
    /// Evenly.
    Constant,
    /// By a sine of this part of the average, lowest at the start of each day.
    Diurnal(f64),
}

/// How one version answers.
#[derive(Debug, Clone, PartialEq)]
pub struct Answers {
    /// Probability of a failed answer.
    pub error_rate: f64,
    /// Microseconds.
    pub latency: Law,
    /// Probability that a label has the value that is wanted.
    pub wanted: f64,
}

/// A time in which both versions fail alike, whoever is to blame.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Incident {
    /// Since the start.
    pub from: Duration,
    /// How long.
    pub lasts: Duration,
    /// Probability of a failed answer on both, where it is more than their own.
    pub error_rate: f64,
}

/// An assumption out of range.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("{what} must be {allowed}, not {value}")]
pub struct Error {
    /// The assumption.
    pub what: &'static str,
    /// Its range in words.
    pub allowed: String,
    /// What was given.
    pub value: String,
}

impl Load {
    /// Checks every range. Errors: [`Error`], for the first assumption out of range.
    pub fn checked(self) -> Result<Self, Error> {
        if !(self.rate > 0.0 && self.rate <= RATE_MAX) {
            let allowed = format!("above 0 and at most {RATE_MAX} a second");
            return Err(error("the rate of requests", allowed, self.rate));
        }
        if let Rhythm::Diurnal(swing) = self.rhythm
            && !(0.0..1.0).contains(&swing)
        {
            return Err(error("the swing over a day", "from 0 to below 1".to_owned(), swing));
        }
        if let Some(users) = self.users
            && !(1..=USERS_MAX).contains(&users)
        {
            return Err(error("the number of users", format!("from 1 to {USERS_MAX}"), users));
        }
        if self.incidents.len() > INCIDENTS_MAX {
            let allowed = format!("at most {INCIDENTS_MAX}");
            return Err(error("the number of incidents", allowed, self.incidents.len()));
        }
        if let Some(incident) = self.incidents.iter().find(|it| it.lasts < INCIDENT_MIN) {
            let (allowed, lasts) = (format!("from {INCIDENT_MIN:?} on"), incident.lasts);
            return Err(error("an incident's length", allowed, format!("{lasts:?}")));
        }
        for (what, part) in self.parts() {
            if !(0.0..=1.0).contains(&part) {
                return Err(error(what, "from 0 to 1".to_owned(), part));
            }
        }
        for (what, law) in [
            ("the latency", &self.incumbent.latency),
            ("the candidate's latency", &self.candidate.latency),
        ] {
            if let Err(why) = law.clone().checked() {
                return Err(no_law(what, "a law of positive spans", &why));
            }
        }
        self.check_besides()?;
        Ok(self)
    }

    fn parts(&self) -> Vec<(&'static str, f64)> {
        let incidents = self.incidents.iter().map(|it| ("an incident's error rate", it.error_rate));
        [
            ("the error rate", self.incumbent.error_rate),
            ("the candidate's error rate", self.candidate.error_rate),
            ("the rate of wanted labels", self.incumbent.wanted),
            ("the candidate's rate of wanted labels", self.candidate.wanted),
            ("the part of copies that disagree", self.disagreement),
            ("the part of units with a label", self.labelled),
        ]
        .into_iter()
        .chain(incidents)
        .collect()
    }

    /// Whether the candidate's answers are no worse than the incumbent's, in all and in each slice.
    /// Latencies are compared at each of these times in microseconds, and where `quantiles` says so by
    /// their distributions.
    pub fn is_harmless(&self, times: &[f64], quantiles: Quantiles) -> bool {
        let rest = (self.rest() > 0.0).then_some((&self.incumbent, &self.candidate));
        let slices = self.slices.iter().map(|slice| (&slice.incumbent, &slice.candidate));
        slices.chain(rest).all(|(old, new)| {
            let later = |at: &f64| new.latency.cdf(*at) < old.latency.cdf(*at);
            let anywhere = match quantiles {
                Quantiles::Compared => is_larger(&new.latency, &old.latency),
                Quantiles::Left => false,
            };
            let slower = anywhere || times.iter().any(later);
            new.error_rate <= old.error_rate && new.wanted >= old.wanted && !slower
        })
    }
}

/// Whether latencies are compared at all quantiles.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Quantiles {
    /// They are.
    Compared,
    /// Only at the times that matter.
    Left,
}

/// Whether `new` takes larger values than `old` anywhere.
pub(super) fn is_larger(new: &Law, old: &Law) -> bool {
    let larger = |p: &f64| {
        let at = old.quantile(*p);
        new.cdf(at) < old.cdf(at) - 1e-9
    };
    QUANTILES.iter().any(larger)
}

/// Where two laws are compared.
const QUANTILES: [f64; 7] = [0.1, 0.25, 0.5, 0.75, 0.9, 0.99, 0.999];

fn no_law(what: &'static str, allowed: &str, why: &crate::distribution::Error) -> Error {
    error(what, allowed.to_owned(), format!("one in which {why}"))
}

fn error(what: &'static str, allowed: String, value: impl Display) -> Error {
    Error { what, allowed, value: format!("{value}") }
}
