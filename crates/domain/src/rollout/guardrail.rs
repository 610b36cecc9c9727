//! Who is to blame for a guardrail's trip (DESIGN.md §3, guardrails). The gateway has moved the
//! traffic already; this says what the rollout does about it.

use super::ending::{end, end_with, quarantine};
use super::entry::{Answer, Cause, stay};
use super::event::{Event, Rejected};
use super::overlay::Pause;
use super::pausing::pause_for;
use super::stage::Outcome;
use super::state::Rollout;
use crate::plan::Kind;
use crate::telemetry::{BadOf, LatchCause, Trip};
use crate::{Share, Timestamp};

/// Incumbent requests in the window below which nothing can be said about it.
const ENOUGH_INCUMBENT_REQUESTS: u64 = 20;

/// Whom the counts around a trip point at.
enum Blame {
    Candidate,
    Both,
    Unknown,
}

impl Rollout {
    /// A trip of one of its guardrails in sentences: the limit, what was counted around it, and what
    /// follows.
    #[must_use]
    pub fn trip_in_words(&self, trip: &Trip) -> Vec<String> {
        let BadOf { bad, total } = trip.candidate;
        let window = BadOf::WINDOW;
        let limit = self.plan.guardrails.iter().find(|limit| limit.name() == trip.guardrail);
        let limit = limit.map(|limit| format!("the limit is {}", limit.in_words()));
        let counted = format!(
            "within the last {window:?} {bad} of {total} of the candidate's answers were bad, and {} of \
             {} of the incumbent's",
            trip.incumbent.bad, trip.incumbent.total
        );
        let follows = match (self.plan.kind, blame(trip)) {
            (Kind::First | Kind::Restore, _) => {
                "there is nothing better to send the traffic to: a person decides".to_owned()
            }
            (Kind::Promote, Blame::Candidate) => {
                "the incumbent's part is below half of that: the candidate is rolled back, and its \
                 digest is quarantined"
                    .to_owned()
            }
            (Kind::Promote, Blame::Both) => {
                "the incumbent's part is no less than half of that: the share is zero until somebody \
                 resumes"
                    .to_owned()
            }
            (Kind::Promote, Blame::Unknown) => format!(
                "below {ENOUGH_INCUMBENT_REQUESTS} answers of the incumbent, or of a candidate that is \
                 not ready, nothing says whose fault it is: it is rolled back without quarantine"
            ),
        };
        let outside = "the gateway enforces it alone, outside alpha: no more evidence changes it";
        limit.into_iter().chain([counted, follows, outside.to_owned()]).collect()
    }
}

pub(super) fn tripped(mut next: Rollout, event: &Event, trip: &Trip, now: Timestamp) -> Answer {
    if trip.epoch != next.epoch || trip.rollout != next.id {
        return Err(Rejected::Stale { found: trip.epoch, expected: next.epoch });
    }
    if next.share() == Share::ZERO {
        return Err(Rejected::Already);
    }
    let cause = Cause::Guardrail { trip: Box::new(trip.clone()) };
    match (next.plan.kind, blame(trip)) {
        (Kind::First | Kind::Restore, _) => noted(next, event, trip, cause),
        (Kind::Promote, Blame::Candidate) => {
            let effects = quarantine(&next, &cause.in_words());
            end_with(next, Outcome::RolledBack, (event, cause), effects, now)
        }
        (Kind::Promote, Blame::Both) => {
            next.reroute(now);
            pause_for(next, Pause::Incident, event, cause)
        }
        (Kind::Promote, Blame::Unknown) => end(next, Outcome::RolledBack, event, cause, now),
    }
}

/// There is nothing better to send the traffic to: a person decides. Under another pause the trip is
/// kept beside it, so that the table that follows the pause is watched anew.
fn noted(mut next: Rollout, event: &Event, trip: &Trip, cause: Cause) -> Answer {
    if next.step.trips.contains(&trip.guardrail) {
        return Err(Rejected::Already);
    }
    next.step.trips.push(trip.guardrail.clone());
    next.paused.get_or_insert(Pause::Operator);
    next.reason = Some(cause.in_words());
    Ok(stay(next, event, cause))
}

/// The incumbent is well if its bad ratio is below half the candidate's; compared as products,
/// exactly.
fn blame(trip: &Trip) -> Blame {
    if trip.incumbent.total < ENOUGH_INCUMBENT_REQUESTS
        || trip.guardrail == LatchCause::NotReady.as_str()
    {
        return Blame::Unknown;
    }
    let incumbent = u128::from(trip.incumbent.bad) * u128::from(trip.candidate.total);
    let candidate = u128::from(trip.candidate.bad) * u128::from(trip.incumbent.total);
    if 2 * incumbent < candidate { Blame::Candidate } else { Blame::Both }
}
