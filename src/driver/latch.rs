//! A gateway's latch that no journal row explains: the process died between the move to share zero
//! and its commit. The next step says what happened.

use super::cell::Cell;
use crate::clock;
use seatrial_domain::Share;
use seatrial_domain::rollout::{Event, Rollout};
use seatrial_domain::telemetry::{BadOf, Latch, LatchCause, Trip, TripKind};

/// The event an unexplained latch stands for.
pub(super) fn explained(cell: &Cell, rollout: &Rollout, latch: Option<Latch>) -> Option<Event> {
    let latch = latch?;
    let unexplained = latch.rollout == rollout.id
        && latch.epoch == rollout.epoch
        && rollout.share() > Share::ZERO
        && !cell.is_commanded();
    unexplained.then(|| event(rollout, latch))
}

fn event(rollout: &Rollout, latch: Latch) -> Event {
    match latch.cause {
        LatchCause::Operator => {
            Event::RollBack { reason: "ordered by a person before a restart".to_owned() }
        }
        LatchCause::Verdict => {
            Event::RollBack { reason: "a check failed before a restart".to_owned() }
        }
        // The counts died with the process: nothing is known of the incumbent.
        LatchCause::ConsecutiveErrors
        | LatchCause::ErrorRatio
        | LatchCause::DeadlineExceeded
        | LatchCause::NotReady => Event::GuardrailTripped(Box::new(Trip {
            endpoint: rollout.endpoint.clone(),
            rollout: rollout.id,
            epoch: rollout.epoch,
            guardrail: latch.cause.as_str().to_owned(),
            kind: TripKind::Zeroed,
            candidate: BadOf::default(),
            incumbent: BadOf::default(),
            at: clock::now(),
        })),
    }
}
