//! Rollouts and the words people say to them.

use crate::driver::command::Tripped;
use seatrial_domain::evidence::ShadowCounts;
use seatrial_domain::rollout;
use seatrial_domain::verdict::{Account, Trust, Verdict};
use seatrial_domain::{Revision, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A rollout in short.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Rollout {
    pub id: u64,
    pub endpoint: String,
    pub model: String,
    pub candidate: u64,
    pub incumbent: Option<u64>,
    pub attempt: u32,
    /// `promote`, `first` or `restore`.
    pub kind: String,
    pub policy: String,
    pub plan_hash: String,
    pub stage: String,
    /// Basis points of units assigned to the candidate.
    pub share: u16,
    /// `paused(…)`, `awaiting_approval`, `held(…)`.
    pub overlays: Vec<String>,
    pub epoch: u64,
    /// For `If-Match`.
    pub revision: u64,
    pub reason: Option<String>,
    pub created_at: String,
    pub ended_at: Option<String>,
}

/// Begin a rollout.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Start {
    pub model: String,
    pub version: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub endpoint: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy: Option<String>,
    /// A first version goes live without asking.
    #[serde(default)]
    pub bootstrap: bool,
    /// Starts although the digest is quarantined, for this reason.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub override_quarantine: Option<String>,
    /// Why it starts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// What came of a start.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case", tag = "outcome")]
pub enum StartAnswer {
    /// It runs, or waits for its turn.
    Started { rollout: Box<Rollout> },
    /// The endpoint serves these bytes already.
    SameArtifact { endpoint: String, serving: u64 },
}

/// A person's word on a rollout.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case", tag = "command", deny_unknown_fields)]
pub enum Command {
    Approve {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    },
    Reject {
        reason: String,
    },
    Pause {
        reason: String,
    },
    Resume {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    },
    Promote {
        reason: String,
    },
    Abort {
        reason: String,
    },
    /// A new attempt with a new salt.
    Retry {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        override_quarantine: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    },
}

/// The state, why, and what is still needed.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Explained {
    #[schema(value_type = Object)]
    pub rollout: rollout::Rollout,
    #[schema(value_type = u64)]
    pub revision: Revision,
    /// The verdict at this moment; of a finished rollout, the last one.
    #[schema(value_type = Option<Object>)]
    pub verdict: Option<Verdict>,
    /// What each check of that verdict rests on: counts by gate and arm, budget, pace, what would change
    /// it, and all of it in sentences. Empty where the stage has no tests.
    #[serde(default)]
    #[schema(value_type = Vec<Object>)]
    pub accounts: Vec<Account>,
    /// How units were split, and how many have their labels: where that can't be trusted, passes are
    /// void.
    #[serde(default)]
    #[schema(value_type = Object)]
    pub trust: Trust,
    /// The last trip of a guardrail, of a rollout that is paused or over: its limit, what was counted
    /// around it, and what follows.
    #[serde(default)]
    #[schema(value_type = Option<Object>)]
    pub trip: Option<Tripped>,
    #[schema(value_type = Option<Object>)]
    pub validation: Option<serde_json::Value>,
    #[schema(value_type = Option<Object>)]
    pub shadow: Option<ShadowCounts>,
    pub summary: String,
    /// Microseconds since the Unix epoch.
    #[schema(value_type = i64)]
    pub now: Timestamp,
}
