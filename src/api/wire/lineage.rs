//! What versions were made from.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A version and its kin.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Lineage {
    /// The version itself, then its ancestors, each once, the nearer first.
    pub line: Vec<Descent>,
    /// The versions that were made from it.
    pub children: Vec<Kin>,
    /// Whether there are more ancestors or children than shown.
    pub cut: bool,
}

/// One version, and what it was made from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Descent {
    pub version: Kin,
    pub parents: Vec<Kin>,
    pub trained_on: Option<TrainedOn>,
    pub code_ref: Option<String>,
    pub run_id: Option<String>,
    pub run_link: Option<String>,
    /// MLflow's logged model.
    pub model_id: Option<String>,
}

/// A version, here or elsewhere.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Kin {
    pub digest: String,
    /// `digits@3`, where it is or was registered here.
    pub name: Option<String>,
    pub whereabouts: Whereabouts,
}

/// Where a version's bytes are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Whereabouts {
    Here,
    /// It was here.
    Deleted,
    /// It never was here.
    Elsewhere,
}

/// A training dataset.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TrainedOn {
    pub digest: String,
    /// `holdout@1`, where it was cited so.
    pub name: Option<String>,
}
