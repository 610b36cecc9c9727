//! Load, observe, decide, commit, enforce: one endpoint at a time, from whatever state it is in.
//! Level-triggered: a step that was lost is made up by the next one. Owns no rule; those are the
//! rollout's own (`domain::rollout`).

mod applied;
mod backoff;
mod cell;
pub mod command;
mod commit;
mod drive;
pub(crate) mod explain;
mod grounds;
mod jumps;
mod known;
mod latch;
mod look;
mod offers;
mod operator;
mod owned;
mod policies;
mod referrer;
mod release;
mod resolve;
mod restore;
mod retention;
mod signature;
mod start;
mod step;
mod take_up;
mod telemetry;
#[cfg(test)]
mod tests;
mod trigger;
mod turn;
mod unstored;
mod validate;
mod validation_request;
mod verdict;
mod wanted;

use crate::clock;
use crate::config::{Gc, UserCommand};
use crate::signatures::Signatures;
use crate::tasks::Tasks;
use crate::world::World;
use drive::Cells;
use seatrial_domain::telemetry::Telemetry;
use seatrial_domain::{EndpointName, Timestamp};
use seatrial_gateway::Gateway;
use seatrial_store::Store;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, AtomicU64};
use std::sync::{Arc, Mutex};
use std::time::Instant;
use tokio::sync::{Notify, watch};

/// What the driver works with.
#[derive(Debug)]
pub struct Parts {
    pub store: Store,
    pub gateway: Gateway,
    pub world: Arc<dyn World>,
    pub tasks: Tasks,
    /// Told by the world whenever an observation may have changed.
    pub changed: Arc<Notify>,
    /// The users' own validation commands, by name.
    pub commands: BTreeMap<String, UserCommand>,
    pub signatures: Signatures,
    /// Rollouts that may wait in one endpoint's queue.
    pub queue_max: u32,
    /// How garbage goes.
    pub gc: Gc,
}

/// The driver of every endpoint.
#[derive(Debug)]
pub struct Driver {
    store: Store,
    gateway: Gateway,
    world: Arc<dyn World>,
    tasks: Tasks,
    changed: Arc<Notify>,
    commands: BTreeMap<String, UserCommand>,
    signatures: Signatures,
    queue_max: u32,
    gc: Gc,
    cells: Mutex<Cells>,
    /// Endpoints whose last transition the store did not take.
    unstored: Mutex<BTreeSet<EndpointName>>,
    /// Counters that are not in the store yet.
    backlog: tokio::sync::Mutex<Telemetry>,
    /// Assignments given up since the start, because the store took none for too long.
    given_up: AtomicU64,
    started: Instant,
    jumps: Mutex<jumps::Jumps>,
    /// Whether the last flush failed: one that goes on failing is told once.
    flush_fails: AtomicBool,
    /// When the store last took counters, since `started`.
    flushed_at_ms: AtomicU64,
    /// How far the journal was read for what starts rollouts.
    applied: applied::Parsed,
    triggers_read: watch::Sender<u64>,
    /// Told by who waits for that.
    triggers_wanted: Notify,
}

impl Driver {
    /// A driver that has looked at nothing yet.
    pub fn new(parts: Parts) -> Arc<Self> {
        Arc::new(Self {
            store: parts.store,
            gateway: parts.gateway,
            world: parts.world,
            tasks: parts.tasks,
            changed: parts.changed,
            commands: parts.commands,
            signatures: parts.signatures,
            queue_max: parts.queue_max,
            gc: parts.gc,
            cells: Mutex::default(),
            unstored: Mutex::default(),
            backlog: tokio::sync::Mutex::default(),
            given_up: AtomicU64::new(0),
            started: clock::monotonic(),
            jumps: Mutex::new(jumps::Jumps::new((clock::now(), clock::monotonic()))),
            flush_fails: AtomicBool::new(false),
            flushed_at_ms: AtomicU64::new(0),
            applied: applied::Parsed::default(),
            triggers_read: watch::Sender::new(0),
            triggers_wanted: Notify::new(),
        })
    }

    /// Reads where the journal stands; the process before this one was there until `alive_until`.
    /// What cannot be read or written yet is tried again by the endpoint's own steps, and is no
    /// reason not to start.
    pub async fn recover(self: &Arc<Self>, alive_until: Option<Timestamp>) -> anyhow::Result<()> {
        if let Err(error) = self.note_lost().await {
            tracing::warn!(%error, "answers lost with the process before are counted later");
        }
        for endpoint in self.store.endpoints().await? {
            let cell = self.cell(&endpoint.name);
            self.begin_again(&cell, alive_until).await;
        }
        Ok(())
    }
}
