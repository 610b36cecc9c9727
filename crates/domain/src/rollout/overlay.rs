//! The three independent options beside a stage: paused, awaiting approval, held.

use crate::Timestamp;
use serde::{Deserialize, Serialize};
use std::fmt;

/// Why a person is needed before the share may rise again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Pause {
    Operator,
    /// The shadow disagrees by more than its limit.
    Divergence,
    /// Both arms are bad: the share is zero until somebody resumes.
    Incident,
    SampleRatio,
    Deadline,
    Fail,
    ApprovalExpired,
}

impl Pause {
    /// Which pause stands where two would: zero share before a void verdict before the rest, so
    /// that no lesser cause restores a share or makes a rollout resumable.
    pub(super) const fn rank(self) -> u8 {
        match self {
            Self::Operator | Self::Divergence | Self::Deadline | Self::ApprovalExpired => 0,
            Self::SampleRatio => 1,
            Self::Fail => 2,
            Self::Incident => 3,
        }
    }

    /// The cause as stored and shown.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Operator => "operator",
            Self::Divergence => "divergence",
            Self::Incident => "incident",
            Self::SampleRatio => "sample_ratio",
            Self::Deadline => "deadline",
            Self::Fail => "fail",
            Self::ApprovalExpired => "approval_expired",
        }
    }
}

/// What the world must give before the share may rise again; nobody needs to act here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Hold {
    Freeze,
    Telemetry,
    Coverage,
    Provider,
    Capacity,
    Standby,
    Ack,
    Storage,
    Referenced,
    RollbackFailed,
}

impl Hold {
    /// The cause as stored and shown.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Freeze => "freeze",
            Self::Telemetry => "telemetry",
            Self::Coverage => "coverage",
            Self::Provider => "provider",
            Self::Capacity => "capacity",
            Self::Standby => "standby",
            Self::Ack => "ack",
            Self::Storage => "storage",
            Self::Referenced => "referenced",
            Self::RollbackFailed => "rollback_failed",
        }
    }
}

impl fmt::Display for Pause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Display for Hold {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// An approval that was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Awaiting {
    pub since: Timestamp,
}

/// The overlays as a value: which clocks stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Overlays {
    pub(super) paused: Option<Pause>,
    pub(super) awaiting: Option<Awaiting>,
    pub(super) held: Option<Hold>,
}

impl Overlays {
    /// Minimum durations stop under every overlay.
    pub(super) const fn stop_minimum(self) -> bool {
        self.paused.is_some() || self.awaiting.is_some() || self.held.is_some()
    }

    /// Maximum durations stop only under a pause, an approval or a freeze.
    pub(super) const fn stop_maximum(self) -> bool {
        self.paused.is_some() || self.awaiting.is_some() || matches!(self.held, Some(Hold::Freeze))
    }
}
