//! Endpoints.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The stable name clients call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Endpoint {
    pub name: String,
    pub model: String,
    /// The version it answers with outside a rollout.
    pub serving: Option<String>,
    pub serving_digest: Option<String>,
    pub runtime: String,
    pub deadline_ms: u64,
    pub max_body: u64,
    pub max_concurrency: u32,
    pub sessions: u32,
}

/// Settings to change; they apply to the next rollout.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SettingsChange {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deadline_ms: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_body: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_concurrency: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sessions: Option<u32>,
}

/// Back to a known-good version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RollBack {
    /// None: the last known-good one.
    #[serde(default)]
    pub to: Option<u64>,
    #[serde(default)]
    pub reason: Option<String>,
}
