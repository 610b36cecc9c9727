//! Load, observe, decide, commit, enforce: one endpoint at a time, from whatever state it is in.
//! Level-triggered: a step that was lost is made up by the next one. Owns no rule; those are the
//! rollout's own (`domain::rollout`).

mod backoff;
mod cell;
pub mod command;
mod explain;
mod latch;
mod look;
mod offers;
mod operator;
mod owned;
mod release;
mod restore;
mod retention;
mod start;
mod step;
mod telemetry;
pub mod trigger;
mod unstored;
mod validate;
mod validation_request;
mod verdict;
mod wanted;

use crate::clock;
use crate::config::UserCommand;
use crate::tasks::Tasks;
use crate::world::World;
use cell::Cell;
use seatrial_domain::telemetry::Telemetry;
use seatrial_domain::{EndpointName, Timestamp};
use seatrial_gateway::Gateway;
use seatrial_store::Store;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, AtomicU64};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::Notify;

/// How often an endpoint is looked at when nothing wakes the driver.
const TICK: Duration = Duration::from_millis(100);

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
    cells: Mutex<BTreeMap<EndpointName, Arc<Cell>>>,
    /// Endpoints whose last transition the store did not take.
    unstored: Mutex<BTreeSet<EndpointName>>,
    /// Counters that are not in the store yet.
    backlog: tokio::sync::Mutex<Telemetry>,
    /// Assignments given up since the start, because the store took none for too long.
    given_up: AtomicU64,
    started: Instant,
    /// Whether the last flush failed: one that goes on failing is told once.
    flush_fails: AtomicBool,
    /// When the store last took counters, since `started`.
    flushed_at_ms: AtomicU64,
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
            cells: Mutex::default(),
            unstored: Mutex::default(),
            backlog: tokio::sync::Mutex::default(),
            given_up: AtomicU64::new(0),
            started: clock::monotonic(),
            flush_fails: AtomicBool::new(false),
            flushed_at_ms: AtomicU64::new(0),
        })
    }

    /// Takes up where the journal stands, and returns once every endpoint's route is in force or
    /// `patience` is over: only then may clients be let in. The process before this one was there
    /// until `alive_until`.
    pub async fn recover(
        self: &Arc<Self>,
        patience: Duration,
        alive_until: Option<Timestamp>,
    ) -> anyhow::Result<()> {
        for endpoint in self.store.endpoints().await? {
            let cell = self.cell(&endpoint.name);
            self.take_up(&cell, alive_until).await?;
        }
        let all_in_force = async {
            while !self.step_all().await {
                tokio::select! {
                    () = self.changed.notified() => {}
                    () = tokio::time::sleep(TICK) => {}
                }
            }
        };
        if tokio::time::timeout(patience, all_in_force).await.is_err() {
            tracing::warn!("not every route is in force yet; serving what is");
        }
        Ok(())
    }

    /// Drives until the process stops.
    pub fn run(self: &Arc<Self>) {
        let driver = Arc::clone(self);
        let driving = self.tasks.spawn("driver", async move {
            loop {
                tokio::select! {
                    () = driver.changed.notified() => {}
                    () = tokio::time::sleep(TICK) => {}
                }
                driver.step_all().await;
            }
        });
        let stop = self.tasks.stop();
        self.tasks.spawn("driver watch", async move {
            if driving.await.is_err() {
                tracing::error!("the driver has panicked: nobody would judge, so the server stops");
                stop.cancel();
            }
        });
        self.collect();
        self.forget();
        self.release();
    }

    /// Steps every endpoint; true when every wanted route is in force.
    async fn step_all(self: &Arc<Self>) -> bool {
        let steps = self.all_cells().into_iter().map(|cell| async move {
            if cell.is_left_alone(clock::monotonic()) {
                return false;
            }
            self.step(&cell).await.unwrap_or_else(|error| {
                let again_in = cell.backoff().failed(clock::monotonic());
                let error = format!("{error:#}");
                tracing::error!(endpoint = %cell.name(), error, ?again_in, "step");
                false
            })
        });
        futures_util::future::join_all(steps).await.into_iter().all(|in_force| in_force)
    }

    fn cell(&self, endpoint: &EndpointName) -> Arc<Cell> {
        let mut cells = self.cells.lock().unwrap_or_else(PoisonError::into_inner);
        let cell = cells.entry(endpoint.clone()).or_insert_with(|| Cell::new(endpoint.clone()));
        Arc::clone(cell)
    }

    fn all_cells(&self) -> Vec<Arc<Cell>> {
        let cells = self.cells.lock().unwrap_or_else(PoisonError::into_inner);
        cells.values().map(Arc::clone).collect()
    }
}
