//! The guardrails of one rollout: recent outcomes of both arms against the candidate's limits.
//!
//! Owns the windows and the decision that a limit is passed, for the gateway and the simulator
//! alike. Refuses to act and to blame: the gateway moves the share, the rollout judges from the
//! counts. Times are spans since any instant that stays the same, and never fall.

mod window;

#[cfg(test)]
mod tests;

use crate::plan::Guardrail;
use crate::split::Arm;
use crate::telemetry::{BadOf, LatchCause};
use std::time::Duration;
use window::Tally;
pub use window::{Ended, Window};

/// One rollout's guardrails under one routing table, and what they have seen.
#[derive(Debug, Clone)]
pub struct Guard {
    rails: Vec<Guardrail>,
    candidate: Window,
    incumbent: Window,
    /// Candidate answers that failed, since the last that did not.
    consecutive: u32,
    not_ready_since: Option<Duration>,
    /// Rails whose breach was reported and left the share: they say nothing more.
    reported: Vec<Guardrail>,
}

/// Whether a breach is the first of its rail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Report {
    /// Nobody has been told yet.
    First,
    /// It was told before.
    Again,
}

/// A limit that was passed, with both arms' recent counts.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Breach {
    /// The first of the plan's rails that was passed.
    pub rail: Guardrail,
    /// Within the last [`BadOf::WINDOW`].
    pub candidate: BadOf,
    /// Within the last [`BadOf::WINDOW`].
    pub incumbent: BadOf,
}

impl Breach {
    /// What a latch says of it.
    pub const fn cause(&self) -> LatchCause {
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
pub enum Readiness {
    /// It does.
    Ready,
    /// It does not.
    NotReady,
}

impl Guard {
    /// Rails that have seen nothing yet.
    pub fn new(rails: &[Guardrail], now: Duration) -> Self {
        let longest = rails.iter().filter_map(Guardrail::window).fold(BadOf::WINDOW, Duration::max);
        Self {
            rails: rails.to_vec(),
            candidate: Window::new(longest, now),
            incumbent: Window::new(longest, now),
            consecutive: 0,
            not_ready_since: None,
            reported: Vec::new(),
        }
    }

    /// Whether it watches exactly these rails.
    pub fn watches(&self, rails: &[Guardrail]) -> bool {
        self.rails == rails
    }

    /// Notes how an answer assigned to `arm` ended; the first limit that is passed by it.
    pub fn note(&mut self, arm: Arm, ended: Ended, now: Duration) -> Option<Breach> {
        let tally = Tally::of(ended);
        match arm {
            Arm::Incumbent => {
                self.incumbent.add(tally, now);
                return None;
            }
            Arm::Candidate => self.candidate.add(tally, now),
        }
        if tally.bad() == 0 {
            self.consecutive = 0;
            return None;
        }
        self.consecutive = self.consecutive.saturating_add(1);
        let rail = self.heeded().find(|rail| self.passes(rail, now)).copied()?;
        Some(self.breach(rail, now))
    }

    /// Notes that a breach of this rail is reported, while the share stays.
    pub fn report(&mut self, rail: Guardrail) -> Report {
        if self.reported.contains(&rail) {
            return Report::Again;
        }
        self.reported.push(rail);
        Report::First
    }

    /// Notes whether the candidate is ready; a breach once it has not been for long enough.
    pub fn note_readiness(&mut self, readiness: Readiness, now: Duration) -> Option<Breach> {
        let since = match readiness {
            Readiness::Ready => {
                self.not_ready_since = None;
                return None;
            }
            Readiness::NotReady => *self.not_ready_since.get_or_insert(now),
        };
        let down = now.saturating_sub(since);
        let limit =
            |rail: &&Guardrail| matches!(rail, Guardrail::NotReady { after } if down >= *after);
        let rail = self.heeded().find(limit).copied()?;
        Some(self.breach(rail, now))
    }

    /// Forgets everything: what led to one trip must not lead to the next.
    pub fn reset(&mut self, now: Duration) {
        *self = Self::new(&std::mem::take(&mut self.rails), now);
    }

    /// The rails that have not been reported: none masks another.
    fn heeded(&self) -> impl Iterator<Item = &Guardrail> {
        self.rails.iter().filter(|rail| !self.reported.contains(rail))
    }

    fn passes(&self, rail: &Guardrail, now: Duration) -> bool {
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

    fn breach(&self, rail: Guardrail, now: Duration) -> Breach {
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
