//! What the evidence says about a gate. Computed by `judge`, consumed by `rollout`, shown by
//! `explain`; stored with the journal row it caused.

mod account;
mod trust;

pub use account::words::span;
pub use account::{
    Account, Answer, Answers, Budget, Confidence, Counted, GateAccount, Next, Outlook, Pace, Range,
};
pub use trust::{Labelled, Split, SplitStratum, Trust};

use crate::evidence::ArmCount;
use crate::ranking::RankedSlice;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;

/// A gate's verdict at one look.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Verdict {
    pub decision: Decision,
    /// This gate's units (for the shadow: compared pairs, as candidate's).
    pub units: ArmCount,
    pub sample_ratio: SampleRatio,
    pub coverage: Coverage,
    pub checks: Vec<CheckReport>,
    /// What the sample ratio was judged on; none in the shadow, which splits nothing.
    #[serde(default)]
    pub assignment: Option<AssignmentReport>,
    /// What the coverage was judged on: one for each check on labels of this gate.
    #[serde(default)]
    pub labelled: Vec<CoverageReport>,
    /// Where the candidate is worse, by slice; empty where nothing is told apart.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ranking: Vec<RankedSlice>,
    /// Values of slices that name none which are tests from this look on.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub told_apart: Vec<SliceLabel>,
}

/// The requests with one value in a slice's column.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct SliceLabel {
    pub column: String,
    pub value: String,
}

impl SliceLabel {
    /// The name by which the maxima keep that it is a test.
    fn kept_as(&self) -> String {
        format!("slice[{self}]")
    }

    /// The value of `column` that a maximum of this name keeps.
    pub(crate) fn kept(name: &str, column: &str) -> Option<Self> {
        let of_column = name.strip_prefix("slice[")?.strip_prefix(column)?;
        let value = of_column.strip_prefix('=')?.strip_suffix(']')?;
        Some(Self { column: column.to_owned(), value: value.to_owned() })
    }
}

/// `client=mobile`
impl fmt::Display for SliceLabel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}={}", self.column, self.value)
    }
}

/// The units of all gates so far by the arm they were assigned to, answered or not.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct AssignmentReport {
    pub units: ArmCount,
    /// ln e against "every unit was assigned by its gate's share", and what is implausible.
    pub log_e: f64,
    pub limit: f64,
}

/// How many of this gate's units whose label is due have one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CoverageReport {
    pub check: String,
    /// The labelled part by arm; none before any label is due.
    pub candidate: Option<f64>,
    pub incumbent: Option<f64>,
    /// The least part on each arm.
    pub least: f64,
    /// ln e against "labels are missing alike on both arms" over all gates, and what is unlike.
    pub log_e: f64,
    pub limit: f64,
}

/// Pass, fail, or neither; no data is never a pass.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Decision {
    /// Every enforced check rejects its own margin null at this moment.
    Pass,
    /// The named check failed.
    Fail {
        check: String,
    },
    Inconclusive,
    /// The named check could not be computed.
    Error {
        check: String,
        why: String,
    },
}

/// Whether the assignment itself can be trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SampleRatio {
    Plausible,
    Mismatch,
}

/// Whether enough units are labelled, and alike on both arms.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Coverage {
    Enough,
    /// The named check's labels are too few, or differ by arm.
    Short {
        check: String,
        /// With value and limit.
        #[serde(default)]
        why: String,
    },
}

/// One check's state at one look: what `explain` prints.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CheckReport {
    pub name: String,
    pub verdict: CheckVerdict,
    pub enforced: Enforced,
    /// What the numbers are: `error rate`, `p99 latency`, `correct`, `disagreement`, …
    pub metric: String,
    /// The candidate's and the incumbent's estimates, in `unit`.
    pub candidate: Option<f64>,
    pub incumbent: Option<f64>,
    pub unit: Unit,
    /// The margin or limit in words.
    pub limit: String,
    pub counts: Counts,
    /// ln e against the candidate, and what it must reach to fail.
    pub fail_log_e: Option<f64>,
    /// The largest of all looks so far: evidence against the candidate is never forgotten.
    #[serde(default)]
    pub fail_log_e_max: Option<f64>,
    pub fail_at: Option<f64>,
    /// ln e against the margin null, and what it must reach to pass.
    pub pass_log_e: Option<f64>,
    pub pass_at: Option<f64>,
    /// Candidate units still needed at the present rates; none if unknown or decided.
    pub units_needed: Option<u64>,
    /// The slice it is of; none for all units.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slice: Option<SliceLabel>,
    /// What waits for it to be healthy.
    #[serde(default)]
    pub holds: Holds,
}

/// What waits for a check to be healthy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Holds {
    /// A pass of its gate.
    #[default]
    Passes,
    /// Nothing: it has a test to fail by and none to pass by.
    Nothing,
}

