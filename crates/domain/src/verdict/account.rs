//! What `explain` tells of one check beyond its report: where its counts come from, how much of the
//! error budget is spent, and what would change its verdict. Computed by `judge` when asked, from the
//! same e-functions that decide; not stored.

pub(super) mod words;

use super::{CheckReport, Counts};
use crate::evidence::GateIndex;
use crate::mix::float;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// One check's account.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Account {
    pub check: String,
    #[serde(default)]
    pub of: Counted,
    /// What a bad unit is, in words: `in error`, `over 25 ms`, `not correct`.
    pub bad: String,
    /// What was counted under each gate that the check applies in, the canary first; of pairs none, since
    /// the shadow is before all gates.
    pub gates: Vec<GateAccount>,
    /// Where the truth lies; none before both arms have been counted.
    pub confidence: Option<Confidence>,
    /// How answers are distributed, of a check on that; none before both arms have answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answers: Option<Answers>,
    pub budget: Budget,
    pub outlook: Outlook,
    /// How fast the check's units come; none where that is not known, as of verdicts that do not tell
    /// how long their gate was under way.
    pub pace: Option<Pace>,
    /// What else must be known to read the numbers, in sentences.
    pub notes: Vec<String>,
    /// All of this in sentences.
    pub words: Vec<String>,
}

/// What is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Counted {
    /// Units of a gate.
    #[default]
    Units,
    /// Pairs of the shadow: a request that both answered.
    Pairs,
}

/// How fast candidate units of one check came under the present gate, from when they could count: the
/// acknowledgement of its routing table, what is discarded after it, and the first unit's window. Pairs
/// of the shadow count from the acknowledgement on.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Pace {
    pub per_second: f64,
    /// At that pace, until the units that are still needed have come and their labels are due; none
    /// where none are.
    pub seconds_needed: Option<f64>,
}

/// One check's counts and estimates under one gate.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct GateAccount {
    pub gate: GateIndex,
    /// The probability with which units were assigned to the candidate.
    pub share: f64,
    pub counts: Counts,
    /// In the report's unit.
    pub candidate: Option<f64>,
    pub incumbent: Option<f64>,
}

/// Confidence sequences of the report's estimates, on the units that the report counts: at every look
/// at once, each holds the truth except with probability `1 - level`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Confidence {
    /// 1 − healthyAlpha.
    pub level: f64,
    /// The candidate's rate less the incumbent's; of a check on rates.
    pub difference: Option<Range>,
    /// The candidate's quantile in milliseconds, of a check on latency; of pairs, the part that is bad.
    pub candidate: Option<Range>,
    /// The incumbent's; of pairs, of it with itself.
    pub incumbent: Option<Range>,
}

/// The answers, by class or bucket of scores, whose parts of both arms are furthest apart. They describe, and
/// decide nothing.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Answers {
    /// 1 − healthyAlpha: each answer's difference holds the truth at every look at once but with a probability
    /// below `1 - level`, of which all answers share.
    pub level: f64,
    /// The furthest first, of as many incumbent's units in each stratum as the candidate has there.
    pub most_apart: Vec<Answer>,
    /// How many more there are.
    pub others: usize,
}

/// One answer's part of each arm's.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Answer {
    pub answer: String,
    /// From 0 to 1.
    pub candidate: f64,
    pub incumbent: f64,
    /// Confidence sequence of the candidate's part less the incumbent's.
    pub difference: Range,
}

/// Both ends; none where that one is beyond what can be told.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Range {
    pub lower: Option<f64>,
    pub upper: Option<f64>,
}

impl Range {
    /// Infinite ends are beyond what can be told.
    pub fn new(lower: f64, upper: f64) -> Self {
        let told = |end: f64| end.is_finite().then_some(end);
        Self { lower: told(lower), upper: told(upper) }
    }
}

/// The part of alpha that a check may use for failing a harmless candidate, and how far it has gone.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Budget {
    /// Of the whole rollout.
    pub alpha: f64,
    /// This check's part of it.
    pub weight: f64,
    /// `1 / max(1, largest e)`: under "no worse than the incumbent" evidence ever gets so far with at
    /// most this probability (Ville), however often it is looked at. At `alpha × weight` it fails.
    pub p: f64,
    /// How far the evidence has gone towards a fail: `ln(largest e) / ln(1 / (alpha × weight))`, from
    /// 0 (none) to 1 (failed). Sticky: it never falls.
    pub spent: f64,
}

/// What would change the verdict, from the check's own e-values on counts that are extended so.
/// The incumbent is taken to go on as it did under this gate.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct Outlook {
    /// Healthy after so many more candidate units of which none is bad; none: it is already, or that
    /// never decides.
    pub healthy_after: Option<u64>,
    /// Fails if so many of the next candidate units are bad; none: it has failed, or not even then.
    pub fails_at: Option<Next>,
    /// Healthy now, and no more if so many of the next candidate units are bad.
    pub unhealthy_at: Option<Next>,
}

/// `bad` of the next `of` candidate units.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Next {
    pub bad: u64,
    pub of: u64,
}

impl Pace {
    /// Of so many units counted in so long, where the outcome of each is waited for `late_by` after it
    /// came; none before any was counted.
    ///
    /// Units under way settle as steadily as they came, so that they are in the pace already; only of
    /// a wait that is not over yet the rest comes on top.
    pub fn of(
        units: u64,
        counted: Duration,
        late_by: Duration,
        needed: Option<u64>,
    ) -> Option<Self> {
        if units == 0 || counted.is_zero() {
            return None;
        }
        let per_second = float(units) / counted.as_secs_f64();
        let waits = late_by.saturating_sub(counted).as_secs_f64();
        let seconds_needed = needed.map(|units| float(units) / per_second + waits);
        Some(Self { per_second, seconds_needed })
    }
}

impl Account {
    /// How long the units that are still needed take to come, in words; none where that is not known.
    pub fn time_needed(&self) -> Option<String> {
        self.pace.and_then(|pace| pace.seconds_needed).map(words::span)
    }

    /// The same with its sentences.
    #[must_use]
    pub fn in_words(mut self, report: &CheckReport) -> Self {
        self.words = words::of(&self, report);
        self
    }
}

impl Budget {
    /// The budget at this largest log e-value against the candidate, of which
    /// `fail_at = ln(1 / (alpha × weight))` fails.
    pub fn at(alpha: f64, weight: f64, (log_e_max, fail_at): (f64, f64)) -> Self {
        let most = log_e_max.max(0.0);
        Self { alpha, weight, p: (-most).exp(), spent: (most / fail_at).clamp(0.0, 1.0) }
    }
}
