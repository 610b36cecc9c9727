//! A decision becomes fact: latched first where it leads to share zero, stored, then enforced.

use super::Driver;
use super::cell::{Cell, Known, Pending, State};
use super::command::{Error, Stored};
use super::grounds;
use crate::clock;
use seatrial_domain::rollout::{Effect, Event, Rejected, Rollout, Stage, Transition};
use seatrial_domain::telemetry::LatchCause;
use seatrial_domain::{Actor, Share};
use seatrial_store::rollouts::{Commit, CommitError};

/// What is about to be committed: what happened, what it does, and by whom.
pub(super) struct Decided<'a> {
    pub(super) event: &'a Event,
    pub(super) transition: Transition,
    pub(super) actor: Actor,
}

impl Driver {
    /// Commits a transition and makes it so. A move to share zero is latched in the gateway first
    /// (law 4): it waits for no store.
    pub(super) async fn commit(
        &self,
        cell: &Cell,
        state: &mut State,
        before: &Stored,
        decided: Decided<'_>,
    ) -> Result<Stored, Error> {
        let Decided { event, transition, actor } = decided;
        let rollout = &before.rollout;
        let (from, to) = (rollout.share(), transition.next.share());
        if from > Share::ZERO && to == Share::ZERO {
            self.world.zero(&rollout.endpoint, cause_of(event));
        }
        if to > from {
            self.refuse_under_latch(rollout, event)?;
        }
        let evidence = grounds::of(state, rollout, event, &transition);
        let commit = Commit {
            transition: &transition,
            expected: before.revision,
            actor: &actor,
            evidence: evidence.as_ref(),
            now: clock::now(),
        };
        // Put back only when the outcome is known: whoever is cancelled here reads it anew.
        let known = state.known.take();
        let stored = match self.store.commit(commit).await {
            Ok(committed) => {
                self.note_taken(&rollout.endpoint);
                committed.stored
            }
            Err(error) => {
                self.note_refused(&rollout.endpoint, &error);
                if from > Share::ZERO && to == Share::ZERO {
                    let (event, grounds) = (event.clone(), evidence);
                    state.pending = Some(Pending { rollout: rollout.id, event, actor, grounds });
                }
                return Err(refused(rollout, to, error));
            }
        };
        state.pending = None;
        tracing::info!(
            rollout.id = %rollout.id, endpoint = %rollout.endpoint, event = event.name(),
            from = %transition.journal.from, to = %transition.journal.to,
            share = %transition.journal.share, epoch = %stored.rollout.epoch,
            "transition"
        );
        // At the end the endpoint goes by its own settings again, which are read anew.
        if let (Some(mut known), false) = (known, stored.rollout.stage.is_terminal()) {
            remember(&mut known, stored.clone(), &transition.journal.effects);
            self.know(cell, state, known);
        }
        Ok(stored)
    }

    /// Nothing raises the share while a latch waits for its journal row.
    fn refuse_under_latch(&self, rollout: &Rollout, event: &Event) -> Result<(), Error> {
        match self.world.observe(&rollout.endpoint).latch {
            Some(latch) if latch.rollout == rollout.id => Err(Error::Refused(Rejected::Blocked {
                event: event.name(),
                overlay: format!("latched at share zero by {}", latch.cause),
            })),
            Some(_) | None => Ok(()),
        }
    }
}

fn remember(known: &mut Known, stored: Stored, effects: &[Effect]) {
    known.epoch = known.epoch.max(stored.rollout.epoch);
    for effect in effects {
        if let Effect::Serving { version, .. } = effect {
            known.endpoint.serving.clone_from(version);
        }
    }
    if stored.rollout.stage != Stage::Queued {
        known.active = Some(stored);
    }
}

const fn cause_of(event: &Event) -> LatchCause {
    if matches!(event, Event::Judged { .. }) { LatchCause::Verdict } else { LatchCause::Operator }
}

fn refused(rollout: &Rollout, to: Share, error: CommitError) -> Error {
    let zeroed = rollout.share() > Share::ZERO && to == Share::ZERO;
    match error {
        CommitError::Conflict { current, .. } => Error::Conflict { id: rollout.id, current },
        CommitError::Occupied { active } => {
            Error::Busy { endpoint: rollout.endpoint.clone(), running: active }
        }
        CommitError::Unknown(id) => {
            Error::NotFound { what: super::command::Missing::Rollout, name: id.to_string() }
        }
        CommitError::Storage(error) if zeroed => Error::Unstored(error),
        CommitError::Storage(error) => Error::Storage(error.into()),
    }
}
