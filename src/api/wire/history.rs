//! A model's past.

use super::Served;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// One move of an alias.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AliasMove {
    pub alias: String,
    /// Where it pointed from then on; none: it was removed.
    pub version: Option<u64>,
    pub at: String,
    pub actor: String,
    pub why: String,
}

/// What was in production at an instant, and what was called what.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Past {
    pub model: String,
    pub time: String,
    /// The endpoints that served the model, or were bringing it in.
    pub endpoints: Vec<Served>,
    /// Where each alias pointed: its last move until then.
    pub aliases: Vec<AliasMove>,
}
