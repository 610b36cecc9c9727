//! Whose turn it is on an endpoint that is free: the way back first, then first come, first served.
//! What must not run any more, by what came to pass while it waited, ends here with the reason.

use super::Driver;
use super::cell::{Cell, Known, State};
use super::command::{Error, Stored};
use super::commit::Decided;
use crate::clock;
use seatrial_domain::plan::{Kind, OnSameArtifact};
use seatrial_domain::rollout::{Event, Outcome};
use seatrial_domain::{Actor, VersionRef};
use std::sync::Arc;

impl Driver {
    /// Starts the endpoint's next queued rollout, or turns one away; false when nothing moves.
    pub(super) async fn take_turn(
        self: &Arc<Self>,
        cell: &Cell,
        state: &mut State,
        known: &Known,
    ) -> anyhow::Result<bool> {
        let mut queue = self.store.queued_rollouts(cell.name()).await?;
        // The way back goes before the ways forward; the others keep their order.
        queue.sort_by_key(|waiting| waiting.rollout.plan.kind != Kind::Restore);
        for before in queue {
            let event = self.turn_of(&before, known).await?;
            // A pause or a freeze lets the next one through.
            if let Ok(transition) = before.rollout.on(&event, clock::now()) {
                let decided = Decided { event: &event, transition, actor: Actor::Seatrial };
                self.commit(cell, state, &before, decided).await?;
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// What its turn means for a rollout as things stand now.
    async fn turn_of(&self, waiting: &Stored, known: &Known) -> anyhow::Result<Event> {
        let rollout = &waiting.rollout;
        let incumbent = known.endpoint.serving.clone();
        if let Some(event) = self.turned_away(waiting, incumbent.as_ref()).await? {
            return Ok(event);
        }
        match self.plan_for_turn(rollout, incumbent.as_ref()).await {
            Ok(plan) => {
                let epoch = known.epoch.next();
                Ok(Event::Turn { epoch, incumbent, plan: Box::new(plan) })
            }
            Err(error @ Error::Storage(_)) => Err(error.into()),
            Err(error) => {
                let why = format!("it has no plan any more: {error}");
                Ok(Event::TurnedAway { outcome: Outcome::Rejected, why })
            }
        }
    }

    /// What has come to pass since it was queued that a start would have been refused for.
    async fn turned_away(
        &self,
        waiting: &Stored,
        incumbent: Option<&VersionRef>,
    ) -> anyhow::Result<Option<Event>> {
        let rollout = &waiting.rollout;
        let same = incumbent.filter(|serving| serving.digest == rollout.candidate.digest);
        if let Some(serving) = same
            && rollout.plan.concurrency.on_same_artifact == OnSameArtifact::Noop
        {
            let why = format!("{} serves {} already", rollout.endpoint, serving.number);
            return Ok(Some(Event::TurnedAway { outcome: Outcome::Superseded, why }));
        }
        // An override at the start lifted the mark there was; this one is newer.
        let mark = self.store.quarantine(&rollout.candidate.digest).await?;
        Ok(mark.map(|mark| {
            let why = format!("quarantined while it waited: {}", mark.cause);
            Event::TurnedAway { outcome: Outcome::Rejected, why }
        }))
    }
}
