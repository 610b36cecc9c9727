//! One metric's rule in a gate.

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
    },
}

impl Rule {
    /// Whether both are one running test. The rollback test runs through all gates, so that only
    /// what it ignores (margins, coverage, lateness) may differ from gate to gate.
    pub fn same_test(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Errors { .. }, Self::Errors { .. }) => true,
            (Self::Latency { .. }, Self::Latency { .. }) => self == other,
            (
                Self::Feedback { metric, better, .. },
                Self::Feedback { metric: other_metric, better: other_better, .. },
            ) => metric == other_metric && better == other_better,
            (Self::Errors { .. } | Self::Latency { .. } | Self::Feedback { .. }, _) => false,
        }
    }

    /// How long after an answer its outcome may still come.
    pub const fn late_by(&self) -> Duration {
        match self {
            Self::Feedback { late_by, .. } => *late_by,
            Self::Errors { .. } | Self::Latency { .. } => Duration::ZERO,
        }
    }

    /// How much worse its outcomes may be; none for latency, which has no two outcomes.
    pub const fn margin(&self) -> Option<Margin> {
        match self {
            Self::Errors { margin } | Self::Feedback { margin, .. } => Some(*margin),
            Self::Latency { .. } => None,
        }
    }
}

/// How much worse is unhealthy; with both, only what is beyond both.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Margin {
    /// Above 1.
    pub ratio: Option<f64>,
    /// In (0, 1).
    pub absolute: Option<f64>,
}

impl Margin {
    /// The margin as the tests take it; none if it says nothing.
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
