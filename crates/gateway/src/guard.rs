//! The guardrails of one rollout: recent outcomes of both arms against the candidate's limits.
//!
//! Owns the windows and the decision that a limit is passed. Refuses to act and to blame: the
//! gateway moves the share, the driver judges from the counts.

#[cfg(test)]
mod tests;
mod window;

use std::sync::Mutex;
use std::time::Duration;

use seatrial_domain::plan::Guardrail;
use seatrial_domain::split::Arm;
use seatrial_domain::telemetry::{BadOf, LatchCause};
use tokio::time::Instant;

use crate::lane::Outcome;
use crate::sync::lock;
use window::{Tally, Window};

#[derive(Debug)]
pub(crate) struct Guard {
    rails: Vec<Guardrail>,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    candidate: Window,
    incumbent: Window,
    /// Candidate answers that failed, since the last that did not.
    consecutive: u32,
    not_ready_since: Option<Instant>,
    /// Rails whose breach was reported and left the share: they say nothing more.
    reported: Vec<Guardrail>,
}

/// Whether a breach is the first of its rail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Report {
    First,
    Again,
}

/// A limit that was passed, with both arms' recent counts.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Breach {
    pub(crate) rail: Guardrail,
    pub(crate) candidate: BadOf,
    pub(crate) incumbent: BadOf,
}

impl Breach {
    pub(crate) const fn cause(&self) -> LatchCause {
        match self.rail {
            Guardrail::ConsecutiveErrors { .. } => LatchCause::ConsecutiveErrors,
            Guardrail::ErrorRatio { .. } => LatchCause::ErrorRatio,
            Guardrail::DeadlineExceeded { .. } => LatchCause::DeadlineExceeded,
            Guardrail::NotReady { .. } => LatchCause::NotReady,
        }
    }
}

/// Whether a backend takes requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Readiness {
    Ready,
    NotReady,
}

impl Guard {
    pub(crate) fn new(rails: &[Guardrail], now: Instant) -> Self {
        Self { rails: rails.to_vec(), state: Mutex::new(State::new(rails, now)) }
    }

    /// Whether it watches exactly these rails.
    pub(crate) fn watches(&self, rails: &[Guardrail]) -> bool {
        self.rails == rails
    }

    /// Notes how an answer assigned to `arm` ended; the first limit that is passed by it.
    pub(crate) fn note(&self, arm: Arm, outcome: Outcome, now: Instant) -> Option<Breach> {
        let tally = Tally::of(outcome)?;
        let mut state = lock(&self.state);
        match arm {
            Arm::Incumbent => {
                state.incumbent.add(tally, now);
                return None;
            }
            Arm::Candidate => state.candidate.add(tally, now),
        }
        if tally.bad() == 0 {
            state.consecutive = 0;
            return None;
        }
        state.consecutive = state.consecutive.saturating_add(1);
        let rail = self.heeded(&state).find(|rail| state.passes(rail, now)).copied()?;
        Some(state.breach(rail, now))
    }

    /// The rails that have not been reported: none masks another.
    fn heeded(&self, state: &State) -> impl Iterator<Item = &Guardrail> {
        self.rails.iter().filter(|rail| !state.reported.contains(rail))
    }

    /// Notes that a breach of this rail is reported, while the share stays.
    pub(crate) fn report(&self, rail: Guardrail) -> Report {
        let mut state = lock(&self.state);
        if state.reported.contains(&rail) {
            return Report::Again;
        }
        state.reported.push(rail);
        Report::First
    }

    /// Notes whether the candidate is ready; a breach once it has not been for long enough.
    pub(crate) fn note_readiness(&self, readiness: Readiness, now: Instant) -> Option<Breach> {
        let mut state = lock(&self.state);
        let since = match readiness {
            Readiness::Ready => {
                state.not_ready_since = None;
                return None;
            }
            Readiness::NotReady => *state.not_ready_since.get_or_insert(now),
        };
        let down = now.saturating_duration_since(since);
        let limit =
            |rail: &&Guardrail| matches!(rail, Guardrail::NotReady { after } if down >= *after);
        let rail = self.heeded(&state).find(limit).copied()?;
        Some(state.breach(rail, now))
    }

    /// Forgets everything: what led to one trip must not lead to the next.
    pub(crate) fn reset(&self, now: Instant) {
        *lock(&self.state) = State::new(&self.rails, now);
    }
}

impl State {
    fn new(rails: &[Guardrail], now: Instant) -> Self {
        let longest = rails.iter().filter_map(span).fold(BadOf::WINDOW, Duration::max);
        Self {
            candidate: Window::new(longest, now),
            incumbent: Window::new(longest, now),
            consecutive: 0,
            not_ready_since: None,
            reported: Vec::new(),
        }
    }

    fn passes(&self, rail: &Guardrail, now: Instant) -> bool {
        match *rail {
            Guardrail::ConsecutiveErrors { limit } => self.consecutive >= limit,
            Guardrail::ErrorRatio { limit, min_requests, window } => {
                let tally = self.candidate.last(window, now);
                exceeds(tally.errors, tally.total, min_requests, limit)
            }
            Guardrail::DeadlineExceeded { ratio, min_requests, window } => {
                let tally = self.candidate.last(window, now);
                exceeds(tally.late, tally.total, min_requests, ratio)
            }
            // Seen by the timer, not by answers.
            Guardrail::NotReady { .. } => false,
        }
    }

    fn breach(&self, rail: Guardrail, now: Instant) -> Breach {
        let recent = |window: &Window| {
            let tally = window.last(BadOf::WINDOW, now);
            BadOf { bad: tally.bad(), total: tally.total }
        };
        Breach { rail, candidate: recent(&self.candidate), incumbent: recent(&self.incumbent) }
    }
}

fn exceeds(bad: u64, total: u64, min_requests: u32, limit: f64) -> bool {
    #[expect(clippy::cast_precision_loss, reason = "a window's counts are far below 2^53")]
    let ratio = bad as f64 / total.max(1) as f64;
    total >= u64::from(min_requests) && ratio > limit
}

fn span(rail: &Guardrail) -> Option<Duration> {
    match rail {
        Guardrail::ErrorRatio { window, .. } | Guardrail::DeadlineExceeded { window, .. } => {
            Some(*window)
        }
        Guardrail::ConsecutiveErrors { .. } | Guardrail::NotReady { .. } => None,
    }
}
