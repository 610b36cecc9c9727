//! What validation found; stored as JSON and shown by `explain`.

use super::command;
use super::doing::Doing;
use seatrial_domain::plan::MetricName;
use seatrial_domain::rollout::Fault;
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Report {
    pub outcome: Outcome,
    /// One line: the first metric of the holdout, and how many contract tests passed.
    pub summary: String,
    pub checks: Vec<Check>,
    /// Every metric on the whole holdout and on each slice, gated or not.
    pub evaluations: Vec<Evaluation>,
    /// What the user's own command printed.
    pub command: Option<command::Output>,
}

impl Report {
    /// The report of a validation that could not begin, which no candidate is to blame for.
    pub fn not_begun(why: String) -> Self {
        Self {
            outcome: Outcome::Error { why: why.clone() },
            summary: why,
            checks: Vec::new(),
            evaluations: Vec::new(),
            command: None,
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Outcome {
    Passed,
    /// One line that names the check, its value and its limit.
    Failed {
        why: String,
    },
    /// It cannot be said whether the candidate is good, through no fault of its own.
    Error {
        why: String,
    },
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Check {
    pub group: Group,
    pub name: String,
    pub verdict: Verdict,
    pub value: Option<Figure>,
    pub limit: Option<Figure>,
    /// One line; for what was skipped, why.
    pub detail: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Group {
    Holdout,
    Contract,
    Command,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    Passed,
    Failed,
    Skipped,
    /// Asked for, and not to be had through no fault of the candidate: no pass either.
    Error,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Figure {
    /// Always finite.
    Number(f64),
    Text(String),
}

impl From<f64> for Figure {
    fn from(value: f64) -> Self {
        if value.is_finite() { Self::Number(value) } else { Self::Text(value.to_string()) }
    }
}

impl From<String> for Figure {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

/// One metric on the whole holdout or on one slice of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Evaluation {
    pub metric: MetricName,
    pub slice: Option<SliceValue>,
    pub rows: usize,
    /// None where the metric is undefined on these rows.
    pub candidate: Option<f64>,
    pub incumbent: Option<f64>,
    /// 95 % lower bound of candidate − incumbent, oriented so that higher is better.
    pub drop_bound: Option<f64>,
    pub min: Option<f64>,
    pub max_drop: Option<f64>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SliceValue {
    pub column: String,
    pub value: String,
}

/// A check about to be judged.
#[derive(Debug, Clone)]
pub(super) struct Naming {
    group: Group,
    name: String,
    value: Option<Figure>,
    limit: Option<Figure>,
}

impl Group {
    pub(super) fn named(self, name: impl Into<String>) -> Naming {
        Naming { group: self, name: name.into(), value: None, limit: None }
    }
}

impl Naming {
    pub(super) fn value(mut self, value: impl Into<Figure>) -> Self {
        self.value = Some(value.into());
        self
    }

    pub(super) fn limit(mut self, limit: impl Into<Figure>) -> Self {
        self.limit = Some(limit.into());
        self
    }

    pub(super) fn pass(self, detail: impl Into<String>) -> Check {
        self.judged(Verdict::Passed, detail.into())
    }

    pub(super) fn fail(self, detail: impl Into<String>) -> Check {
        self.judged(Verdict::Failed, detail.into())
    }

    pub(super) fn skip(self, why: impl Into<String>) -> Check {
        self.judged(Verdict::Skipped, why.into())
    }

    /// Could not be judged, and not for the candidate's sake.
    pub(super) fn error(self, detail: impl Into<String>) -> Check {
        self.judged(Verdict::Error, detail.into())
    }

    /// Fails where it is the candidate's fault.
    pub(super) fn blame(self, failure: Failure) -> Check {
        match failure.fault {
            Fault::Candidate => self.fail(failure.why),
            Fault::Surroundings => self.error(failure.why),
        }
    }

    /// Passes with the one detail or fails with the other.
    pub(super) fn judge(self, found: Result<String, String>) -> Check {
        match found {
            Ok(detail) => self.pass(detail),
            Err(detail) => self.fail(detail),
        }
    }

    fn judged(self, verdict: Verdict, detail: String) -> Check {
        let Self { group, name, value, limit } = self;
        Check { group, name, verdict, value, limit, detail }
    }
}

/// Why a check has not passed, and whose fault that is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Failure {
    pub(super) why: String,
    pub(super) fault: Fault,
}

impl Failure {
    pub(super) fn of_candidate(why: impl Into<String>) -> Self {
        Self { why: why.into(), fault: Fault::Candidate }
    }

    pub(super) fn of_surroundings(why: impl Into<String>) -> Self {
        Self { why: why.into(), fault: Fault::Surroundings }
    }
}

/// What was found so far; kept when the time is up.
#[derive(Debug, Default)]
pub(super) struct Findings {
    pub(super) doing: Doing,
    pub(super) checks: Vec<Check>,
    pub(super) evaluations: Vec<Evaluation>,
    pub(super) command: Option<command::Capture>,
}

impl Findings {
    pub(super) fn push(&mut self, check: Check) {
        self.checks.push(check);
    }
}
