//! Taking a rollout up again after the server was down: the outage counts towards nothing, and a
//! routing table that was in force must be acknowledged anew before the step goes on.

use super::entry::{Answer, said, stay};
use super::event::{Event, Rejected};
use super::stage::{Stage, Validation};
use super::state::Rollout;
use crate::Timestamp;

/// Up to when the step's clock counts at this event: now, less an outage that ends here.
pub(super) fn counts_to(event: &Event, now: Timestamp) -> Timestamp {
    if let Event::Restarted { alive_until } = event { now.min(*alive_until) } else { now }
}

/// Goes on from `now`. What was counted before the outage stays, and so do overlays, route and
/// share; without an outage nothing changes, unless there is a routing table to acknowledge.
pub(super) fn restarted(mut next: Rollout, event: &Event, now: Timestamp) -> Answer {
    let before = (next.step.clone(), next.awaiting);
    match next.stage {
        Stage::Queued | Stage::Validating { state: Validation::Passed } => restart(&mut next, now),
        // What ran is lost with its process and begins anew, and so does the time it may take.
        Stage::Staging | Stage::Validating { state: Validation::Running } => {
            restart(&mut next, now);
            next.step.clock.restart_maximum();
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
    let outage = now.since(counts_to(event, now));
    // Nobody could approve meanwhile.
    if let Some(asked) = &mut next.awaiting {
        asked.since = asked.since.plus(outage).min(now);
    }
    if (&next.step, next.awaiting) == (&before.0, before.1) {
        return Err(Rejected::Already);
    }
    Ok(stay(next, event, said(format!("taken up again after {} s", outage.as_secs()))))
}

/// Counts on from `now`.
fn restart(next: &mut Rollout, now: Timestamp) {
    next.step.clock.halt();
    next.step.clock.start(now);
}
