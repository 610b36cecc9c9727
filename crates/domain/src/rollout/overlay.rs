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
    /// Which pause is shown where two would be: zero share before a void verdict before the rest, so
    /// that no lesser cause restores a share. What a void verdict forbids stands beside it.
    pub(super) const fn rank(self) -> u8 {
        match self {
            Self::Operator | Self::Divergence | Self::Deadline | Self::ApprovalExpired => 0,
            Self::SampleRatio => 1,
            Self::Fail => 2,
            Self::Incident => 3,
        }
    }

    /// What a person can do about it, in the words of the command line.
    #[must_use]
    pub const fn way_on(self) -> &'static str {
        match self {
            Self::Operator => "resume goes on",
            Self::Divergence => "approve accepts the divergence, reject ends the rollout",
            Self::Incident => "resume restores the share, rollback ends the rollout",
            Self::SampleRatio | Self::Fail => "it can't be resumed: roll back or abort",
            Self::Deadline => {
                "resume gives the gate its whole time again, promote overrides it, rollback ends the \
                 rollout"
            }
            Self::ApprovalExpired => "resume asks again, reject ends the rollout",
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

/// What the evidence has shown that no word of a person undoes: rolled back or aborted, the rollout
/// goes on no more. Kept under an incident too, whose own pause is what is shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "seen")]
pub enum Void {
    SampleRatio { why: String },
    Fail { why: String },
}

impl Void {
    /// What a pause of this cause stands for; none for those that can be resumed.
    pub(super) fn of(pause: Pause, why: String) -> Option<Self> {
        match pause {
            Pause::SampleRatio => Some(Self::SampleRatio { why }),
            Pause::Fail => Some(Self::Fail { why }),
            Pause::Operator
            | Pause::Divergence
            | Pause::Incident
            | Pause::Deadline
            | Pause::ApprovalExpired => None,
        }
    }

    /// The pause that says so where no incident does.
    pub const fn pause(&self) -> Pause {
        match self {
            Self::SampleRatio { .. } => Pause::SampleRatio,
            Self::Fail { .. } => Pause::Fail,
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
    /// Whether only a raise waits for it. Such a hold gives way to what is missing without one.
    pub(super) const fn is_of_a_raise(self) -> bool {
        match self {
            Self::Freeze | Self::Capacity => true,
            Self::Telemetry
            | Self::Coverage
            | Self::Provider
            | Self::Standby
            | Self::Ack
            | Self::Storage
            | Self::Referenced
            | Self::RollbackFailed => false,
        }
    }

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
