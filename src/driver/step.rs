//! One step of one endpoint: look at the world, take the first event that means something, commit
//! what it does, and enforce what is then wanted.

use super::Driver;
use super::cell::{Cell, Known, Pending, State};
use super::command::{Error, Stored};
use super::offers::{self, Drain, Telemetry, judged, offers};
use super::{latch, wanted};
use crate::clock;
use crate::world::Observed;
use anyhow::Context as _;
use seatrial_domain::rollout::{Effect, Event, Rejected, Rollout, Stage, Transition};
use seatrial_domain::telemetry::LatchCause;
use seatrial_domain::{Actor, Share, Timestamp};
use seatrial_store::page::Request;
use seatrial_store::rollouts::{Commit, CommitError, Filter, Phase};
use std::sync::Arc;

/// Events taken in one step; what is left waits for the next, so that no endpoint starves others.
const EVENTS_MAX: usize = 8;

/// Ended rollouts of an endpoint that may still keep a candidate loaded.
const ENDED_MAX: u32 = 4;

/// What is about to be committed: what happened, what it does, and by whom.
pub(super) struct Decided<'a> {
    pub(super) event: &'a Event,
    pub(super) transition: Transition,
    pub(super) actor: Actor,
}

impl Driver {
    /// Steps the endpoint; true when the wanted route is in force.
    pub(super) async fn step(self: &Arc<Self>, cell: &Cell) -> anyhow::Result<bool> {
        let mut state = cell.state.lock().await;
        self.advance(cell, &mut state).await
    }

    pub(super) async fn advance(
        self: &Arc<Self>,
        cell: &Cell,
        state: &mut State,
    ) -> anyhow::Result<bool> {
        for _ in 0..EVENTS_MAX {
            if !self.take_one(cell, state).await? {
                break;
            }
        }
        let known = self.known(cell, state).await?.clone();
        let wanted = wanted::wanted(&known, clock::now());
        self.world.enforce(&wanted);
        cell.backoff().went_well();
        let observed = self.world.observe(cell.name());
        Ok(observed.acknowledged >= Some(wanted.desired.route.epoch))
    }

    /// Takes the first event that means something; false when none does.
    async fn take_one(self: &Arc<Self>, cell: &Cell, state: &mut State) -> anyhow::Result<bool> {
        let now = clock::now();
        let known = self.known(cell, state).await?.clone();
        self.world.enforce(&wanted::wanted(&known, now));
        let Some(active) = known.active.clone() else {
            return self.take_turn(cell, state, &known).await;
        };
        let observed = self.world.observe(cell.name());
        let urgent = urgent(cell, state, &active.rollout, &observed);
        if self.take_first(state, &active, urgent).await? {
            return Ok(true);
        }
        let events = self.events(cell, state, &active.rollout, &observed).await?;
        self.take_first(state, &active, events).await
    }

    /// Commits what the first event does that means something; false when none does.
    async fn take_first(
        &self,
        state: &mut State,
        active: &Stored,
        events: Vec<Event>,
    ) -> anyhow::Result<bool> {
        let now = clock::now();
        for event in events {
            if let Ok(transition) = active.rollout.on(&event, now) {
                let actor = state.actor_of(&event);
                self.commit(state, active, Decided { event: &event, transition, actor }).await?;
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
            telemetry: if self.flushed_recently() { Telemetry::Fresh } else { Telemetry::Late },
            drain: drain(rollout, clock::now()),
        };
        events.extend(offers(rollout, observed, &more));
        Ok(events)
    }

    /// Another endpoint that answers with the version this rollout is about to retire.
    async fn referrer(&self, rollout: &Rollout) -> anyhow::Result<Option<String>> {
        let Some(incumbent) = &rollout.incumbent else { return Ok(None) };
        if rollout.stage != Stage::Decommissioning {
            return Ok(None);
        }
        let endpoints = self.store.endpoints().await?;
        let referrer = endpoints.into_iter().find(|other| {
            other.name != rollout.endpoint && other.serving.as_ref() == Some(incumbent)
        });
        Ok(referrer.map(|endpoint| endpoint.name.to_string()))
    }

    /// Commits a transition and makes it so. A move to share zero is latched in the gateway first
    /// (law 4): it waits for no store.
    pub(super) async fn commit(
        &self,
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
        let commit = Commit {
            transition: &transition,
            expected: before.revision,
            actor: &actor,
            evidence: None,
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
                    let event = event.clone();
                    state.pending = Some(Pending { rollout: rollout.id, event, actor });
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
            self.world.enforce(&wanted::wanted(&known, clock::now()));
            state.known = Some(known);
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

    /// What the store says of this endpoint, read once.
    pub(super) async fn known<'a>(
        &self,
        cell: &Cell,
        state: &'a mut State,
    ) -> anyhow::Result<&'a mut Known> {
        if state.known.is_none() {
            state.known = Some(self.read(cell).await?);
        }
        state.known.as_mut().context("just read")
    }

    async fn read(&self, cell: &Cell) -> anyhow::Result<Known> {
        let name = cell.name();
        let endpoint = self.store.endpoint(name).await?.context("the endpoint does not exist")?;
        let filter = Filter { endpoint: Some(name.clone()), phase: Some(Phase::Ended) };
        let ended = self.store.rollouts(&filter, &Request::first(ENDED_MAX)).await?;
        Ok(Known {
            endpoint,
            epoch: self.store.last_epoch(name).await?,
            active: self.store.active_rollout(name).await?,
            ended: ended.items.into_iter().map(|stored| stored.rollout).collect(),
        })
    }

    /// Takes a rollout up again after a restart: no unit is counted twice, and the time nobody
    /// was there does not count.
    pub(super) async fn take_up(
        &self,
        cell: &Cell,
        alive_until: Option<Timestamp>,
    ) -> anyhow::Result<()> {
        let mut state = cell.state.lock().await;
        let Some(active) = self.known(cell, &mut state).await?.active.clone() else {
            return Ok(());
        };
        let id = active.rollout.id;
        self.gateway.seed_units(id, self.store.seen_units(id).await?);
        let alive_until = alive_until.unwrap_or(active.rollout.step.entered_at);
        let event = Event::Restarted { alive_until };
        // Without an outage there is nothing to write down.
        if let Ok(transition) = active.rollout.on(&event, clock::now()) {
            let decided = Decided { event: &event, transition, actor: Actor::Seatrial };
            self.commit(&mut state, &active, decided).await?;
        }
        Ok(())
    }
}

/// The ways back that wait for nothing that could fail (law 4): one that could not be stored
/// before, and guardrails' trips.
fn urgent(cell: &Cell, state: &State, rollout: &Rollout, observed: &Observed) -> Vec<Event> {
    let pending = state.pending.iter().filter(|pending| pending.rollout == rollout.id);
    let trips = cell.take_trips().into_iter().filter(|trip| trip.rollout == rollout.id);
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

fn refused(rollout: &Rollout, to: Share, error: CommitError) -> Error {
    let zeroed = rollout.share() > Share::ZERO && to == Share::ZERO;
    match error {
        CommitError::Conflict { current, .. } => Error::Conflict { id: rollout.id, current },
        CommitError::Occupied { active } => {
            Error::Busy { endpoint: rollout.endpoint.clone(), running: active }
        }
        CommitError::Unknown(id) => Error::NotFound { what: "rollout", name: id.to_string() },
        CommitError::Storage(error) if zeroed => Error::Unstored(error),
        CommitError::Storage(error) => Error::Storage(error.into()),
    }
}
