//! What the control API sends and takes, as its clients see it. The command line reads these same
//! types. Refuses to be stored: rows and domain values have shapes of their own.

mod audit;
mod datasets;
mod endpoints;
mod garbage;
mod history;
mod lineage;
mod models;
mod past;
mod policies;
mod problem;
mod rollouts;
mod status;

pub use audit::{Chain, JournalRow, Quarantined, Served, Underway};
pub use datasets::{Dataset, RegisterDataset};
pub use endpoints::{Endpoint, RollBack, SettingsChange};
pub use garbage::{Collect, Collected, Garbage, GarbageBlob, Total};
pub use history::{AliasMove, Past};
pub use lineage::{Descent, Kin, Lineage, TrainedOn, Whereabouts};
pub use models::{
    Alias, Change, Diff, FileChange, FileCheck, FileState, MlModel, Model, Register, SealedFile,
    Signature, Tags, Upload, UploadedFile, Verification, Version,
};
pub use past::{PastVerdict, Replay, ReplayedVerdict};
pub use policies::{Applied, Checked, Policy, PolicyText};
pub use problem::Problem;
pub use rollouts::{Command, Explained, Rollout, Start, StartAnswer};
pub use status::{CorruptBlob, Scrub, Status};

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// One page of a listing.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Page<T> {
    pub items: Vec<T>,
    /// The `cursor` of the next page; none: this is the last.
    pub next: Option<String>,
}

/// Why something is done that needs saying.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Reason {
    pub reason: String,
}
