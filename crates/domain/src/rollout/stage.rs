//! The stages of a voyage. Names are the glossary's and are stored.

use serde::{Deserialize, Serialize};
use std::fmt;

/// Where a rollout is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "name")]
pub enum Stage {
    Queued,
    Staging,
    Validating {
        state: Validation,
    },
    Shadow,
    Canary,
    /// `step` counts the policy's ramp from 0.
    Ramp {
        step: u8,
    },
    Cutover,
    Stabilizing,
    Decommissioning,
    /// Share zero is wanted but not yet acknowledged.
    RollingBack {
        outcome: Outcome,
    },
    Completed,
    Rejected,
    RolledBack,
    Aborted,
    Superseded,
}

/// Whether validation is over; a first version waits there for its approval.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Validation {
    Running,
    Passed,
}

/// How a rollout ends that does not complete.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    RolledBack,
    Rejected,
    Aborted,
    Superseded,
}

impl Outcome {
    /// The terminal stage this outcome ends in.
    pub const fn stage(self) -> Stage {
        match self {
            Self::RolledBack => Stage::RolledBack,
            Self::Rejected => Stage::Rejected,
            Self::Aborted => Stage::Aborted,
            Self::Superseded => Stage::Superseded,
        }
    }
}

/// A stage without its data: what is shown, filtered and journalled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StageName {
    Queued,
    Staging,
    Validating,
    Shadow,
    Canary,
    Ramp,
    Cutover,
    Stabilizing,
    Decommissioning,
    RollingBack,
    Completed,
    Rejected,
    RolledBack,
    Aborted,
    Superseded,
}

impl Stage {
    /// The stage without its data.
    pub const fn name(self) -> StageName {
        match self {
            Self::Queued => StageName::Queued,
            Self::Staging => StageName::Staging,
            Self::Validating { .. } => StageName::Validating,
            Self::Shadow => StageName::Shadow,
            Self::Canary => StageName::Canary,
            Self::Ramp { .. } => StageName::Ramp,
            Self::Cutover => StageName::Cutover,
            Self::Stabilizing => StageName::Stabilizing,
            Self::Decommissioning => StageName::Decommissioning,
            Self::RollingBack { .. } => StageName::RollingBack,
            Self::Completed => StageName::Completed,
            Self::Rejected => StageName::Rejected,
            Self::RolledBack => StageName::RolledBack,
            Self::Aborted => StageName::Aborted,
            Self::Superseded => StageName::Superseded,
        }
    }

    /// Whether nothing more can happen.
    pub const fn is_terminal(self) -> bool {
        self.name().is_terminal()
    }
}

impl StageName {
    /// Whether nothing more can happen in it.
    pub const fn is_terminal(self) -> bool {
        match self {
            Self::Completed
            | Self::Rejected
            | Self::RolledBack
            | Self::Aborted
            | Self::Superseded => true,
            Self::Queued
            | Self::Staging
            | Self::Validating
            | Self::Shadow
            | Self::Canary
            | Self::Ramp
            | Self::Cutover
            | Self::Stabilizing
            | Self::Decommissioning
            | Self::RollingBack => false,
        }
    }

    /// The name as stored and shown.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Staging => "staging",
            Self::Validating => "validating",
            Self::Shadow => "shadow",
            Self::Canary => "canary",
            Self::Ramp => "ramp",
            Self::Cutover => "cutover",
            Self::Stabilizing => "stabilizing",
            Self::Decommissioning => "decommissioning",
            Self::RollingBack => "rolling_back",
            Self::Completed => "completed",
            Self::Rejected => "rejected",
            Self::RolledBack => "rolled_back",
            Self::Aborted => "aborted",
            Self::Superseded => "superseded",
        }
    }
}

impl fmt::Display for StageName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
