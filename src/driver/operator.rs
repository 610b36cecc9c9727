//! A person's words on one rollout.

use super::Driver;
use super::cell::{Cell, Commanding, Pending, State};
use super::command::{Error, Missing, Said, Stored};
use super::commit::Decided;
use crate::clock;
use seatrial_domain::rollout::{Event, Rejected, Rollout};
use seatrial_domain::telemetry::LatchCause;
use seatrial_domain::{Actor, Revision, RolloutId, Share};
use seatrial_store::storage::Error as StorageError;
use std::sync::Arc;

/// One word on one rollout.
#[derive(Debug)]
pub(super) struct Word {
    pub(super) rollout: RolloutId,
    /// Only if nobody changed it since.
    pub(super) if_match: Option<Revision>,
    pub(super) said: Said,
    pub(super) actor: Actor,
}

impl Driver {
    /// Carries out one word on one rollout. With `if_match`, only if nobody changed it meanwhile.
    ///
    /// A move to share zero reaches the gateway before anything else is waited for (law 4).
    pub async fn command(
        self: &Arc<Self>,
        id: RolloutId,
        if_match: Option<Revision>,
        said: impl Into<Said>,
        actor: Actor,
    ) -> Result<Stored, Error> {
        let said = said.into();
        // Whoever asked may go away; what has begun is finished.
        let driver = Arc::clone(self);
        let word = Word { rollout: id, if_match, said, actor };
        let carrying = async move { Box::pin(driver.carry_out(word)).await };
        self.tasks.spawn_to_end("command", carrying).await.map_err(storage)?
    }

    async fn carry_out(self: &Arc<Self>, word: Word) -> Result<Stored, Error> {
        let running = self
            .all_cells()
            .into_iter()
            .find(|cell| cell.active().is_some_and(|active| active.rollout.id == word.rollout));
        let cell = match running {
            Some(cell) => cell,
            None => self.cell(&self.stored(word.rollout).await?.rollout.endpoint),
        };
        let zeroed = self.zero_first(&cell, &word);
        let mut state = cell.state.lock().await;
        Box::pin(self.carry_out_on(&cell, &mut state, word, zeroed.as_ref())).await
    }

    /// Latches share zero in the gateway, if that is where the word leads, as far as is known
    /// without asking the store. What it means for certain is decided afterwards.
    pub(super) fn zero_first<'a>(&self, cell: &'a Cell, word: &Word) -> Option<Commanding<'a>> {
        let active = cell.active()?;
        let rollout = &active.rollout;
        let meant = rollout.id == word.rollout && check_revision(&active, word.if_match).is_ok();
        let zeroes = meant
            && rollout.share() > Share::ZERO
            && rollout
                .on(&word.said.event, clock::now())
                .is_ok_and(|transition| transition.next.share() == Share::ZERO);
        zeroes.then(|| {
            let commanding = cell.commanding();
            self.world.zero(&rollout.endpoint, LatchCause::Operator);
            commanding
        })
    }

    /// As [`Driver::command`], by the one who holds the cell; `zeroed` where the share is zero for
    /// this word already.
    pub(super) async fn carry_out_on(
        self: &Arc<Self>,
        cell: &Cell,
        state: &mut State,
        word: Word,
        zeroed: Option<&Commanding<'_>>,
    ) -> Result<Stored, Error> {
        let Word { rollout: id, if_match, said: Said { event, reason }, actor } = word;
        let before = match (self.as_it_stands(state, id).await, zeroed) {
            (Ok(found), _) => found.ok_or_else(|| unknown(id))?,
            (Err(error), Some(_)) => {
                state.pending = Some(Pending { rollout: id, event, actor, grounds: None });
                return Err(Error::Unstored(error));
            }
            (Err(error), None) => return Err(storage(error)),
        };
        let (before, event) = match zeroed {
            Some(_) => {
                let event = still_back(&before.rollout, event)?;
                (before, event)
            }
            None => {
                check_revision(&before, if_match)?;
                (self.after_outage(cell, state, before).await?, event)
            }
        };
        let transition = before.rollout.on(&event, clock::now())?.because(reason.as_deref());
        let decided = Decided { event: &event, transition, actor };
        let stored = self.commit(cell, state, &before, decided).await?;
        self.advance_after(cell, state).await;
        Ok(stored)
    }

    /// The rollout after the time nobody was there, which is told of it before anything else.
    async fn after_outage(
        &self,
        cell: &Cell,
        state: &mut State,
        before: Stored,
    ) -> Result<Stored, Error> {
        let id = before.rollout.id;
        let is_active = state.known.as_ref().and_then(|known| known.active.as_ref());
        if is_active.is_some_and(|active| active.rollout.id == id)
            && self.take_up(cell, state, &before).await?
        {
            return self.stored(id).await;
        }
        Ok(before)
    }

    /// What is remembered under the cell's lock is what is stored.
    async fn as_it_stands(
        &self,
        state: &State,
        id: RolloutId,
    ) -> Result<Option<Stored>, StorageError> {
        let active = state.known.as_ref().and_then(|known| known.active.as_ref());
        match active.filter(|active| active.rollout.id == id) {
            Some(active) => Ok(Some(active.clone())),
            None => self.store.rollout(id).await,
        }
    }

    pub(super) async fn stored(&self, id: RolloutId) -> Result<Stored, Error> {
        self.store.rollout(id).await.map_err(storage)?.ok_or_else(|| unknown(id))
    }
}

fn unknown(id: RolloutId) -> Error {
    Error::NotFound { what: Missing::Rollout, name: id.to_string() }
}

/// What a word that has set the share to zero means once it is its turn. Where somebody else's word
/// came first and leaves it no meaning, it is a rollback all the same: a person asked for share
/// zero, and it is in force.
fn still_back(rollout: &Rollout, event: Event) -> Result<Event, Rejected> {
    match rollout.on(&event, clock::now()) {
        Ok(_) => Ok(event),
        Err(_) if rollout.share() > Share::ZERO => Ok(back(rollout, reason(event))),
        Err(refused) => Err(refused),
    }
}

/// Without an incumbent only an abort leads to share zero.
fn back(rollout: &Rollout, reason: String) -> Event {
    match rollout.incumbent {
        Some(_) => Event::RollBack { reason },
        None => Event::Abort { reason },
    }
}

fn reason(event: Event) -> String {
    match event {
        Event::Pause { reason }
        | Event::Reject { reason }
        | Event::Promote { reason }
        | Event::Abort { reason }
        | Event::RollBack { reason } => reason,
        Event::Supersede { by } => format!("superseded by rollout {by}"),
        Event::Resume
        | Event::Approve { .. }
        | Event::TurnedAway { .. }
        | Event::Turn { .. }
        | Event::Acknowledged { .. }
        | Event::Staged
        | Event::StagingFailed { .. }
        | Event::Validated { .. }
        | Event::ValidationFailed { .. }
        | Event::Judged { .. }
        | Event::GuardrailTripped(_)
        | Event::Held { .. }
        | Event::Released(_)
        | Event::Drained
        | Event::Restarted { .. }
        | Event::Tick => format!("{} ordered", event.name()),
    }
}

pub(super) fn check_revision(stored: &Stored, if_match: Option<Revision>) -> Result<(), Error> {
    match if_match {
        Some(expected) if expected != stored.revision => {
            Err(Error::Conflict { id: stored.rollout.id, current: stored.revision })
        }
        Some(_) | None => Ok(()),
    }
}

/// A fault of the store, for a person.
pub(super) fn storage(error: impl Into<anyhow::Error>) -> Error {
    Error::Storage(error.into())
}
