//! The pure core: what a rollout is, what may happen to it, and what must then be true.
//!
//! Owns ids, versions, policies, plans, the rollout's state machine and the verdicts. Refuses IO:
//! time, chance and evidence come in as values, decisions go out as values.

pub mod comparison;
pub mod endpoint;
pub mod evidence;
pub mod exposure;
pub mod grounds;
pub mod guard;
pub mod ids;
pub mod judge;
pub mod ledger;
pub mod lineage;
pub mod looks;
pub mod manifest;
mod mix;
pub mod mlmodel;
pub mod oci;
pub mod plan;
pub mod policy;
pub mod ranking;
pub mod replay;
pub mod rollout;
pub mod search;
pub mod share;
pub mod signing;
pub mod split;
pub mod telemetry;
pub mod tensor;
pub mod time;
pub mod verdict;

pub use ids::{
    Actor, Digest, EndpointName, Epoch, ModelName, PlanHash, Revision, RolloutId, VersionNumber,
    VersionRef,
};
pub use share::Share;
pub use time::Timestamp;
