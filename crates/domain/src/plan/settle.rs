//! From cutover on: how the candidate takes over, and how the incumbent stands by and leaves.

use super::Check;
use crate::Share;
use crate::time::millis;
use serde::{Deserialize, Serialize};
use std::time::Duration;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cutover {
    #[serde(with = "millis")]
    pub drain_timeout: Duration,
    pub alias: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Standby {
    pub mode: StandbyMode,
    #[serde(with = "millis")]
    pub probe_every: Duration,
    #[serde(with = "millis")]
    pub rollback_objective: Duration,
    #[serde(with = "millis")]
    pub keep: Duration,
    /// Known-good versions retained for `restore`.
    pub keep_versions: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StandbyMode {
    /// Loaded, at full capacity.
    Hot,
    /// The artifact is pinned, nothing is loaded.
    Cold,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Stability {
    #[serde(with = "millis")]
    pub duration: Duration,
    /// The share left on the incumbent as a live control.
    pub holdback: Share,
    pub checks: Vec<Check>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decommission {
    pub approval: NeedsApproval,
    #[serde(with = "millis")]
    pub drain_timeout: Duration,
    pub artifacts: Artifacts,
    #[serde(with = "millis")]
    pub keep_evidence: Duration,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NeedsApproval {
    Yes,
    No,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Artifacts {
    Keep,
    Release,
}
