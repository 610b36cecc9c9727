//! Blobs that nothing refers to.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// So many blobs, of so many bytes together.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Total {
    pub blobs: u64,
    pub bytes: u64,
}

/// One blob that would go.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct GarbageBlob {
    pub digest: String,
    pub size: u64,
    pub stored_at: String,
    pub age_seconds: u64,
}

/// What a collection would do now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Garbage {
    /// What would go.
    pub garbage: Total,
    /// What nothing refers to either, but is within the grace.
    pub young: Total,
    /// What something refers to.
    pub kept: Total,
    /// A page of what would go, by digest.
    pub items: Vec<GarbageBlob>,
    /// The `cursor` of the next page; none: this is the last.
    pub next: Option<String>,
}

/// Remove garbage.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Collect {
    /// Blobs stored within this time stay: 36h, 90m [default: `limits.gc.grace`].
    #[serde(default)]
    pub grace: Option<String>,
}

/// What one request removed, and what it left for the next.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Collected {
    pub removed: Total,
    /// Beyond `limits.gc.max_removed`, or in use at that moment.
    pub left: Total,
}
