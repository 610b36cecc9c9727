//! The journal and the quarantine.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// One row of the journal.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct JournalRow {
    pub seq: u64,
    pub at: String,
    pub actor: String,
    pub event: String,
    /// What it is about, outside a rollout: `model/v3`, `policy standard@1`, …
    pub subject: Option<String>,
    pub rollout: Option<u64>,
    pub endpoint: Option<String>,
    /// In one line.
    pub what: String,
    /// The whole entry, its JSON columns read.
    #[schema(value_type = Object)]
    pub entry: serde_json::Value,
    /// The row's canonical bytes: its columns as they are stored. Their sha256 is `hash`.
    pub canonical: String,
    pub hash: String,
}

/// Whether the journal is what was written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Chain {
    pub verified: bool,
    pub rows: u64,
    /// The last row's hash: kept elsewhere, it shows truncation.
    pub head: Option<String>,
    /// The first row that does not fit, and how.
    pub fault: Option<String>,
}

/// What served an endpoint at an instant, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Served {
    pub endpoint: String,
    /// None: it answered 503.
    pub version: Option<String>,
    pub digest: Option<String>,
    pub since: String,
    pub why: String,
    /// The journal row that says so.
    pub seq: u64,
    /// The rollout that was past the queue and not over.
    pub rollout: Option<Underway>,
}

/// How far a rollout was at an instant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Underway {
    pub id: u64,
    pub candidate: String,
    pub stage: String,
    /// Basis points of the units that went to the candidate. Zero: the incumbent answered, as under
    /// `paused(incident)`.
    pub share: u16,
    pub overlays: Vec<String>,
}

/// A digest that was rejected or rolled back for cause.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Quarantined {
    pub digest: String,
    pub rollout: Option<u64>,
    pub why: String,
    pub since: String,
}
