//! One rollout: what may happen to it (`on`, the edge) and what must then be true (`desired`, the
//! level). Nothing else changes a rollout. Owns no evidence, clock, socket or store.

mod approval;
mod clock;
mod desired;
mod ending;
mod entry;
mod event;
mod gated;
mod guardrail;
mod here;
mod leaving;
mod objective;
mod operator;
mod overlay;
mod pausing;
mod restarting;
mod roles;
mod stage;
mod standing;
mod state;
mod voyage;

#[cfg(test)]
mod fixture;
#[cfg(test)]
mod laws;
#[cfg(test)]
mod tests;

pub use clock::Clock;
pub use desired::{Desired, Mirror, Pool, Route, Wanted};
pub use entry::{Cause, Effect, Entry, Transition};
pub use event::{Event, Fault, Rejected};
pub use overlay::{Awaiting, Hold, Pause, Void};
pub use roles::{CANARY, Role, STANDBY, is_role};
pub use stage::{Outcome, Stage, StageName, Validation};
pub use state::{Bootstrap, New, Rollout, Step};

use crate::Timestamp;
use operator::Sorted;

impl Rollout {
    /// What `event` does to this rollout at `now`: the next state and its journal entry.
    ///
    /// Errors: [`Rejected`] when the event means nothing in this state; the rollout is unchanged.
    pub fn on(&self, event: &Event, now: Timestamp) -> Result<Transition, Rejected> {
        if self.stage.is_terminal() {
            return Err(Rejected::Terminal(self.stage.name()));
        }
        let mut next = self.clone();
        next.step.clock.advance(restarting::counts_to(event, now), self.overlays());
        let here = match operator::everywhere(&next, event, now) {
            Sorted::Answered(answer) => return *answer,
            Sorted::Here(here) => here,
        };
        match self.stage {
            Stage::Queued => voyage::queued(next, here, event, now),
            Stage::Staging => voyage::staging(next, here, event, now),
            Stage::Validating { state: Validation::Running } => {
                voyage::running(next, here, event, now)
            }
            Stage::Validating { state: Validation::Passed } => {
                voyage::passed(next, here, event, now)
            }
            Stage::Shadow => gated::shadow(next, here, event, now),
            Stage::Canary | Stage::Ramp { .. } => gated::gate(next, here, event, now),
            Stage::Cutover => standing::cutover(next, here, event, now),
            Stage::Stabilizing => standing::stabilizing(next, here, event, now),
            Stage::Decommissioning => standing::decommissioning(next, here, event, now),
            Stage::RollingBack { outcome } => {
                standing::rolling_back(next, (outcome, here), event, now)
            }
            Stage::Completed
            | Stage::Rejected
            | Stage::RolledBack
            | Stage::Aborted
            | Stage::Superseded => Err(Rejected::Terminal(self.stage.name())),
        }
    }
}