/// Counted units of one check, all gates (fail) or this gate (pass) as stated in the report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Counts {
    pub candidate_bad: u64,
    pub candidate_total: u64,
    pub incumbent_bad: u64,
    pub incumbent_total: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CheckVerdict {
    /// Shown as `healthy`.
    Pass,
    Fail,
    Inconclusive,
    Error,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Enforced {
    Yes,
    DryRun,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    Ratio,
    Milliseconds,
    /// The metric's own.
    Own,
}

impl Coverage {
    /// What is short, with its value and limit.
    pub fn in_words(&self) -> String {
        match self {
            Self::Enough => "enough units have a label".to_owned(),
            Self::Short { check, why } if why.is_empty() => {
                format!("{check}: too few units have a label")
            }
            Self::Short { check, why } => format!("{check}: {why}"),
        }
    }
}

impl Verdict {
    /// No verdict, because what it would rest on can't be read.
    pub fn blind(what: &str, why: String) -> Self {
        Self {
            decision: Decision::Error { check: what.to_owned(), why },
            units: ArmCount::default(),
            sample_ratio: SampleRatio::Plausible,
            coverage: Coverage::Enough,
            checks: Vec::new(),
            assignment: None,
            labelled: Vec::new(),
            ranking: Vec::new(),
            told_apart: Vec::new(),
        }
    }

    /// The checks with evidence against the candidate, and the largest of it so far. Below one an
    /// e-value is none. Beside them, at the one that every e-value begins at, which values are tests
    /// from now on: what a later look must not lose either.
    pub fn maxima(&self) -> BTreeMap<String, f64> {
        let against = |report: &CheckReport| {
            let most = report.fail_log_e_max.filter(|log_e| *log_e > 0.0)?;
            Some((report.name.clone(), most))
        };
        let begun = self.told_apart.iter().map(|label| (label.kept_as(), 0.0));
        begun.chain(self.checks.iter().filter_map(against)).collect()
    }

    /// The verdict in one line: the failing check with its value and limit, if one fails.
    pub fn in_words(&self) -> String {
        let mismatch = self.sample_ratio == SampleRatio::Mismatch;
        match &self.decision {
            Decision::Pass | Decision::Inconclusive | Decision::Error { .. } if mismatch => {
                let units = self.assignment.map_or(self.units, |assignment| assignment.units);
                let ArmCount { candidate, incumbent } = units;
                format!("sample ratio: {candidate} candidate units to {incumbent} is not the share")
            }
            Decision::Pass => "every check is healthy".to_owned(),
            Decision::Inconclusive => "undecided".to_owned(),
            Decision::Error { check, why } => format!("{check} could not be computed: {why}"),
            Decision::Fail { check } => {
                let report = self.checks.iter().find(|report| &report.name == check);
                report.map_or_else(|| format!("{check} failed"), CheckReport::in_words)
            }
        }
    }
}

impl CheckReport {
    /// Whether no pass waits for it.
    pub fn only_fails(&self) -> bool {
        self.holds == Holds::Nothing
    }

    /// The check's name, value and limit in one line.
    pub fn in_words(&self) -> String {
        let show = |value: Option<f64>| match (value, self.unit) {
            (None, _) => "unknown".to_owned(),
            (Some(value), Unit::Ratio) => format!("{:.1} %", value * 100.0),
            (Some(value), Unit::Milliseconds) => format!("{value:.1} ms"),
            (Some(value), Unit::Own) => significant(value),
        };
        let (candidate, incumbent) = (show(self.candidate), show(self.incumbent));
        let shown = format!("{candidate} vs {incumbent} ({})", self.limit);
        if self.metric == self.name {
            format!("{}: {shown}", self.name)
        } else {
            format!("{}: {} {shown}", self.name, self.metric)
        }
    }
}

/// A number of any size, of which nobody reads more than four digits.
pub fn significant(value: f64) -> String {
    let size = value.abs();
    match size {
        _ if size == 0.0 => "0".to_owned(),
        _ if !(0.001..1e7).contains(&size) => format!("{value:.3e}"),
        _ if size >= 1_000.0 => format!("{value:.0}"),
        _ if size >= 100.0 => format!("{value:.1}"),
        _ if size >= 10.0 => format!("{value:.2}"),
        _ if size >= 1.0 => format!("{value:.3}"),
        _ => format!("{value:.4}"),
    }
}

#[cfg(test)]
mod tests {
    use super::significant;

    #[test]
    fn amounts_of_any_size_show_four_digits() {
        let cases = [
            (0.0, "0"),
            (0.000_123_4, "1.234e-4"),
            (0.12345, "0.1235"),
            (-9.8765, "-9.877"),
            (42.0, "42.00"),
            (123.45, "123.5"),
            (45_678.9, "45679"),
            (1.5e12, "1.500e12"),
        ];
        for (value, shown) in cases {
            assert_eq!(significant(value), shown);
        }
    }
}
