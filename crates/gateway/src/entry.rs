//! One endpoint: its table in force, and the counters that outlive tables.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, Weak};

use arc_swap::ArcSwap;
use seatrial_domain::{EndpointName, VersionNumber};

use crate::admission::Places;
use crate::fault::Fault;
use crate::installed::Installed;
use crate::lane::Lane;
use crate::mirror::Workshop;
use crate::sync::lock;

#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) name: EndpointName,
    pub(crate) route: ArcSwap<Installed>,
    pub(crate) pinned_places: Arc<Places>,
    pub(crate) lanes: Arc<Lanes>,
    pub(crate) workshop: Workshop,
    pub(crate) refusals: Refusals,
    /// Replaced tables that requests may still be routed by.
    pub(crate) retired: Mutex<Vec<Weak<Installed>>>,
}

impl Entry {
    /// Requests a version is working on, or will be: those routed by a replaced table count from
    /// the moment they have it, so that none slips in behind a drain that saw nobody.
    pub(crate) fn in_flight(&self, version: VersionNumber) -> u64 {
        let mut retired = lock(&self.retired);
        retired.retain(|table| table.strong_count() > 0);
        let routed = retired
            .iter()
            .filter_map(Weak::upgrade)
            .filter(|table| table.names(version))
            // Less the one made by looking.
            .map(|table| u64::try_from(Arc::strong_count(&table) - 1).unwrap_or(u64::MAX))
            .sum();
        self.lanes.in_flight(version).max(routed)
    }

    /// Puts a table in the place of the one in force.
    pub(crate) fn replace(&self, installed: Arc<Installed>) {
        let before = self.route.swap(installed);
        let mut retired = lock(&self.retired);
        retired.retain(|table| table.strong_count() > 0);
        retired.push(Arc::downgrade(&before));
    }
}

/// The versions' counters, by number.
#[derive(Debug, Default)]
pub(crate) struct Lanes(Mutex<BTreeMap<VersionNumber, Arc<Lane>>>);

impl Lanes {
    /// Versions whose counters are kept, beyond those in use.
    const KEPT: usize = 32;

    pub(crate) fn of(&self, version: VersionNumber) -> Arc<Lane> {
        let mut lanes = lock(&self.0);
        if lanes.len() >= Self::KEPT {
            lanes.retain(|number, lane| *number == version || Arc::strong_count(lane) > 1);
        }
        Arc::clone(lanes.entry(version).or_default())
    }

    pub(crate) fn in_flight(&self, version: VersionNumber) -> u64 {
        lock(&self.0).get(&version).map_or(0, |lane| lane.in_flight())
    }

    pub(crate) fn all(&self) -> Vec<(VersionNumber, Arc<Lane>)> {
        lock(&self.0).iter().map(|(number, lane)| (*number, Arc::clone(lane))).collect()
    }
}

/// Requests that were refused before they reached a version, by status.
#[derive(Debug, Default)]
pub(crate) struct Refusals {
    invalid: AtomicU64,
    too_large: AtomicU64,
    busy: AtomicU64,
    other: AtomicU64,
}

impl Refusals {
    pub(crate) fn count(&self, fault: &Fault) {
        let counter = match fault {
            Fault::Invalid(_) => &self.invalid,
            Fault::TooLarge { .. } => &self.too_large,
            Fault::Busy(_) => &self.busy,
            Fault::NotFound(_)
            | Fault::Method(_)
            | Fault::Unsupported(_)
            | Fault::Unavailable(_)
            | Fault::Late
            | Fault::Denied(_)
            | Fault::Model(_) => &self.other,
        };
        counter.fetch_add(1, Ordering::Relaxed);
    }

    /// Each reason with its count.
    pub(crate) fn all(&self) -> [(&'static str, u64); 4] {
        [
            ("invalid", self.invalid.load(Ordering::Relaxed)),
            ("too_large", self.too_large.load(Ordering::Relaxed)),
            ("busy", self.busy.load(Ordering::Relaxed)),
            ("other", self.other.load(Ordering::Relaxed)),
        ]
    }
}
