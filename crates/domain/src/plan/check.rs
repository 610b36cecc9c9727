//! One metric's rule in a gate.

use super::PerUnit;
use crate::time::millis;
use seatrial_analysis::two_outcome;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// A named rule with its part of the error budget.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Check {
    pub name: String,
    /// Part of alpha, in (0, 1]; over all distinct checks they sum to at most 1.
    pub weight: f64,
    pub rule: Rule,
}

/// What is measured, and how much worse is unhealthy.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Rule {
    /// Failed or late answers.
    Errors { margin: Margin },
    /// A limit, a ratio or both; with both, unhealthy only beyond both. With a limit it fails only
    /// if slower and more than `1 - quantile` of answers exceed the limit.
    Latency {
        /// In (0, 1).
        quantile: f64,
        /// Milliseconds, or none: relative to the incumbent only.
        limit_ms: Option<u64>,
        /// The multiple of the incumbent's quantile that is too slow, above 1.
        ratio: Option<f64>,
    },
    /// A yes/no label joined by request id.
    Feedback {
        metric: String,
        better: Better,
        margin: Margin,
        #[serde(with = "millis")]
        late_by: Duration,
        /// In [0, 1]: the part of units that must be labelled.
        min_coverage: f64,
        /// The first or any. Absent where it is the first, so that such plans have the hash they had.
        #[serde(default, skip_serializing_if = "PerUnit::is_first")]
        per_unit: PerUnit,
    },
    /// A number joined by request id, of any size: revenue, minutes watched, …
    Kpi {
        metric: String,
        better: Better,
        margin: Margin,
        #[serde(with = "millis")]
        late_by: Duration,
        /// In [0, 1]: the part of units that must have a value.
        min_coverage: f64,
        /// The first or the mean, as above.
        #[serde(default, skip_serializing_if = "PerUnit::is_first")]
        per_unit: PerUnit,
    },
    /// How the answers themselves are distributed. It fails where the arms answer differently, and
    /// has nothing to pass: what a better version answers differs too.
    Drift {
        /// The name of an output, or `*`.
        output: String,
        by: DriftBy,
    },
}

/// What of an answer is counted.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "of")]
pub enum DriftBy {
    /// Its label, or the class with the highest score.
    Class,
    /// Its number, or its highest score, by the bucket between these edges; they strictly rise.
    Score { edges: Vec<f64> },
}

/// What of each answer a check of drift counts.
#[derive(Debug, Clone, PartialEq)]
pub struct Watch {
    /// The check's name.
    pub check: String,
    /// The name of an output, or `*`.
    pub output: String,
    pub by: DriftBy,
}

/// What a rule on labels waits for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Labels<'a> {
    pub metric: &'a str,
    pub late_by: Duration,
    /// In [0, 1]: the part of units that must be labelled.
    pub min_coverage: f64,
    pub scale: Scale,
    pub per_unit: PerUnit,
}

/// What a metric's labels are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scale {
    /// 0 or 1.
    YesNo,
    /// Any finite number.
    Number,
}

impl Rule {
    /// Whether both are one running test. The rollback test runs through all gates, so that only
    /// what it ignores (margins, coverage, lateness) may differ from gate to gate.
    pub fn same_test(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Errors { .. }, Self::Errors { .. }) => true,
            (Self::Latency { .. }, Self::Latency { .. }) => self == other,
            (
                Self::Feedback { metric, better, per_unit, .. },
                Self::Feedback { metric: other, better: otherwise, per_unit: value, .. },
            )
            | (
                Self::Kpi { metric, better, per_unit, .. },
                Self::Kpi { metric: other, better: otherwise, per_unit: value, .. },
            ) => metric == other && better == otherwise && per_unit == value,
            (Self::Drift { .. }, Self::Drift { .. }) => self == other,
            (
                Self::Errors { .. }
                | Self::Latency { .. }
                | Self::Feedback { .. }
                | Self::Kpi { .. }
                | Self::Drift { .. },
                _,
            ) => false,
        }
    }

    /// The labels it waits for; none for what every answer tells by itself.
    pub fn labels(&self) -> Option<Labels<'_>> {
        let scale = match self {
            Self::Feedback { .. } => Scale::YesNo,
            Self::Kpi { .. } => Scale::Number,
            Self::Errors { .. } | Self::Latency { .. } | Self::Drift { .. } => return None,
        };
        match self {
            Self::Feedback { metric, late_by, min_coverage, per_unit, .. }
            | Self::Kpi { metric, late_by, min_coverage, per_unit, .. } => Some(Labels {
                metric,
                late_by: *late_by,
                min_coverage: *min_coverage,
                scale,
                per_unit: *per_unit,
            }),
            Self::Errors { .. } | Self::Latency { .. } | Self::Drift { .. } => None,
        }
    }

    /// How long after an answer its outcome may still come.
    pub fn late_by(&self) -> Duration {
        self.labels().map_or(Duration::ZERO, |labels| labels.late_by)
    }

    /// How much worse its outcomes may be; none for latency, which has a limit or a ratio, and for
    /// drift, which is no worse or better.
    pub const fn margin(&self) -> Option<Margin> {
        match self {
            Self::Errors { margin } | Self::Feedback { margin, .. } | Self::Kpi { margin, .. } => {
                Some(*margin)
            }
            Self::Latency { .. } | Self::Drift { .. } => None,
        }
    }
}

/// How much worse is unhealthy; with both, only what is beyond both.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Margin {
    /// Above 1; of a KPI where higher is better, below it.
    pub ratio: Option<f64>,
    /// In (0, 1); of a KPI, above 0 and in its unit.
    pub absolute: Option<f64>,
}

impl Margin {
    /// The margin as the tests of two outcomes take it; none if it says nothing.
    pub fn of_analysis(&self) -> Option<two_outcome::Margin> {
        match (self.ratio, self.absolute) {
            (Some(ratio), Some(absolute)) => Some(two_outcome::Margin::Both { ratio, absolute }),
            (Some(ratio), None) => Some(two_outcome::Margin::Ratio(ratio)),
            (None, Some(absolute)) => Some(two_outcome::Margin::Absolute(absolute)),
            (None, None) => None,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Better {
    Higher,
    Lower,
}
