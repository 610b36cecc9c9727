//! A gateway's own move to share zero: its cause, its mark, and the counts around it.

use crate::{EndpointName, Epoch, RolloutId, Timestamp};
use serde::{Deserialize, Serialize};
use std::fmt;

/// The candidate's share is zero under every table of this epoch or a smaller one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Latch {
    pub rollout: RolloutId,
    pub epoch: Epoch,
    pub cause: LatchCause,
}

/// Why a share was set to zero ahead of any commit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LatchCause {
    /// The guardrails, by their names in a policy.
    ConsecutiveErrors,
    ErrorRatio,
    DeadlineExceeded,
    NotReady,
    /// A person aborted or rolled back.
    Operator,
    /// The statistics failed the candidate.
    Verdict,
    /// The file of latches could not be read: there may have been one.
    Damaged,
}

impl LatchCause {
    /// Every cause.
    pub const ALL: [Self; 7] = [
        Self::ConsecutiveErrors,
        Self::ErrorRatio,
        Self::DeadlineExceeded,
        Self::NotReady,
        Self::Operator,
        Self::Verdict,
        Self::Damaged,
    ];

    /// The name used in journals and metrics.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ConsecutiveErrors => "consecutiveErrors",
            Self::ErrorRatio => "errorRatio",
            Self::DeadlineExceeded => "deadlineExceeded",
            Self::NotReady => "notReady",
            Self::Operator => "operator",
            Self::Verdict => "verdict",
            Self::Damaged => "latchDamaged",
        }
    }
}

impl fmt::Display for LatchCause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A guardrail's limit was passed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trip {
    pub endpoint: EndpointName,
    pub rollout: RolloutId,
    /// Of the table in force.
    pub epoch: Epoch,
    /// The guardrail's name in the policy.
    pub guardrail: String,
    pub kind: TripKind,
    /// Within the last [`BadOf::WINDOW`].
    pub candidate: BadOf,
    /// Within the last [`BadOf::WINDOW`].
    pub incumbent: BadOf,
    pub at: Timestamp,
}

/// What the gateway did about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TripKind {
    /// The share is zero, and latched there.
    Zeroed,
    /// Nothing: in plans `first` and `restore` the share stays, and the rollout is to pause.
    Pause,
}

/// Bad answers (errors and exceeded deadlines) among all answers of one arm.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct BadOf {
    pub bad: u64,
    pub total: u64,
}

impl BadOf {
    /// The window a trip's counts cover.
    pub const WINDOW: std::time::Duration = std::time::Duration::from_secs(10);
}
