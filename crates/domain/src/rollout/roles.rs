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
        let trying = matches!(self.stage, Stage::Canary | Stage::Ramp { .. });
        let standing_by = self.stage == Stage::Stabilizing;
        let candidate = role(CANARY, &self.candidate, trying);
        let incumbent = self.incumbent.as_ref().map(|version| role(STANDBY, version, standing_by));
        std::iter::once(candidate).chain(incumbent).collect()
    }
}

fn role<'a>(alias: &'static str, version: &'a VersionRef, given: bool) -> Role<'a> {
    if given { Role::Given { alias, version } } else { Role::Over { alias, version } }
}
