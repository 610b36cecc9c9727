//! One step of one endpoint: look at the world, take the first event that means something, commit
//! what it does, and enforce what is then wanted.

use super::Driver;
use super::cell::{Cell, State};
use super::command::Stored;
use super::commit::Decided;
use super::latch;
use super::offers::{self, Drain, Telemetry, judged, offers};
use crate::clock;
use crate::world::Observed;
use seatrial_domain::rollout::{Event, Rollout, Stage};
use seatrial_domain::telemetry::Trip;
use seatrial_domain::{Actor, Timestamp};
use std::sync::Arc;

/// Events taken in one step; the rest waits for the next, so that commands come in between.
const EVENTS_MAX: usize = 8;

impl Driver {
    /// Steps the endpoint.
    pub(super) async fn step(self: &Arc<Self>, cell: &Cell) -> anyhow::Result<()> {
        let mut state = cell.state.lock().await;
        self.advance(cell, &mut state).await
    }

    pub(super) async fn advance(
        self: &Arc<Self>,
        cell: &Cell,
        state: &mut State,
    ) -> anyhow::Result<()> {
        for _ in 0..EVENTS_MAX {
            if !Box::pin(self.take_one(cell, state)).await? {
                break;
            }
        }
        self.known(cell, state).await?;
        self.enforce(cell);
        cell.backoff().went_well();
        Ok(())
    }

    /// Advances after a command that is stored already: what fails now is tried again, and is no
    /// reason to tell whoever said the word that it failed.
    pub(super) async fn advance_after(self: &Arc<Self>, cell: &Cell, state: &mut State) {
        if let Err(error) = self.advance(cell, state).await {
            let error = format!("{error:#}");
            tracing::warn!(endpoint = %cell.name(), error, "the step after a command");
            cell.wake();
        }
    }

    /// Takes the first event that means something; false when none does.
    async fn take_one(self: &Arc<Self>, cell: &Cell, state: &mut State) -> anyhow::Result<bool> {
        let known = self.known(cell, state).await?.clone();
        self.enforce(cell);
        let Some(active) = known.active.clone() else {
            state.outage = None;
            return self.take_turn(cell, state, &known).await;
        };
        self.note_jump(state, &active);
        let observed = self.world.observe(cell.name());
        let trips: Vec<Trip> = cell.trips().iter().cloned().collect();
        let urgent = urgent(&trips, state, &active.rollout, &observed);
        // Where the store does not take what they mean, they stay.
        let taken = self.take_first(cell, state, &active, urgent).await?;
        cell.trips().drain(..trips.len());
        if taken || self.take_up(cell, state, &active).await? {
            return Ok(true);
        }
        let events = self.events(cell, state, &active.rollout, &observed).await?;
        self.take_first(cell, state, &active, events).await
    }

    /// Commits what the first event does that means something; false when none does.
    async fn take_first(
        &self,
        cell: &Cell,
        state: &mut State,
        active: &Stored,
        events: Vec<Event>,
    ) -> anyhow::Result<bool> {
        let now = clock::now();
        for event in events {
            if let Ok(transition) = active.rollout.on(&event, now) {
                let actor = state.actor_of(&event);
                let decided = Decided { event: &event, transition, actor };
                self.commit(cell, state, active, decided).await?;
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Everything else that may have happened, in order; some of it is asked of the store.
    async fn events(
        self: &Arc<Self>,
        cell: &Cell,
        state: &mut State,
        rollout: &Rollout,
        observed: &Observed,
    ) -> anyhow::Result<Vec<Event>> {
        let mut events = Vec::new();
        let verdict = self.verdict(state, rollout, observed).await?;
        let explained = latch::explained(cell, &mut state.latch, rollout, observed.latch);
        if explained.is_some() {
            // A fail that was latched before a restart is found again in the stored evidence.
            events.extend(verdict.clone().map(|verdict| judged(verdict, rollout, observed)));
        }
        events.extend(explained);
        let more = offers::Known {
            verdict,
            validated: self.validated(state, rollout, observed).await?,
            referrer: self.referrer(rollout).await?,
            counted: rollout.counted(clock::now()),
            telemetry: if self.flushed_recently() { Telemetry::Fresh } else { Telemetry::Late },
            drain: drain(rollout, clock::now()),
        };
        events.extend(offers(rollout, observed, &more));
        Ok(events)
    }
}

/// The ways back that wait for nothing that could fail (law 4): one that could not be stored
/// before, and guardrails' trips.
fn urgent(trips: &[Trip], state: &State, rollout: &Rollout, observed: &Observed) -> Vec<Event> {
    let pending = state.pending.iter().filter(|pending| pending.rollout == rollout.id);
    let trips = trips.iter().filter(|trip| trip.rollout == rollout.id).cloned();
    pending
        .map(|pending| pending.event.clone())
        .chain(trips.map(|trip| latch::told(trip, rollout, observed.latch)))
        .collect()
}

fn drain(rollout: &Rollout, now: Timestamp) -> Drain {
    let (since, limit) = if rollout.stage == Stage::Cutover {
        (Some(rollout.step.routed_at), rollout.plan.cutover.drain_timeout)
    } else {
        (rollout.step.acknowledged_at, rollout.plan.decommission.drain_timeout)
    };
    match since {
        Some(at) if now.since(at) >= limit => Drain::Over,
        Some(_) | None => Drain::Waiting,
    }
}

impl State {
    /// Whose event it is: a pending one keeps its author.
    fn actor_of(&self, event: &Event) -> Actor {
        match &self.pending {
            Some(pending) if pending.event == *event => pending.actor.clone(),
            Some(_) | None if matches!(event, Event::GuardrailTripped(_)) => Actor::Gateway,
            Some(_) | None => Actor::Seatrial,
        }
    }
}
