//! From a gateway's latch to the event that explains it in the journal: the trip that set it, or,
//! where the process died between the move to share zero and its commit, what the latch stands for.
//! Refuses to clear one: only the table that the explanation brings does.

use super::cell::Cell;
use crate::clock;
use seatrial_domain::Share;
use seatrial_domain::rollout::{Event, Rollout};
use seatrial_domain::telemetry::{BadOf, Latch, LatchCause, Trip, TripKind};
use std::time::{Duration, Instant};

/// A guardrail's trip follows its latch within this time, with the counts it rests on.
const TRIP_FOLLOWS: Duration = Duration::from_secs(1);

/// The latch that was seen last, and since when it stands.
#[derive(Debug, Default)]
pub(super) struct Seen(Option<(Latch, Instant)>);

impl Seen {
    /// How long this very latch has been seen.
    fn age(&mut self, latch: Latch) -> Duration {
        let now = clock::monotonic();
        let kept = self.0.filter(|(seen, _)| *seen == latch);
        let (_, since) = *self.0.insert(kept.unwrap_or((latch, now)));
        now.duration_since(since)
    }
}

/// The event an unexplained latch stands for.
pub(super) fn explained(
    cell: &Cell,
    seen: &mut Seen,
    rollout: &Rollout,
    latch: Option<Latch>,
) -> Option<Event> {
    let latch = latch?;
    // A commit that explains a latch wants share zero; its table, once in force, clears the latch.
    let unexplained =
        latch.rollout == rollout.id && rollout.share() > Share::ZERO && !cell.is_commanded();
    let waits = is_guardrail(latch.cause) && seen.age(latch) < TRIP_FOLLOWS;
    (unexplained && !waits).then(|| event(rollout, latch))
}

const fn is_guardrail(cause: LatchCause) -> bool {
    match cause {
        LatchCause::ConsecutiveErrors
        | LatchCause::ErrorRatio
        | LatchCause::DeadlineExceeded
        | LatchCause::NotReady => true,
        LatchCause::Operator | LatchCause::Verdict | LatchCause::Damaged => false,
    }
}

/// The trip as told by the gateway. Where its latch still stands it is about the table that is
/// wanted now, even if that one was committed while the guardrail tripped.
pub(super) fn told(mut trip: Trip, rollout: &Rollout, latch: Option<Latch>) -> Event {
    if latch.is_some_and(|latch| latch.rollout == rollout.id && latch.epoch == trip.epoch) {
        trip.epoch = rollout.epoch;
    }
    Event::GuardrailTripped(Box::new(trip))
}

fn event(rollout: &Rollout, latch: Latch) -> Event {
    match latch.cause {
        // A first version has nothing to roll back to; with its share at zero it can only end.
        LatchCause::Operator | LatchCause::Verdict if rollout.incumbent.is_none() => {
            Event::Abort { reason: "ordered by a person before a restart".to_owned() }
        }
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
        | LatchCause::NotReady
        | LatchCause::Damaged => Event::GuardrailTripped(Box::new(Trip {
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
