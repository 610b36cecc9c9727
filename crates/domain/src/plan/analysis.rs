//! How the evidence of a rollout is judged, and what follows.

use super::slice::{LiveSlice, column};
use super::{Labels, PerUnit};
use crate::plan::KeySource;
use crate::time::millis;
use serde::{Deserialize, Serialize};
use std::time::Duration;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Analysis {
    /// Bound on P(a harmless candidate is rolled back by the statistics) over the rollout.
    pub alpha: f64,
    pub healthy_alpha: f64,
    /// Candidate units of this gate before it may pass.
    pub min_units: u64,
    pub sample_ratio_alpha: f64,
    pub on_sample_ratio: OnSampleRatio,
    pub on_provider_error: OnProviderError,
    pub at_deadline: AtDeadline,
    pub on_fail: OnFail,
    pub look: Look,
    /// Checks evaluated and recorded, not enforced.
    pub dry_run: Vec<String>,
    /// How long the requests of a unit with a key are its outcome, from its first in a gate. Absent
    /// in plans without one, so that theirs is the hash it was.
    #[serde(default, with = "millis", skip_serializing_if = "Duration::is_zero")]
    pub unit_window: Duration,
    /// How long after a gate's table is in force nothing is counted, on either arm.
    #[serde(default, with = "millis", skip_serializing_if = "Duration::is_zero")]
    pub discard: Duration,
    /// Requests judged apart at the live gates. Absent in plans without any, so that theirs is the
    /// hash it was.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub slices: Vec<LiveSlice>,
}

impl Analysis {
    /// How long after a unit's assignment its labels are waited for.
    #[must_use]
    pub fn awaits(&self, labels: &Labels<'_>) -> Duration {
        let window = match labels.per_unit {
            PerUnit::First => Duration::ZERO,
            PerUnit::Any | PerUnit::Mean => self.unit_window,
        };
        labels.late_by.saturating_add(window)
    }

    /// The column a live slice's units are counted in.
    #[must_use]
    pub fn column(&self, key: &KeySource) -> String {
        column(self.slices.iter().map(|slice| &slice.key), key)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnSampleRatio {
    Pause,
    Rollback,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnProviderError {
    Hold,
    Pause,
    Rollback,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AtDeadline {
    Pause,
    Rollback,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnFail {
    Rollback,
    Pause,
}

/// When the evidence is looked at: counts grew by `growth` and `every` has passed.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Look {
    pub growth: f64,
    #[serde(with = "millis")]
    pub every: Duration,
}
