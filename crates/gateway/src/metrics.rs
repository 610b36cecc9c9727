//! The metrics in Prometheus' text format, read from the counters when they are asked for: nothing
//! is registered, labelled or hashed on a request's path.

mod family;

use std::fmt::{self, Write};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use crate::entry::Entry;
use crate::lane::{BOUNDS_MICROS, Outcome};
use crate::shared::Shared;
use family::{Family, Histogram, Kind, Labels};

/// All metrics of a gateway, to be written.
#[derive(Debug)]
pub(crate) struct Exposition<'a>(pub(crate) &'a Shared);

impl fmt::Display for Exposition<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let endpoints = self.0.endpoints.load();
        let entries: Vec<&Arc<Entry>> = endpoints.values().collect();
        requests(f, &entries)?;
        latencies(f, &entries)?;
        refusals(f, &entries)?;
        gauges(f, &entries)?;
        mirrors(f, &entries)?;
        let trips = Family { name: "seatrial_guardrail_trips_total", kind: Kind::Counter };
        trips.head(f, "Guardrails passed since boot.")?;
        trips.sample(f, &Labels::default(), self.0.tripped.load(Ordering::Relaxed))?;
        let unmarked = Family { name: "seatrial_unmarked_requests_total", kind: Kind::Counter };
        unmarked
            .head(f, "Evidence that would not have been told if it was lost with the process.")?;
        unmarked.sample(f, &Labels::default(), self.0.marks.unmarked())
    }
}

fn requests(f: &mut impl Write, entries: &[&Arc<Entry>]) -> fmt::Result {
    let family = Family { name: "seatrial_requests_total", kind: Kind::Counter };
    family.head(f, "Attempts by the version that made them.")?;
    let in_flight = Family { name: "seatrial_in_flight", kind: Kind::Gauge };
    for entry in entries {
        for (version, lane) in entry.lanes.all() {
            for (outcome, count) in Outcome::ALL.iter().zip(lane.outcomes()) {
                let labels = of(entry).and("version", version.0).and("outcome", outcome.as_str());
                family.sample(f, &labels, count)?;
            }
        }
    }
    in_flight.head(f, "Requests a version is working on, copies included.")?;
    for entry in entries {
        for (version, lane) in entry.lanes.all() {
            in_flight.sample(f, &of(entry).and("version", version.0), lane.in_flight())?;
        }
    }
    Ok(())
}

fn latencies(f: &mut impl Write, entries: &[&Arc<Entry>]) -> fmt::Result {
    let family = Family { name: "seatrial_latency_seconds", kind: Kind::Histogram };
    family.head(f, "Time to a version's answer.")?;
    for entry in entries {
        for (version, lane) in entry.lanes.all() {
            let labels = of(entry).and("version", version.0);
            let (buckets, sum_micros) = lane.latency();
            let histogram =
                Histogram { bounds_micros: &BOUNDS_MICROS, buckets: &buckets, sum_micros };
            family.histogram(f, &labels, &histogram)?;
        }
    }
    Ok(())
}

fn refusals(f: &mut impl Write, entries: &[&Arc<Entry>]) -> fmt::Result {
    let family = Family { name: "seatrial_refused_requests_total", kind: Kind::Counter };
    family.head(f, "Requests refused before they reached a version.")?;
    for entry in entries {
        for (reason, count) in entry.refusals.all() {
            family.sample(f, &of(entry).and("reason", reason), count)?;
        }
    }
    Ok(())
}

fn gauges(f: &mut impl Write, entries: &[&Arc<Entry>]) -> fmt::Result {
    let epoch = Family { name: "seatrial_epoch", kind: Kind::Gauge };
    epoch.head(f, "The routing table's epoch.")?;
    for entry in entries {
        epoch.sample(f, &of(entry), entry.route.load().epoch.0)?;
    }
    let share = Family { name: "seatrial_candidate_share_basis_points", kind: Kind::Gauge };
    share.head(f, "The candidate's share in force.")?;
    for entry in entries {
        share.sample(f, &of(entry), u64::from(entry.route.load().share().basis_points()))?;
    }
    let places = Family { name: "seatrial_concurrent_requests", kind: Kind::Gauge };
    places.head(f, "Clients' requests holding a place of the version they were assigned to.")?;
    for entry in entries {
        for (version, lane) in entry.lanes.all() {
            let labels = of(entry).and("version", version.0);
            places.sample(f, &labels, u64::from(lane.places.taken()))?;
        }
    }
    Ok(())
}

fn mirrors(f: &mut impl Write, entries: &[&Arc<Entry>]) -> fmt::Result {
    let family = Family { name: "seatrial_mirrored_requests_total", kind: Kind::Counter };
    family.head(f, "Copies offered to a shadow, by what became of them.")?;
    for entry in entries {
        let installed = entry.route.load();
        let Some(mirror) = installed.rollout.as_ref().and_then(|active| active.mirror.as_ref())
        else {
            continue;
        };
        let counts = mirror.record.mirror();
        family.sample(f, &of(entry).and("fate", "sent"), counts.sent)?;
        for (reason, count) in &counts.dropped {
            family.sample(f, &of(entry).and("fate", reason), *count)?;
        }
    }
    Ok(())
}

fn of(entry: &Entry) -> Labels {
    Labels::default().and("endpoint", entry.name.as_str())
}
