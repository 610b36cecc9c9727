//! One version on one endpoint: requests in flight, and what became of the others.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::admission::Places;

/// How an attempt ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    Ok,
    /// No answer, and not for the deadline.
    Error,
    /// The deadline passed.
    Late,
    /// The client's fault; nobody's error.
    Invalid,
}

impl Outcome {
    pub(crate) const ALL: [Self; 4] = [Self::Ok, Self::Error, Self::Late, Self::Invalid];

    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Error => "error",
            Self::Late => "late",
            Self::Invalid => "invalid",
        }
    }
}

/// Upper bounds of the coarse latency histogram in microseconds; above the last is `+Inf`.
pub(crate) const BOUNDS_MICROS: [u64; 12] =
    [100, 250, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 100_000, 250_000, 1_000_000, 5_000_000];

/// Counters of one version. Outlives routing tables, so that draining can be watched.
#[derive(Debug, Default)]
pub(crate) struct Lane {
    in_flight: AtomicU64,
    /// Of clients' requests by the endpoint's name; one version's leave another's alone.
    pub(crate) places: Arc<Places>,
    outcomes: [AtomicU64; Outcome::ALL.len()],
    latency: [AtomicU64; BOUNDS_MICROS.len() + 1],
    latency_sum_micros: AtomicU64,
}

impl Lane {
    /// Counts a request in until the guard is dropped.
    pub(crate) fn enter(self: &Arc<Self>) -> InFlight {
        self.in_flight.fetch_add(1, Ordering::SeqCst);
        InFlight(Arc::clone(self))
    }

    pub(crate) fn in_flight(&self) -> u64 {
        self.in_flight.load(Ordering::SeqCst)
    }

    /// Counts an attempt that was never begun.
    pub(crate) fn refused(&self) {
        self.count(Outcome::Error);
    }

    pub(crate) fn record(&self, outcome: Outcome, latency: Duration) {
        self.count(outcome);
        let micros = u64::try_from(latency.as_micros()).unwrap_or(u64::MAX);
        let bucket = BOUNDS_MICROS.partition_point(|bound| *bound < micros);
        if let Some(counter) = self.latency.get(bucket) {
            counter.fetch_add(1, Ordering::Relaxed);
        }
        self.latency_sum_micros.fetch_add(micros, Ordering::Relaxed);
    }

    fn count(&self, outcome: Outcome) {
        let index = Outcome::ALL.iter().position(|other| *other == outcome);
        if let Some(counter) = index.and_then(|index| self.outcomes.get(index)) {
            counter.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Requests by outcome, in the order of [`Outcome::ALL`].
    pub(crate) fn outcomes(&self) -> Vec<u64> {
        self.outcomes.iter().map(|counter| counter.load(Ordering::Relaxed)).collect()
    }

    /// Requests by latency, and the sum of their latencies in microseconds.
    pub(crate) fn latency(&self) -> (Vec<u64>, u64) {
        let buckets = self.latency.iter().map(|counter| counter.load(Ordering::Relaxed)).collect();
        (buckets, self.latency_sum_micros.load(Ordering::Relaxed))
    }
}

/// One request in flight.
#[derive(Debug)]
pub(crate) struct InFlight(Arc<Lane>);

impl Drop for InFlight {
    fn drop(&mut self) {
        self.0.in_flight.fetch_sub(1, Ordering::SeqCst);
    }
}
