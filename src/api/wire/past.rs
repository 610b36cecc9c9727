//! Verdicts of the past.

use super::Chain;
use seatrial_domain::replay::Difference;
use seatrial_domain::verdict::{Account, Trust, Verdict};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A verdict in the journal, and what it rested on.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct PastVerdict {
    /// The journal row.
    pub seq: u64,
    pub at: String,
    /// `canary -> ramp at 25 %`
    pub step: String,
    /// The row's cause in one line.
    pub said: String,
    /// None where the row does not tell it.
    #[schema(value_type = Option<Object>)]
    pub verdict: Option<Verdict>,
    /// What each check rested on; empty where the journal does not tell it.
    #[schema(value_type = Vec<Object>)]
    pub accounts: Vec<Account>,
    /// How units were split, and how many had their labels; empty where the journal does not tell it.
    #[serde(default)]
    #[schema(value_type = Object)]
    pub trust: Trust,
}

/// What deriving a rollout's verdicts again has shown.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Replay {
    /// Whether the journal is what was written; on the first page only.
    pub chain: Option<Chain>,
    pub verdicts: Vec<ReplayedVerdict>,
    /// The `cursor` of the next page; none: this is the last.
    pub next: Option<String>,
}

/// A verdict in the journal, derived again from what its row says it rested on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ReplayedVerdict {
    /// The journal row.
    pub seq: u64,
    pub at: String,
    pub step: String,
    /// The recorded verdict in one line.
    pub said: String,
    /// `agrees`, `differs`, `not_recorded` (the journal does not tell what it rested on) or `unreadable`
    /// (this version cannot read what it tells).
    pub outcome: String,
    /// Why it is not recorded, or not readable.
    pub why: Option<String>,
    /// Field, as recorded, as derived; at most 100.
    #[schema(value_type = Vec<Object>)]
    pub differences: Vec<Difference>,
}
