//! The gateway's handle.

use std::fmt::Write as _;
use std::sync::atomic::{AtomicBool, AtomicU64};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use arc_swap::ArcSwap;
use seatrial_domain::telemetry::{Latch, LatchCause, SeenUnits, Telemetry, Trip};
use seatrial_domain::{EndpointName, Epoch, RolloutId, VersionNumber};
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::body::Budget;
use crate::config::Config;
use crate::feedback::FeedbackRequest;
use crate::latches::{self, Latches};
use crate::marks::Marks;
use crate::recorder::Recorder;
use crate::shared::{Shared, TRIPS};
use crate::sync::lock;
use crate::table::RouteTable;
use crate::{install, metrics, server};

/// The inference surface of all endpoints. Cheap to clone; all clones are one gateway.
#[derive(Debug, Clone)]
pub struct Gateway {
    shared: Arc<Shared>,
    trips: Arc<Mutex<Option<mpsc::Receiver<Trip>>>>,
    feedback: Arc<Mutex<Option<mpsc::Receiver<FeedbackRequest>>>>,
}

impl Gateway {
    /// A gateway without endpoints, holding the latches an earlier one left in the latch file.
    ///
    /// # Errors
    /// The latch file cannot be opened or made.
    pub fn new(config: Config) -> Result<Self, latches::Error> {
        let held = match &config.latch_file {
            Some(path) => Latches::open(path, config.latch_slots)?,
            None => Latches::in_memory(),
        };
        let marks = match &config.mark_file {
            Some(path) => Marks::open(path, config.boot, config.mark_slots),
            None => Marks::default(),
        };
        let (trips, trips_taken) = mpsc::channel(TRIPS);
        let (feedback, feedback_taken) = mpsc::channel(config.feedback_queue.max(1));
        let shared = Arc::new(Shared {
            endpoints: ArcSwap::default(),
            control: Mutex::default(),
            latches: held,
            recorder: Recorder::new(&config),
            marks: Arc::new(marks),
            tasks: TaskTracker::new(),
            bodies: Budget::new(config.max_bodies),
            trips,
            tripped: AtomicU64::new(0),
            feedback,
            draining: AtomicBool::new(false),
            serials: AtomicU64::new(0),
            config,
        });
        let trips = Arc::new(Mutex::new(Some(trips_taken)));
        let feedback = Arc::new(Mutex::new(Some(feedback_taken)));
        Ok(Self { shared, trips, feedback })
    }

    /// What it was made with.
    #[must_use]
    pub fn config(&self) -> &Config {
        &self.shared.config
    }

    /// Puts a table in force. The epoch returned is the acknowledgement; installing the epoch in
    /// force again changes nothing.
    ///
    /// # Errors
    /// A larger epoch is in force, or nobody could answer under this table.
    pub fn install(&self, table: RouteTable) -> Result<Epoch, install::Error> {
        install::install(&self.shared, table)
    }

    /// Takes an endpoint away: it answers 404. Its latch stays.
    pub fn remove(&self, endpoint: &EndpointName) {
        install::remove(&self.shared, endpoint);
    }

    /// Sets the candidate's share to zero at once, ahead of any commit, until a larger epoch.
    pub fn zero(&self, endpoint: &EndpointName, cause: LatchCause) {
        if let Some(entry) = self.shared.named(endpoint) {
            let _news = self.shared.latch(&entry, &entry.route.load_full(), cause);
        }
    }

    /// The latch held over an endpoint, be it from before this process.
    #[must_use]
    pub fn latch(&self, endpoint: &EndpointName) -> Option<Latch> {
        self.shared.latches.get(endpoint)
    }

    /// Takes in the units an earlier process saw, with those it lost; before the rollout's table is
    /// installed.
    pub fn seed_units(&self, rollout: RolloutId, mut seen: SeenUnits) {
        seen.merge(&self.shared.marks.lost_units(rollout));
        self.shared.recorder.seed(rollout, &seen);
    }

    /// The requests that were lost with the processes before this one, a flush for each, until
    /// [`Gateway::forget_lost`]. If this process ends before that, the next one tells them.
    #[must_use]
    pub fn lost(&self) -> &[Telemetry] {
        self.shared.marks.lost()
    }

    /// What was lost is stored.
    pub fn forget_lost(&self) {
        self.shared.marks.forget_lost();
    }

    /// Requests a version is working on or will be, copies included: 0 means that it may go, once
    /// a table without it is in force.
    #[must_use]
    pub fn in_flight(&self, endpoint: &EndpointName, version: VersionNumber) -> u64 {
        self.shared.named(endpoint).map_or(0, |entry| entry.in_flight(version))
    }

    /// Counters that changed since the last call, each since boot, and lists since then.
    #[must_use]
    pub fn drain_telemetry(&self) -> Telemetry {
        self.shared.recorder.flush()
    }

    /// The guardrails' trips; the first caller gets them.
    #[must_use]
    pub fn trips(&self) -> Option<mpsc::Receiver<Trip>> {
        lock(&self.trips).take()
    }

    /// Labels to be joined; the first caller gets them.
    #[must_use]
    pub fn feedback(&self) -> Option<mpsc::Receiver<FeedbackRequest>> {
        lock(&self.feedback).take()
    }

    /// Appends the gateway's metrics in Prometheus' text format.
    pub fn metrics(&self, out: &mut String) {
        // Writing to a string cannot fail.
        let _written = write!(out, "{}", metrics::Exposition(&self.shared));
    }

    /// Answers connections until `shutdown`; then reports itself not ready, takes no new ones once
    /// its notice is over, and gives requests in flight `drain` to end. The tables an earlier
    /// process left are installed before.
    pub async fn serve(self, listener: TcpListener, shutdown: CancellationToken, drain: Duration) {
        server::serve(Arc::clone(&self.shared), listener, shutdown, drain).await;
    }
}
