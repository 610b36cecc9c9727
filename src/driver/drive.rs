//! One task an endpoint, so that a slow step of one holds up no other. While a step waits, what was
//! wanted before it is enforced all the same.

use super::Driver;
use super::cell::Cell;
use crate::clock;
use seatrial_domain::EndpointName;
use std::collections::BTreeMap;
use std::sync::{Arc, MutexGuard, PoisonError};
use std::time::Duration;

/// How often an endpoint is looked at when nothing wakes it.
const TICK: Duration = Duration::from_millis(100);

/// Every endpoint's cell.
#[derive(Debug, Default)]
pub(super) struct Cells {
    all: BTreeMap<EndpointName, Arc<Cell>>,
    driving: Driving,
}

/// Whether cells are driven: those there are, and each that comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Driving {
    #[default]
    NotYet,
    Begun,
}

impl Driver {
    /// Drives until the process stops.
    pub fn run(self: &Arc<Self>) {
        let cells = {
            let mut cells = self.cells();
            cells.driving = Driving::Begun;
            cells.all.values().map(Arc::clone).collect::<Vec<_>>()
        };
        for cell in cells {
            self.drive(cell);
        }
        let driver = Arc::clone(self);
        self.tasks.spawn("driver", async move {
            loop {
                driver.changed.notified().await;
                driver.all_cells().iter().for_each(|cell| cell.wake());
            }
        });
        self.collect();
        self.forget();
        self.release();
        self.trigger();
    }

    /// Waits until every endpoint's route is in force, or `patience` is over.
    pub async fn settled(&self, patience: Duration) {
        let all_in_force = async {
            while !self.all_cells().iter().all(|cell| self.is_in_force(cell)) {
                tokio::time::sleep(TICK).await;
            }
        };
        if tokio::time::timeout(patience, all_in_force).await.is_err() {
            tracing::warn!("not every route is in force yet; serving what is");
        }
    }

    /// Looks after an endpoint from now on.
    pub fn look_after(self: &Arc<Self>, endpoint: &EndpointName) {
        self.cell(endpoint).wake();
    }

    pub(super) fn cell(self: &Arc<Self>, endpoint: &EndpointName) -> Arc<Cell> {
        let mut cells = self.cells();
        if let Some(cell) = cells.all.get(endpoint) {
            return Arc::clone(cell);
        }
        let cell = Cell::new(endpoint.clone());
        cells.all.insert(endpoint.clone(), Arc::clone(&cell));
        let driving = cells.driving;
        drop(cells);
        match driving {
            Driving::Begun => self.drive(Arc::clone(&cell)),
            Driving::NotYet => {}
        }
        cell
    }

    /// The cell of an endpoint that is looked after already.
    pub(super) fn cell_of(&self, endpoint: &EndpointName) -> Option<Arc<Cell>> {
        self.cells().all.get(endpoint).map(Arc::clone)
    }

    pub(super) fn all_cells(&self) -> Vec<Arc<Cell>> {
        self.cells().all.values().map(Arc::clone).collect()
    }

    fn cells(&self) -> MutexGuard<'_, Cells> {
        self.cells.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn drive(self: &Arc<Self>, cell: Arc<Cell>) {
        let driver = Arc::clone(self);
        let driving = self.tasks.spawn("endpoint", async move {
            loop {
                driver.drive_once(&cell).await;
                tokio::select! {
                    () = cell.woken() => {}
                    () = tokio::time::sleep(TICK) => {}
                }
            }
        });
        let stop = self.tasks.stop();
        self.tasks.spawn("endpoint watch", async move {
            if driving.await.is_err() {
                tracing::error!("the driver has panicked: nobody would judge, so the server stops");
                stop.cancel();
            }
        });
    }

    async fn drive_once(self: &Arc<Self>, cell: &Cell) {
        self.enforce(cell);
        if cell.is_left_alone(clock::monotonic()) {
            return;
        }
        let mut step = Box::pin(self.step(cell));
        let ended = loop {
            tokio::select! {
                ended = &mut step => break ended,
                // It may be waiting for the store; what loads meanwhile goes in force.
                () = tokio::time::sleep(TICK) => self.enforce(cell),
            }
        };
        if let Err(error) = ended {
            let again_in = cell.backoff().failed(clock::monotonic());
            let error = format!("{error:#}");
            tracing::error!(endpoint = %cell.name(), error, ?again_in, "step");
        }
    }
}
