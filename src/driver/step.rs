//! One step of one endpoint: look at the world, take the first event that means something, commit
//! what it does, and enforce what is then wanted.

use super::Driver;
use super::cell::{Cell, Known, State};
use super::command::{Error, Stored};
use super::look::Subject;
use super::offers::{self, Drain, Telemetry, offers};
use super::{latch, wanted};
use crate::clock;
use crate::world::Observed;
use anyhow::Context as _;
use seatrial_domain::rollout::{Effect, Event, Rollout, Stage, Transition};
use seatrial_domain::telemetry::LatchCause;
use seatrial_domain::{Actor, Share, Timestamp};
use seatrial_store::page::Request;
use seatrial_store::rollouts::{Commit, CommitError, Filter, Phase};
use std::sync::Arc;

/// Events taken in one step; what is left waits for the next, so that no endpoint starves others.
const EVENTS_MAX: usize = 8;

/// Ended rollouts of an endpoint that may still keep a candidate loaded.
const ENDED_MAX: u32 = 4;

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
        for event in self.events(cell, state, &active.rollout, &observed).await? {
            if let Ok(transition) = active.rollout.on(&event, now) {
                self.commit(state, &active, &event, transition, actor_of(&event)).await?;
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Everything that may have happened, most urgent first.
    async fn events(
        self: &Arc<Self>,
        cell: &Cell,
        state: &mut State,
        rollout: &Rollout,
        observed: &Observed,
    ) -> anyhow::Result<Vec<Event>> {
        let trips = cell.take_trips().into_iter().filter(|trip| trip.rollout == rollout.id);
        let mut events: Vec<Event> =
            trips.map(|trip| Event::GuardrailTripped(Box::new(trip))).collect();
        events.extend(latch::explained(cell, rollout, observed.latch));
        if !events.is_empty() {
            return Ok(events);
        }
        let more = offers::Known {
            verdict: self.verdict(state, rollout).await?,
            validated: self.validated(state, rollout, observed).await?,
            referrer: self.referrer(rollout).await?,
            telemetry: if self.flushed_recently() { Telemetry::Fresh } else { Telemetry::Late },
            drain: drain(rollout, clock::now()),
        };
        Ok(offers(rollout, observed, &more))
    }

    /// The verdict to act on: a new one when a look is due.
    async fn verdict(
        &self,
        state: &mut State,
        rollout: &Rollout,
    ) -> anyhow::Result<Option<seatrial_domain::verdict::Verdict>> {
        let Some(subject) = Subject::of(rollout) else { return Ok(None) };
        if rollout.step.acknowledged_at.is_none() {
            return Ok(None);
        }
        if state.look.is_due(rollout.epoch, rollout.plan.analysis.look) {
            let evidence = self.store.evidence(rollout.id).await.context("evidence")?;
            return state.look.at(rollout, subject, &evidence).map(Some);
        }
        Ok(state.look.last(rollout.epoch).cloned())
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
        event: &Event,
        transition: Transition,
        actor: Actor,
    ) -> Result<Stored, Error> {
        let rollout = &before.rollout;
        if before.rollout.share() > Share::ZERO && transition.next.share() == Share::ZERO {
            self.world.zero(&rollout.endpoint, cause_of(event));
        }
        let commit = Commit {
            transition: &transition,
            expected: before.revision,
            actor: &actor,
            evidence: None,
            now: clock::now(),
        };
        let stored = match self.store.commit(commit).await {
            Ok(committed) => committed.stored,
            Err(error) => {
                state.known = None;
                return Err(refused(rollout, error));
            }
        };
        tracing::info!(
            rollout.id = %rollout.id, endpoint = %rollout.endpoint, event = event.name(),
            from = %transition.journal.from, to = %transition.journal.to,
            share = %transition.journal.share, epoch = %stored.rollout.epoch,
            "transition"
        );
        if let Some(known) = &mut state.known {
            remember(known, stored.clone(), &transition.journal.effects);
            self.world.enforce(&wanted::wanted(known, clock::now()));
        }
        Ok(stored)
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

    /// Remembers what was seen before a restart, so that no unit is counted twice.
    pub(super) async fn seed(&self, cell: &Cell) -> anyhow::Result<()> {
        let mut state = cell.state.lock().await;
        if let Some(active) = &self.known(cell, &mut state).await?.active {
            let id = active.rollout.id;
            self.gateway.seed_units(id, self.store.seen_units(id).await?);
        }
        Ok(())
    }
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
    if stored.rollout.stage.is_terminal() {
        // One that is given up in the queue leaves the one that runs alone.
        known.active.take_if(|active| active.rollout.id == stored.rollout.id);
        known.ended.insert(0, stored.rollout);
        known.ended.truncate(usize::try_from(ENDED_MAX).unwrap_or(usize::MAX));
    } else if stored.rollout.stage != Stage::Queued {
        known.active = Some(stored);
    }
}

const fn cause_of(event: &Event) -> LatchCause {
    if matches!(event, Event::Judged { .. }) { LatchCause::Verdict } else { LatchCause::Operator }
}

fn actor_of(event: &Event) -> Actor {
    if matches!(event, Event::GuardrailTripped(_)) { Actor::Gateway } else { Actor::Seatrial }
}

fn refused(rollout: &Rollout, error: CommitError) -> Error {
    match error {
        CommitError::Conflict { current, .. } => Error::Conflict { id: rollout.id, current },
        CommitError::Occupied { active } => {
            Error::Busy { endpoint: rollout.endpoint.clone(), running: active }
        }
        CommitError::Unknown(id) => Error::NotFound { what: "rollout", name: id.to_string() },
        CommitError::Storage(error) => Error::Storage(error.into()),
    }
}
