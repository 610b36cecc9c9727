//! A person's words on one rollout.

use super::Driver;
use super::cell::Cell;
use super::command::{Error, Said, Stored};
use super::step::Decided;
use crate::clock;
use seatrial_domain::plan::Kind;
use seatrial_domain::rollout::Event;
use seatrial_domain::telemetry::LatchCause;
use seatrial_domain::{Actor, Revision, RolloutId, Share};
use std::sync::Arc;

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
        let carrying = async move { Box::pin(driver.carry_out(id, if_match, said, actor)).await };
        self.tasks.spawn_to_end("command", carrying).await.map_err(storage)?
    }

    async fn carry_out(
        self: &Arc<Self>,
        id: RolloutId,
        if_match: Option<Revision>,
        Said { event, reason }: Said,
        actor: Actor,
    ) -> Result<Stored, Error> {
        let before = self.stored(id).await?;
        check_revision(&before, if_match)?;
        let cell = self.cell(&before.rollout.endpoint);
        let commanding = self.zero_first(&cell, &before, &event)?;
        let mut state = cell.state.lock().await;
        let now = self.stored(id).await?;
        if commanding.is_none() {
            check_revision(&now, if_match)?;
        }
        let transition = now.rollout.on(&event, clock::now())?.because(reason.as_deref());
        let decided = Decided { event: &event, transition, actor };
        let stored = self.commit(&mut state, &now, decided).await?;
        self.advance(&cell, &mut state).await.map_err(Error::Storage)?;
        Ok(stored)
    }

    /// Latches share zero in the gateway, if that is where the event leads.
    fn zero_first<'a>(
        &self,
        cell: &'a Cell,
        before: &Stored,
        event: &Event,
    ) -> Result<Option<super::cell::Commanding<'a>>, Error> {
        let rollout = &before.rollout;
        let next = rollout.on(event, clock::now())?.next;
        if rollout.share() == Share::ZERO || next.share() > Share::ZERO {
            return Ok(None);
        }
        let commanding = cell.commanding();
        self.world.zero(&rollout.endpoint, LatchCause::Operator);
        Ok(Some(commanding))
    }

    pub(super) async fn stored(&self, id: RolloutId) -> Result<Stored, Error> {
        let found = self.store.rollout(id).await.map_err(storage)?;
        found.ok_or_else(|| Error::NotFound { what: "rollout", name: id.to_string() })
    }

    /// Starts the endpoint's next queued rollout; false when there is none that can start.
    pub(super) async fn take_turn(
        self: &Arc<Self>,
        cell: &Cell,
        state: &mut super::cell::State,
        known: &super::cell::Known,
    ) -> anyhow::Result<bool> {
        let mut queue = self.store.queued_rollouts(cell.name()).await?;
        // The way back goes before the ways forward; the others keep their order.
        queue.sort_by_key(|waiting| waiting.rollout.plan.kind != Kind::Restore);
        for before in queue {
            let incumbent = known.endpoint.serving.clone();
            let plan = match self.plan_for_turn(&before.rollout, incumbent.as_ref()).await {
                Ok(plan) => plan,
                Err(error) => {
                    let (id, error) = (before.rollout.id, format!("{error:#}"));
                    tracing::warn!(rollout.id = %id, error, "it cannot have its turn");
                    continue;
                }
            };
            let epoch = known.epoch.next();
            let event = Event::Turn { epoch, incumbent, plan: Box::new(plan) };
            if let Ok(transition) = before.rollout.on(&event, clock::now()) {
                let decided = Decided { event: &event, transition, actor: Actor::Seatrial };
                self.commit(state, &before, decided).await?;
                return Ok(true);
            }
        }
        Ok(false)
    }
}

fn check_revision(stored: &Stored, if_match: Option<Revision>) -> Result<(), Error> {
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
