//! What is played, and what is told of it.

use crate::laws::Broken;
use crate::traffic::Traffic;
use crate::trouble::Trouble;
use seatrial_domain::judge;
use seatrial_domain::plan::Plan;
use seatrial_domain::rollout::{Pause, StageName};
use seatrial_domain::{ModelName, Share};
use std::collections::BTreeMap;

/// What is played.
#[derive(Debug, Clone)]
pub struct Scenario {
    pub plan: Plan,
    pub model: ModelName,
    pub traffic: Traffic,
    pub trouble: Trouble,
    pub seed: u64,
    /// When to stop, in virtual seconds.
    pub seconds: u32,
}

/// How it went.
#[derive(Debug, Clone, PartialEq)]
pub struct Report {
    pub stage: StageName,
    pub paused: Option<Pause>,
    /// Every share the candidate had, in order.
    pub shares: Vec<Share>,
    /// The stages passed through, in order.
    pub stages: Vec<StageName>,
    /// Units assigned to the candidate, over all gates.
    pub candidate_units: u64,
    pub seconds: u32,
    pub reason: Option<String>,
    /// How often each event meant something.
    pub events: BTreeMap<&'static str, u32>,
}

/// A scenario that could not be played to its end.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The plan makes no tests.
    #[error(transparent)]
    Judge(#[from] judge::Error),
    /// A law did not hold.
    #[error(transparent)]
    Broken(#[from] Broken),
}
