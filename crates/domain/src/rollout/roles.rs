//! The aliases that tell a model's users which of its versions a rollout is trying, and which it
//! keeps ready: derived from the rollout's state, as deployments and routes are. `cutover.alias` is
//! none of them: it moves with what the endpoint serves.

use super::stage::Stage;
use super::state::Rollout;
use crate::VersionRef;

/// Names the candidate at the canary and in the ramp.
pub const CANARY: &str = "canary";
/// Names the incumbent while the candidate proves itself stable.
pub const STANDBY: &str = "standby";

/// Whether rollouts alone give this alias, whatever a policy says.
pub fn is_role(alias: &str) -> bool {
    [CANARY, STANDBY].contains(&alias)
}

/// What is to be true of an alias.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role<'a> {
    /// It points at this version.
    Given { alias: &'static str, version: &'a VersionRef },
    /// It does not point at this version; where else it points is another rollout's.
    Over { alias: &'static str, version: &'a VersionRef },
}

impl Rollout {
    /// The roles of both versions in this state.
    pub fn roles(&self) -> Vec<Role<'_>> {
        std::iter::once(self.canary()).chain(self.standby()).collect()
    }

    fn canary(&self) -> Role<'_> {
        let (alias, version) = (CANARY, &self.candidate);
        match self.stage {
            Stage::Canary | Stage::Ramp { .. } => Role::Given { alias, version },
            Stage::Queued
            | Stage::Staging
            | Stage::Validating { .. }
            | Stage::Shadow
            | Stage::Cutover
            | Stage::Stabilizing
            | Stage::Decommissioning
            | Stage::RollingBack { .. }
            | Stage::Completed
            | Stage::Rejected
            | Stage::RolledBack
            | Stage::Aborted
            | Stage::Superseded => Role::Over { alias, version },
        }
    }

    fn standby(&self) -> Option<Role<'_>> {
        let (alias, version) = (STANDBY, self.incumbent.as_ref()?);
        Some(if self.stage == Stage::Stabilizing {
            Role::Given { alias, version }
        } else {
            Role::Over { alias, version }
        })
    }
}
