//! The recorder: every counter and list a flush of telemetry carries.
//!
//! Owns the records of each rollout's units and shadow, and the assignments since the last flush.
//! Records are cumulative since boot, and a flush tells of those that changed since the one before.
//! Those of rollouts that are over are let go when no late answer is to be expected any more. While any
//! table has the rollout, all its records are kept: one made anew would replace what was stored of the
//! gates before.

mod assignments;
mod classes;
mod shadow;
mod slices;
#[cfg(test)]
mod tests;
mod units;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use seatrial_analysis::latency::Edges;
use seatrial_domain::RolloutId;
use seatrial_domain::plan::Shadow;
use seatrial_domain::telemetry::{Assignment, SeenUnits, Telemetry};

use crate::config::Config;
use crate::sync::lock;
use assignments::Assignments;
pub(crate) use shadow::{Latencies, Pair, ShadowRecord};
use units::Taken;
pub(crate) use units::{Reserved, Routed, UnitRecord};

/// Flushes for which a record that nothing refers to is still kept.
const KEPT_FLUSHES: u32 = 60;

#[derive(Debug)]
pub(crate) struct Recorder {
    boot: u64,
    units_cap: usize,
    edges: Arc<Edges>,
    flushes: AtomicU64,
    shadows: Records<RolloutId, ShadowRecord>,
    units: Records<RolloutId, UnitRecord>,
    assignments: Assignments,
    /// Classes of pairs kept at once, of each rollout: as many as assignments that are no evidence.
    classes_cap: usize,
}

type Records<K, R> = Mutex<BTreeMap<K, Kept<R>>>;

#[derive(Debug)]
struct Kept<R> {
    record: Arc<R>,
    /// Flushes since nothing but this list refers to it.
    unreferenced: u32,
}

impl<R> Kept<R> {
    fn is_referenced(&self) -> bool {
        Arc::strong_count(&self.record) > 1
    }
}

impl Recorder {
    pub(crate) fn new(config: &Config) -> Self {
        Self {
            boot: config.boot,
            units_cap: config.units,
            edges: Arc::new(Edges::default()),
            flushes: AtomicU64::new(0),
            shadows: Mutex::default(),
            units: Mutex::default(),
            assignments: Assignments::new(config.assignments),
            classes_cap: config.assignments / 2,
        }
    }

    pub(crate) fn shadow(&self, rollout: RolloutId, plan: &Shadow) -> Arc<ShadowRecord> {
        record(&self.shadows, rollout, || {
            ShadowRecord::new((rollout, plan), Arc::clone(&self.edges), self.classes_cap)
        })
    }

    pub(crate) fn units(&self, rollout: RolloutId) -> Arc<UnitRecord> {
        record(&self.units, rollout, || UnitRecord::new(self.units_cap, Arc::clone(&self.edges)))
    }

    pub(crate) fn seed(&self, rollout: RolloutId, seen: &SeenUnits) {
        self.units(rollout).seed(seen);
    }

    pub(crate) fn assign(&self, assignment: Assignment) {
        self.assignments.push(assignment);
    }

    /// The counters that changed since the last flush, each with everything counted so far, and the
    /// lists since then.
    pub(crate) fn flush(&self) -> Telemetry {
        self.let_go();
        let shadow = each(&self.shadows, |rollout, record| Some((*rollout, record.take()?)));
        let shadow = shadow.into_iter().flatten().collect();
        let pairs = each(&self.shadows, |_, record| record.take_classes()).concat();
        // Before the units: one that is assigned meanwhile is known as seen first. The other way round a
        // process killed between two flushes would leave its assignment, and its next request would
        // count it again.
        let (assignments, dropped_assignments) = self.assignments.take();
        let (mut gates, mut units) = (Vec::new(), Vec::new());
        for (rollout, taken) in each(&self.units, |rollout, record| (*rollout, record.take())) {
            let Taken { strata, fresh } = taken;
            // Copied here: no request waits for it.
            let owned =
                |(stratum, counts): (_, Arc<_>)| (rollout, stratum, Arc::unwrap_or_clone(counts));
            gates.extend(strata.into_iter().map(owned));
            units.extend(fresh.map(|(fresh, level)| (rollout, fresh, level)));
        }
        Telemetry {
            boot: self.boot,
            seq: self.flushes.fetch_add(1, Ordering::AcqRel) + 1,
            gates,
            shadow,
            units,
            assignments,
            dropped_assignments,
            pairs,
        }
    }

    /// Lets go of what nothing refers to any more. A table refers to its rollout's units whatever
    /// else it has.
    fn let_go(&self) {
        let routed: BTreeSet<RolloutId> = lock(&self.units)
            .iter()
            .filter(|(_, kept)| kept.is_referenced())
            .map(|(rollout, _)| *rollout)
            .collect();
        retain(&self.shadows, |rollout| routed.contains(rollout));
        retain(&self.units, |rollout| routed.contains(rollout));
    }
}

fn record<K: Ord, R>(records: &Records<K, R>, key: K, make: impl FnOnce() -> R) -> Arc<R> {
    let mut records = lock(records);
    let kept =
        records.entry(key).or_insert_with(|| Kept { record: Arc::new(make()), unreferenced: 0 });
    kept.unreferenced = 0;
    Arc::clone(&kept.record)
}

fn each<K: Ord, R, T>(records: &Records<K, R>, read: impl Fn(&K, &R) -> T) -> Vec<T> {
    lock(records).iter().map(|(key, kept)| read(key, &kept.record)).collect()
}

fn retain<K: Ord, R>(records: &Records<K, R>, routed: impl Fn(&K) -> bool) {
    lock(records).retain(|key, kept| {
        let needed = kept.is_referenced() || routed(key);
        kept.unreferenced = if needed { 0 } else { kept.unreferenced + 1 };
        kept.unreferenced <= KEPT_FLUSHES
    });
}
