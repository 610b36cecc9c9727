//! Policies.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A policy's YAML.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PolicyText {
    pub text: String,
}

/// A policy that may be applied.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Checked {
    pub name: String,
    pub endpoint: String,
}

/// A policy as it was stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Applied {
    pub name: String,
    pub endpoint: String,
    /// 1, 2, … with each changed text.
    pub revision: u64,
    /// Of the text as it was written.
    pub digest: String,
}

/// A stored policy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Policy {
    pub name: String,
    pub endpoint: String,
    /// 1, 2, … with each changed text.
    pub revision: u64,
    pub text: String,
    pub applied_at: String,
}
