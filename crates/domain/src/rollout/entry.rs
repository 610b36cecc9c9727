//! A transition and its journal entry: what is committed in one transaction.

use super::event::{Event, Rejected};
use super::stage::{Stage, StageName};
use super::state::{Rollout, Step};
use crate::telemetry::Trip;
use crate::verdict::Verdict;
use crate::{Digest, Epoch, Share, Timestamp, VersionRef};
use serde::{Deserialize, Serialize};

/// The next state and the record of how it came about.
#[derive(Debug, Clone, PartialEq)]
pub struct Transition {
    pub next: Rollout,
    pub journal: Entry,
}

impl Transition {
    /// With the reason that a person gave beside a word that carries none.
    #[must_use]
    pub fn because(mut self, reason: Option<&str>) -> Self {
        if let (Some(reason), Cause::Said { text }) = (reason, &mut self.journal.cause) {
            text.push_str(": ");
            text.push_str(reason);
        }
        self
    }
}

/// A journal row's content. Actor, time, hash and number are the store's.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    pub event: String,
    pub from: StageName,
    pub to: StageName,
    /// Overlays afterwards, as shown: `paused(operator)`, …
    pub overlays: Vec<String>,
    pub share: Share,
    pub epoch: Epoch,
    pub cause: Cause,
    /// What is committed together with the rollout.
    pub effects: Vec<Effect>,
}

/// What an event leads to.
pub(super) type Answer = Result<Transition, Rejected>;

/// Why it happened, with the evidence it rests on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Cause {
    /// In words.
    Said {
        text: String,
    },
    Verdict {
        verdict: Box<Verdict>,
    },
    Guardrail {
        trip: Box<Trip>,
    },
}

/// What else is true from this commit on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Effect {
    /// The endpoint answers with this version, and the alias names it.
    Serving { version: Option<VersionRef>, alias: String },
    /// Roll-outs of this digest need an override.
    Quarantine { digest: Digest, why: String },
    /// The version completed its stability window, or served before.
    KnownGood { version: VersionRef },
    /// The version's lifecycle is over; its artifacts stay.
    Retired { version: VersionRef },
    /// Stages that do not apply to this plan.
    Skipped { stages: Vec<StageName>, why: String },
}

impl Rollout {
    /// Enters `stage` at `now`: a fresh step, and a new epoch for every stage whose routing table
    /// gateways acknowledge, or that gives the endpoint back.
    pub(super) fn enter(&mut self, stage: Stage, now: Timestamp) {
        let queued = self.stage == Stage::Queued;
        self.stage = stage;
        self.step = Step { entered_at: now, routed_at: now, ..Step::default() };
        self.paused = None;
        self.awaiting = None;
        self.held = None;
        match stage {
            Stage::Queued | Stage::Staging | Stage::Validating { .. } => {
                self.reason = None;
                self.step.clock.start(now);
            }
            Stage::Shadow
            | Stage::Canary
            | Stage::Ramp { .. }
            | Stage::Cutover
            | Stage::Stabilizing
            | Stage::Decommissioning => {
                self.reason = None;
                self.epoch = self.epoch.next();
            }
            // Why it goes back is also why it ends.
            Stage::RollingBack { .. } => self.epoch = self.epoch.next(),
            Stage::Completed
            | Stage::Rejected
            | Stage::RolledBack
            | Stage::Aborted
            | Stage::Superseded => {
                self.ended_at = Some(now);
                // What never left the queue had no table.
                if !queued {
                    self.epoch = self.epoch.next();
                }
            }
        }
    }

    /// Wants another routing table within the same step. Its clock stands until that one is
    /// acknowledged.
    pub(super) fn reroute(&mut self, now: Timestamp) {
        self.epoch = self.epoch.next();
        self.step.trips.clear();
        self.await_acknowledgement(now);
    }

    /// Waits for the wanted epoch from `now` on. What the step has counted stays.
    pub(super) fn await_acknowledgement(&mut self, now: Timestamp) {
        self.step.acknowledged_at = None;
        self.step.routed_at = now;
        self.step.clock.halt();
    }

    pub(super) fn shown_overlays(&self) -> Vec<String> {
        let paused = self.paused.map(|cause| format!("paused({cause})"));
        let awaiting = self.awaiting.map(|_| "awaiting_approval".to_owned());
        let held = self.held.map(|cause| format!("held({cause})"));
        paused.into_iter().chain(awaiting).chain(held).collect()
    }
}

/// Builds the transition from `from` to `next`.
pub(super) fn record(
    from: Stage,
    next: Rollout,
    event: &Event,
    cause: Cause,
    effects: Vec<Effect>,
) -> Transition {
    let journal = Entry {
        event: event.name().to_owned(),
        from: from.name(),
        to: next.stage.name(),
        overlays: next.shown_overlays(),
        share: next.share(),
        epoch: next.epoch,
        cause,
        effects,
    };
    Transition { next, journal }
}

/// A change within the stage: of overlays, approvals or the step.
pub(super) fn stay(next: Rollout, event: &Event, cause: Cause) -> Transition {
    record(next.stage, next, event, cause, Vec::new())
}

/// A cause in words.
pub(super) fn said(text: impl Into<String>) -> Cause {
    Cause::Said { text: text.into() }
}

impl Cause {
    /// The cause in one line.
    pub fn in_words(&self) -> String {
        match self {
            Self::Said { text } => text.clone(),
            Self::Verdict { verdict } => verdict.in_words(),
            Self::Guardrail { trip } => format!(
                "guardrail {}: candidate {}/{} bad, incumbent {}/{} bad",
                trip.guardrail,
                trip.candidate.bad,
                trip.candidate.total,
                trip.incumbent.bad,
                trip.incumbent.total
            ),
        }
    }
}
