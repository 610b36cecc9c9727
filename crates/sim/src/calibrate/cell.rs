//! A cell: what is true, how traffic comes, and what is asked of the test.

mod check;

use crate::distribution;
use seatrial_analysis::{counts, kpi, latency, level, pairs, two_outcome};

/// What is measured of a unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Metric {
    Errors,
    Latency,
    Feedback,
    /// An unbounded number, of which more is better.
    Kpi,
    /// Labelled shadow pairs: which of the two is wrong.
    Pairs,
    /// Shadow pairs without labels, against a budget of disagreement.
    Disagreement,
    /// The assignment itself.
    SampleRatio,
    /// Errors, latency and feedback of the same units, with weights .4, .3 and .3 of α.
    Joint,
    /// Which of ten classes a unit's prediction falls into.
    Drift,
}

/// The law of the incumbent's latency, with the cell's base as its median in milliseconds, or of its
/// KPI, with the base as its mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// Of latencies σ = .5; of values as wide as its mean.
    LogNormal,
    /// Shape 2.
    Gamma,
    /// Seven in ten around the base, the others around five times of it, as wide as the log-normal.
    Bimodal,
    /// The same, half as wide: two peaks that don't meet.
    Peaks,
    /// One in fifty waits for a pause of about ten times the base.
    Pauses,
    /// Six in ten come from a cache, narrow and twenty times as fast as the others.
    Cached,
    /// Three tiers of growing width: half around the base, three in ten around twice and two in ten around
    /// eight times of it.
    Tiers,
    /// Log-normal, of which an effect stretches only the slowest twentieth.
    Tail,
    /// Of values: as wide as its mean, and shifted by an effect.
    Normal,
    Exponential,
    /// Of values: seven in ten are nought, the others exponential.
    ZeroInflated,
}

/// How the base changes with time, for both arms alike, and who sends the requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Traffic {
    Constant,
    /// The base rises to eight times of itself.
    Ramp,
    /// Seven days, between a fifth and nine fifths of the base.
    Diurnal,
    /// One part in twenty of the time at twenty times the base: incidents on both arms.
    Bursty,
    /// Sticky users with ten requests each on average, whose outcomes are alike.
    Users,
    /// Half of the units of each gate were there in every gate before and fare four times as badly as
    /// the others, who are new.
    Returning,
}

/// What is asked.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Question {
    /// Is the candidate worse?
    Rollback,
    /// Is it within this margin, by the evidence of the last gate? A ratio for errors, for a KPI (below
    /// one) and for the latency at the p99, a difference for feedback. A limit is its own margin.
    Healthy { margin: f64 },
}

/// Who answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Method {
    /// The product's test.
    EProcess,
    /// A one-sided test of one look, repeated at every look.
    ZTest,
    /// Three breaches of a threshold in five windows.
    Windows,
    /// Kayenta's judge on the windows' values.
    MannWhitney,
}

/// A mistake in the analysis, to show what it does; the product makes none of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mistake {
    None,
    /// Each request of a sticky user is a unit.
    PerRequest,
    /// All gates are one stratum, at their mean share.
    Pooled,
    /// A user that a gate before has assigned is counted as if assigned anew.
    Redrawn,
}

/// One cell of the calibration.
#[derive(Debug, Clone, PartialEq)]
pub struct Cell {
    pub metric: Metric,
    /// Errors and feedback: the incumbent's rate of the bad outcome. Latency: its median,
    /// milliseconds. KPI: its mean. Pairs: the incumbent's rate of wrong answers. Disagreement: the
    /// budget. Drift: the part of the class that an effect moves.
    pub base: f64,
    /// The candidate's as a ratio (errors, latency, KPI, assignment) or as a
    /// difference (feedback, pairs, disagreement, drift).
    pub effect: f64,
    /// The candidate's share in each gate, each above 0 and below 1; gates have equal units.
    pub shares: Vec<f64>,
    pub alpha: f64,
    /// Units after which a run ends undecided, over both arms and all gates.
    pub max_units: u64,
    pub seed: u64,
    pub shape: Shape,
    pub traffic: Traffic,
    pub question: Question,
    pub methods: Vec<Method>,
    pub mistake: Mistake,
    /// The part by which the counts grow from look to look; each unit while this is less than one.
    pub growth: f64,
    /// Units before the first look.
    pub first_look: u64,
    /// The incumbent's values and answers, drawn once for all runs, that the scores of a KPI and of
    /// latencies are frozen from.
    pub reference: u32,
    /// Latency: an absolute limit of the p99, as a multiple of the incumbent's, in place of a comparison.
    pub limit: Option<f64>,
    /// Units an hour, for the mixture for late faults, whose windows begin at times; none: without it.
    pub late: Option<u64>,
    /// The units after which the effect begins.
    pub onset: u64,
}

/// A cell that can't be played.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Error {
    #[error("{name} is {value}, out of its range {range}")]
    Range { name: &'static str, value: f64, range: &'static str },
    #[error("{0}")]
    Unanswered(&'static str),
    #[error(transparent)]
    Law(#[from] distribution::Error),
    #[error(transparent)]
    Level(#[from] level::Error),
    #[error(transparent)]
    Counts(#[from] counts::Error),
    #[error(transparent)]
    TwoOutcome(#[from] two_outcome::Error),
    #[error(transparent)]
    Kpi(#[from] kpi::Error),
    #[error(transparent)]
    Pairs(#[from] pairs::Error),
    #[error(transparent)]
    Latency(#[from] latency::Error),
}

impl Default for Cell {
    /// Errors of one in two hundred, no effect, at 5 %.
    fn default() -> Self {
        Self {
            metric: Metric::Errors,
            base: 0.005,
            effect: 1.0,
            shares: vec![0.05],
            alpha: 0.05,
            max_units: 1_000_000,
            seed: 1,
            shape: Shape::LogNormal,
            traffic: Traffic::Constant,
            question: Question::Rollback,
            methods: vec![Method::EProcess],
            mistake: Mistake::None,
            growth: 0.01,
            first_look: 1,
            reference: 20_000,
            limit: None,
            late: None,
            onset: 0,
        }
    }
}

impl Cell {
    /// Whether candidate and incumbent are alike.
    pub fn is_alike(&self) -> bool {
        (self.effect - self.metric.no_effect()).abs() < f64::EPSILON
    }
}

impl Traffic {
    /// Whether a unit comes again, to the arm that it had.
    pub(super) const fn is_sticky(self) -> bool {
        match self {
            Self::Users | Self::Returning => true,
            Self::Constant | Self::Ramp | Self::Diurnal | Self::Bursty => false,
        }
    }
}

impl Method {
    /// As on the command line and in results.
    pub const fn name(self) -> &'static str {
        match self {
            Self::EProcess => "e-process",
            Self::ZTest => "z-test",
            Self::Windows => "windows",
            Self::MannWhitney => "mann-whitney",
        }
    }
}

impl Metric {
    /// The effect that is none.
    pub const fn no_effect(self) -> f64 {
        match self {
            Self::Errors | Self::Latency | Self::Kpi | Self::SampleRatio | Self::Joint => 1.0,
            Self::Feedback | Self::Pairs | Self::Disagreement | Self::Drift => 0.0,
        }
    }
}
