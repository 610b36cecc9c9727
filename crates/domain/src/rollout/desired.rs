//! What must be true of the world in each state: the table of DESIGN.md §2, as data. Enforced
//! idempotently; recomputed from state, never remembered.

use super::overlay::Pause;
use super::stage::{Stage, StageName, Validation};
use super::state::Rollout;
use crate::evidence::GateIndex;
use crate::plan::{Kind, StandbyMode};
use crate::{Epoch, Share, Timestamp, VersionRef};
use serde::Serialize;

/// The deployments and the route that are wanted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Desired {
    pub deployments: Vec<Wanted>,
    pub route: Route,
}

/// One version, deployed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Wanted {
    pub version: VersionRef,
    /// Sessions that must be ready, at least.
    pub sessions: u32,
    pub pool: Pool,
}

/// What a deployment is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Pool {
    /// Takes clients' requests.
    Live,
    /// On a private listener of its own.
    Staging,
    /// Answers copies.
    Shadow,
    /// Loaded, and ready to take everything back.
    Standby,
    /// Kept for debugging only.
    Kept,
}

/// The routing table that is wanted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Route {
    pub epoch: Epoch,
    pub incumbent: Option<VersionRef>,
    /// Present where the candidate may see requests or copies.
    pub candidate: Option<VersionRef>,
    pub share: Share,
    pub gate: Option<GateIndex>,
    pub mirror: Mirror,
    /// Reachable by its number besides the arms: the standby.
    pub pinned: Vec<VersionRef>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Mirror {
    On,
    Off,
}

impl Rollout {
    /// What must be true of the world at `now`.
    pub fn desired(&self, now: Timestamp) -> Desired {
        Desired { deployments: self.deployments(now), route: self.route() }
    }

    fn deployments(&self, now: Timestamp) -> Vec<Wanted> {
        let incumbent = self.incumbent.clone().and_then(|version| {
            let pool = self.incumbent_pool()?;
            Some(Wanted { version, sessions: self.settings.sessions, pool })
        });
        let candidate = self.candidate_pool(now).map(|pool| Wanted {
            version: self.candidate.clone(),
            sessions: self.candidate_sessions(),
            pool,
        });
        incumbent.into_iter().chain(candidate).collect()
    }

    /// None where the incumbent is gone, or cold.
    fn incumbent_pool(&self) -> Option<Pool> {
        match self.stage {
            Stage::Stabilizing | Stage::Decommissioning if self.share() < Share::FULL => {
                Some(Pool::Live)
            }
            // While it is decommissioned it may still be answering what it was given before.
            Stage::Stabilizing | Stage::Decommissioning => match self.plan.standby.mode {
                StandbyMode::Hot => Some(Pool::Standby),
                StandbyMode::Cold => None,
            },
            Stage::Completed => None,
            Stage::Queued
            | Stage::Staging
            | Stage::Validating { .. }
            | Stage::Shadow
            | Stage::Canary
            | Stage::Ramp { .. }
            | Stage::Cutover
            | Stage::RollingBack { .. }
            | Stage::Rejected
            | Stage::RolledBack
            | Stage::Aborted
            | Stage::Superseded => Some(Pool::Live),
        }
    }

    fn candidate_pool(&self, now: Timestamp) -> Option<Pool> {
        match self.stage.name() {
            StageName::Queued => None,
            StageName::Staging | StageName::Validating => Some(Pool::Staging),
            StageName::Shadow => Some(Pool::Shadow),
            StageName::Canary
            | StageName::Ramp
            | StageName::Cutover
            | StageName::Stabilizing
            | StageName::Decommissioning
            | StageName::RollingBack
            | StageName::Completed => Some(Pool::Live),
            StageName::Rejected
            | StageName::RolledBack
            | StageName::Aborted
            | StageName::Superseded => {
                let ended = self.ended_at?;
                (now.since(ended) < self.plan.keep_candidate).then_some(Pool::Kept)
            }
        }
    }

    /// Enough for the NEXT share, so that capacity is there before weight.
    pub fn candidate_sessions(&self) -> u32 {
        match self.stage.name() {
            StageName::Shadow | StageName::Canary | StageName::Ramp => {
                self.sessions_after_gate().max(1)
            }
            StageName::Staging | StageName::Validating if self.plan.kind == Kind::Promote => {
                self.plan.staging.replicas.max(1)
            }
            StageName::Staging
            | StageName::Validating
            | StageName::Queued
            | StageName::Cutover
            | StageName::Stabilizing
            | StageName::Decommissioning
            | StageName::Completed => self.settings.sessions,
            // Nothing more is loaded for it.
            StageName::RollingBack
            | StageName::Rejected
            | StageName::RolledBack
            | StageName::Aborted
            | StageName::Superseded => 1,
        }
    }

    /// Sessions of the candidate that must be ready before a raise that no look accompanies: a first
    /// version's cutover, and the `resume` of an incident. None: the next raise is by a look, if any.
    /// Whoever sees that they are not ready says so by `Held`.
    pub fn sessions_without_a_look(&self) -> Option<u32> {
        if self.stage == (Stage::Validating { state: Validation::Passed }) {
            return Some(self.candidate_sessions());
        }
        let incident = self.paused == Some(Pause::Incident);
        incident.then(|| self.sessions_for(self.share_of_stage()))
    }

    fn route(&self) -> Route {
        let share = self.share();
        let mirror = if self.stage == Stage::Shadow { Mirror::On } else { Mirror::Off };
        let seen = share > Share::ZERO || mirror == Mirror::On;
        Route {
            epoch: self.epoch,
            // A version that is not deployed answers nothing.
            incumbent: self.incumbent_pool().and_then(|_| self.incumbent.clone()),
            candidate: seen.then(|| self.candidate.clone()),
            share,
            gate: (share > Share::ZERO).then(|| self.gate_index()).flatten(),
            mirror,
            pinned: self.pinned(),
        }
    }

    /// The standby answers by its number while it stands by.
    fn pinned(&self) -> Vec<VersionRef> {
        match self.stage {
            Stage::Cutover | Stage::Stabilizing => {
                let deployed = self.incumbent_pool().and_then(|_| self.incumbent.clone());
                deployed.into_iter().collect()
            }
            Stage::Queued
            | Stage::Staging
            | Stage::Validating { .. }
            | Stage::Shadow
            | Stage::Canary
            | Stage::Ramp { .. }
            | Stage::Decommissioning
            | Stage::RollingBack { .. }
            | Stage::Completed
            | Stage::Rejected
            | Stage::RolledBack
            | Stage::Aborted
            | Stage::Superseded => Vec::new(),
        }
    }
}
