//! The guardrails of one rollout, shared by the requests in flight: `domain::guard` by this
//! process's clock. What nobody is to blame for is not noted.

use std::sync::Mutex;
use std::time::Duration;

use seatrial_domain::guard::{self, Ended};
pub(crate) use seatrial_domain::guard::{Breach, Readiness, Report};
use seatrial_domain::plan::Guardrail;
use seatrial_domain::split::Arm;
use tokio::time::Instant;

use crate::lane::Outcome;
use crate::sync::lock;

#[derive(Debug)]
pub(crate) struct Guard {
    origin: Instant,
    guard: Mutex<guard::Guard>,
}

impl Guard {
    pub(crate) fn new(rails: &[Guardrail], now: Instant) -> Self {
        Self { origin: now, guard: Mutex::new(guard::Guard::new(rails, Duration::ZERO)) }
    }

    /// Whether it watches exactly these rails.
    pub(crate) fn watches(&self, rails: &[Guardrail]) -> bool {
        lock(&self.guard).watches(rails)
    }

    /// Notes how an answer assigned to `arm` ended; the first limit that is passed by it.
    pub(crate) fn note(&self, arm: Arm, outcome: Outcome, now: Instant) -> Option<Breach> {
        let ended = blamed(outcome)?;
        lock(&self.guard).note(arm, ended, self.span(now))
    }

    /// Notes that a breach of this rail is reported, while the share stays.
    pub(crate) fn report(&self, rail: Guardrail) -> Report {
        lock(&self.guard).report(rail)
    }

    /// Notes whether the candidate is ready; a breach once it has not been for long enough.
    pub(crate) fn note_readiness(&self, readiness: Readiness, now: Instant) -> Option<Breach> {
        lock(&self.guard).note_readiness(readiness, self.span(now))
    }

    /// Forgets everything: what led to one trip must not lead to the next.
    pub(crate) fn reset(&self, now: Instant) {
        lock(&self.guard).reset(self.span(now));
    }

    fn span(&self, now: Instant) -> Duration {
        now.saturating_duration_since(self.origin)
    }
}

/// None for what nobody is to blame for.
const fn blamed(outcome: Outcome) -> Option<Ended> {
    match outcome {
        Outcome::Ok => Some(Ended::Well),
        Outcome::Error => Some(Ended::Failed),
        Outcome::Late => Some(Ended::Late),
        Outcome::Invalid => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn invalid_requests_are_nobodys() {
        let now = Instant::now();
        let guard = Guard::new(&[Guardrail::ConsecutiveErrors { limit: 1 }], now);
        assert_eq!(guard.note(Arm::Candidate, Outcome::Invalid, now), None);
        assert!(guard.note(Arm::Candidate, Outcome::Error, now).is_some());
    }
}
