//! What the shadow finds of pairs beside their disagreement: which of the two was slower, and, with
//! labels, which was right.

use super::{Plan, Rule};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// What a finding does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Effect {
    /// It is reported.
    #[default]
    Warns,
    /// It fails the shadow.
    Enforces,
}

impl Effect {
    /// Whether it only reports.
    #[must_use]
    pub const fn only_warns(&self) -> bool {
        matches!(self, Self::Warns)
    }
}

/// How the shadow's tests have the plan's alpha between them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sharing {
    /// Each has the whole: plans of earlier versions.
    #[default]
    None,
    /// All that can fail the shadow have the whole of it together.
    Parts,
}

impl Sharing {
    /// Whether each has the whole.
    #[must_use]
    pub const fn is_none(&self) -> bool {
        matches!(self, Self::None)
    }
}

/// Labels that tell the right class of a request, whoever answered it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PairedLabels {
    /// The metric whose values are numbers of classes.
    pub metric: String,
    /// The name of an output, or `*`.
    pub output: String,
    pub effect: Effect,
}

impl Plan {
    /// Up to where latencies of a pair are alike: the least limit of the plan's checks. A loss within it
    /// is none (docs/adr/0015); nothing where no check has a limit.
    #[must_use]
    pub fn alike_below(&self) -> Duration {
        let limits = self.checks().filter_map(|check| match check.rule {
            Rule::Latency { limit_ms, .. } => limit_ms,
            Rule::Errors { .. } | Rule::Feedback { .. } | Rule::Kpi { .. } | Rule::Drift { .. } => {
                None
            }
        });
        limits.min().map_or(Duration::ZERO, Duration::from_millis)
    }

    /// Whether the values of a metric tell the right class of the shadow's pairs.
    #[must_use]
    pub fn tells_right_class(&self, metric: &str) -> bool {
        self.shadow.labels.as_ref().is_some_and(|labels| labels.metric == metric)
    }
}
