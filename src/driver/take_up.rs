//! Taking endpoints up again after a restart: the time nobody was there counts towards nothing, nor does
//! what the clock has jumped over.
//! Clients are served as the journal stands meanwhile, whether or not it can be written to.

use super::Driver;
use super::cell::{Cell, State};
use super::command::{Error, Stored};
use super::commit::Decided;
use crate::clock;
use seatrial_domain::rollout::Event;
use seatrial_domain::{Actor, RolloutId, Timestamp};
use seatrial_store::storage;
use std::sync::Arc;

/// The time between the process before this one and this one.
#[derive(Debug, Clone, Copy)]
pub(super) struct Outage {
    /// Until when the one before was there, if it left word.
    alive_until: Option<Timestamp>,
}

impl Driver {
    /// Counts what was lost with the processes before this one, if that is not stored yet. Until it is, it
    /// stays marked: whoever tries again, be it the next process, counts it once.
    pub(super) async fn note_lost(&self) -> Result<(), storage::Error> {
        for lost in self.gateway.lost() {
            self.store.flush(lost).await?;
        }
        self.gateway.forget_lost();
        Ok(())
    }

    /// Reads the endpoint's state and enforces it; what fails is left to its steps.
    pub(super) async fn begin_again(self: &Arc<Self>, cell: &Cell, alive_until: Option<Timestamp>) {
        let mut state = cell.state.lock().await;
        state.outage = Some(Outage { alive_until });
        if let Err(error) = self.known(cell, &mut state).await {
            let error = format!("{error:#}");
            tracing::error!(endpoint = %cell.name(), error, "it will be read again");
        }
    }

    /// What the clock has jumped over counts as little as an outage. A step that was entered since has
    /// counted nothing of it.
    pub(super) fn note_jump(&self, state: &mut State, active: &Stored) {
        let last = self.last_jump();
        if state.jump == last {
            return;
        }
        state.jump = last;
        let jumped_over = last.filter(|jump| active.rollout.step.entered_at < jump.from);
        if let (Some(jump), None) = (jumped_over, state.outage) {
            state.outage = Some(Outage { alive_until: Some(jump.from) });
        }
    }

    /// Tells the active rollout of the outage; true when that changed it.
    pub(super) async fn take_up(
        &self,
        cell: &Cell,
        state: &mut State,
        active: &Stored,
    ) -> Result<bool, Error> {
        let Some(outage) = state.outage else { return Ok(false) };
        let alive_until = outage.alive_until.unwrap_or(active.rollout.step.entered_at);
        let event = Event::Restarted { alive_until };
        // Without an outage there is nothing to write down.
        let changed = match active.rollout.on(&event, clock::now()) {
            Ok(transition) => {
                let decided = Decided { event: &event, transition, actor: Actor::Seatrial };
                self.commit(cell, state, active, decided).await?;
                true
            }
            Err(_) => false,
        };
        state.outage = None;
        self.cut_windows(active.rollout.id).await;
        Ok(changed)
    }

    /// No unit waits for a process that has ended. Tried once: where the store takes nothing they do
    /// until the next start, on both arms alike. Not due is no evidence, and clients do not wait for it.
    async fn cut_windows(&self, id: RolloutId) {
        if let Err(error) = self.store.cut_windows(id, self.gateway.config().boot).await {
            tracing::warn!(rollout.id = %id, %error, "open windows of an earlier start were not cut");
        }
    }
}
