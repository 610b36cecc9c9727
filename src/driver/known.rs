//! What the store says of an endpoint, read once and kept; and its enforcement, which waits for no
//! store.

use super::Driver;
use super::cell::{Cell, Known, State};
use super::wanted::wanted;
use crate::clock;
use anyhow::Context as _;
use seatrial_store::page::Request;
use seatrial_store::rollouts::{Filter, Phase};

/// Ended rollouts of an endpoint that may still keep a candidate loaded.
const ENDED_MAX: u32 = 4;

impl Driver {
    /// What the store says of this endpoint, read once.
    pub(super) async fn known<'a>(
        &self,
        cell: &Cell,
        state: &'a mut State,
    ) -> anyhow::Result<&'a mut Known> {
        if state.known.is_none() {
            let known = self.read(cell, state).await?;
            self.know(cell, state, known);
        }
        state.known.as_mut().context("just read")
    }

    /// Remembers what the store says now, and enforces it.
    pub(super) fn know(&self, cell: &Cell, state: &mut State, known: Known) {
        *cell.known() = Some(known.clone());
        state.known = Some(known);
        self.enforce(cell);
    }

    /// Enforces what the store said last.
    pub(super) fn enforce(&self, cell: &Cell) {
        if let Some(known) = cell.known().as_ref() {
            self.world.enforce(&wanted(known, clock::now()));
        }
    }

    /// Whether the route that is wanted is in force.
    pub(super) fn is_in_force(&self, cell: &Cell) -> bool {
        let known = cell.known();
        let Some(known) = known.as_ref() else { return false };
        let epoch = wanted(known, clock::now()).desired.route.epoch;
        self.world.observe(cell.name()).acknowledged >= Some(epoch)
    }

    async fn read(&self, cell: &Cell, state: &State) -> anyhow::Result<Known> {
        let name = cell.name();
        let endpoint = self.store.endpoint(name).await?.context("the endpoint does not exist")?;
        let filter = Filter { endpoint: Some(name.clone()), phase: Some(Phase::Ended) };
        let ended = self.store.rollouts(&filter, &Request::first(ENDED_MAX)).await?;
        let active = self.store.active_rollout(name).await?;
        if let (Some(active), Some(_)) = (&active, &state.outage) {
            // Before its table is in force: no unit is counted twice.
            let id = active.rollout.id;
            self.gateway.seed_units(id, self.store.seen_units(id).await?);
        }
        let in_force = self.store.settings_in_force(name).await?;
        Ok(Known {
            settings: in_force.unwrap_or_else(|| endpoint.settings.clone()),
            endpoint,
            epoch: self.store.last_epoch(name).await?,
            active,
            ended: ended.items.into_iter().map(|stored| stored.rollout).collect(),
        })
    }
}
