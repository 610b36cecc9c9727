//! What all handles of a gateway share.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use arc_swap::ArcSwap;
use seatrial_domain::EndpointName;
use seatrial_domain::telemetry::{Latch, LatchCause, Trip, TripKind};
use tokio::sync::mpsc;
use tokio::time::Instant;
use tokio_util::task::TaskTracker;

use crate::body::{Bound, Budget};
use crate::config::Config;
use crate::entry::Entry;
use crate::feedback::FeedbackRequest;
use crate::guard::{Breach, Readiness, Report};
use crate::installed::Installed;
use crate::latches::Latches;
use crate::marks::Marks;
use crate::recorder::Recorder;
use crate::request_id::Serial;
use crate::sync::lock;

/// Trips waiting for the driver. A latch that finds no room is still found by asking for it.
pub(crate) const TRIPS: usize = 256;

#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) config: Config,
    pub(crate) endpoints: ArcSwap<BTreeMap<String, Arc<Entry>>>,
    /// One install, trip or removal at a time.
    pub(crate) control: Mutex<()>,
    pub(crate) latches: Latches,
    pub(crate) recorder: Recorder,
    pub(crate) marks: Arc<Marks>,
    pub(crate) tasks: TaskTracker,
    pub(crate) bodies: Budget,
    pub(crate) trips: mpsc::Sender<Trip>,
    pub(crate) tripped: AtomicU64,
    pub(crate) feedback: mpsc::Sender<FeedbackRequest>,
    pub(crate) draining: AtomicBool,
    pub(crate) serials: AtomicU64,
}

impl Shared {
    pub(crate) fn entry(&self, endpoint: &str) -> Option<Arc<Entry>> {
        self.endpoints.load().get(endpoint).map(Arc::clone)
    }

    /// For a body of at most so many bytes.
    pub(crate) const fn bound(&self, bytes: u64) -> Bound<'_> {
        let (budget, tasks) = (&self.bodies, &self.tasks);
        Bound { budget, bytes, time: self.config.body_timeout, tasks }
    }

    pub(crate) fn next_serial(&self) -> Serial {
        let number = self.serials.fetch_add(1, Ordering::Relaxed);
        Serial { boot: self.config.boot, number }
    }

    /// Sets the candidate's share under this table to zero: in memory at once, then in the file.
    pub(crate) fn latch(&self, entry: &Entry, installed: &Installed, cause: LatchCause) -> Latched {
        let Some(active) = &installed.rollout else { return Latched::No };
        let latch = Latch { rollout: active.route.id, epoch: installed.epoch, cause };
        if installed.latch.set(latch).is_err() {
            return Latched::No;
        }
        let _control = lock(&self.control);
        // A larger epoch may have come meanwhile; its share was committed knowing of no latch.
        if entry.route.load().epoch > installed.epoch {
            return Latched::No;
        }
        self.latches.hold(&entry.name, latch);
        active.guard.reset(Instant::now());
        Latched::Yes
    }

    /// Acts on a passed limit: zero, or a report alone in plans without a control.
    pub(crate) fn trip(&self, entry: &Entry, installed: &Installed, breach: Breach) {
        let Some(active) = &installed.rollout else { return };
        let kind = if active.route.zeroes() { TripKind::Zeroed } else { TripKind::Pause };
        let news = match kind {
            TripKind::Zeroed => self.latch(entry, installed, breach.cause()) == Latched::Yes,
            TripKind::Pause => active.guard.report(breach.rail) == Report::First,
        };
        if !news {
            return;
        }
        self.tripped.fetch_add(1, Ordering::Relaxed);
        tracing::warn!(
            endpoint = %entry.name, rollout.id = %active.route.id, guardrail = breach.rail.name(),
            "a guardrail was passed"
        );
        let trip = Trip {
            endpoint: entry.name.clone(),
            rollout: active.route.id,
            epoch: installed.epoch,
            guardrail: breach.rail.name().to_owned(),
            kind,
            candidate: breach.candidate,
            incumbent: breach.incumbent,
            at: (self.config.clock)(),
        };
        if let Err(error) = self.trips.try_send(trip) {
            tracing::error!(%error, "a trip could not be reported; its latch holds");
        }
    }

    /// Looks at every exposed candidate's readiness.
    pub(crate) fn watch(&self, now: Instant) {
        for entry in self.endpoints.load().values() {
            let installed = entry.route.load_full();
            let (Some(active), Some(candidate)) = (&installed.rollout, &installed.candidate) else {
                continue;
            };
            if installed.share() == seatrial_domain::Share::ZERO {
                continue;
            }
            let readiness =
                if candidate.backend.ready() { Readiness::Ready } else { Readiness::NotReady };
            if let Some(breach) = active.guard.note_readiness(readiness, now) {
                self.trip(entry, &installed, breach);
            }
        }
    }

    pub(crate) fn named(&self, endpoint: &EndpointName) -> Option<Arc<Entry>> {
        self.entry(endpoint.as_str())
    }
}

/// Whether a latch is new.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Latched {
    Yes,
    /// There is one already, or the table is no longer in force.
    No,
}
