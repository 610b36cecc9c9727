//! Taking a rollout up again after the server was down: the outage counts towards nothing, and a
//! routing table that was in force must be acknowledged anew before the step goes on.

use super::entry::{Answer, said, stay};
use super::event::{Event, Rejected};
use super::stage::Stage;
use super::state::Rollout;
use crate::Timestamp;

/// Up to when the step's clock counts at this event: now, less an outage that ends here.
pub(super) fn counts_to(event: &Event, now: Timestamp) -> Timestamp {
    if let Event::Restarted { alive_until } = event { now.min(*alive_until) } else { now }
}

/// Goes on from `now`. What was counted before the outage stays, and so do overlays, route and
/// share; without an outage nothing changes, unless there is a routing table to acknowledge.
pub(super) fn restarted(mut next: Rollout, event: &Event, now: Timestamp) -> Answer {
    let before = next.step.clone();
    match next.stage {
        Stage::Queued | Stage::Staging | Stage::Validating { .. } => {
            next.step.clock.halt();
            next.step.clock.start(now);
        }
        // Gateways may have come up with another table, or not at all.
        Stage::Shadow
        | Stage::Canary
        | Stage::Ramp { .. }
        | Stage::Cutover
        | Stage::Stabilizing
        | Stage::Decommissioning
        | Stage::RollingBack { .. } => next.await_acknowledgement(now),
        Stage::Completed
        | Stage::Rejected
        | Stage::RolledBack
        | Stage::Aborted
        | Stage::Superseded => return Err(Rejected::Terminal(next.stage.name())),
    }
    if next.step == before {
        return Err(Rejected::Already);
    }
    let outage = now.since(counts_to(event, now)).as_secs();
    Ok(stay(next, event, said(format!("taken up again after {outage} s"))))
}
