//! Putting a routing table in force.
//!
//! Owns the rule that only a larger epoch replaces a table, and that a latch holds over every
//! table of its epoch or a smaller one. Refuses tables whose share nobody could answer.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, OnceLock};

use seatrial_domain::ledger::warmup::{self, Gated};
use seatrial_domain::plan::Kind;
use seatrial_domain::telemetry::{Latch, LatchCause};
use seatrial_domain::{EndpointName, Epoch, Share};
use tokio::time::Instant;

use crate::entry::{Entry, Lanes, Refusals};
use crate::guard::Guard;
use crate::installed::{Active, Installed, Served};
use crate::mirror::{Mirror, Sides, Workshop};
use crate::shared::Shared;
use crate::sync::lock;
use crate::table::{RolloutRoute, RouteTable, Target};

/// Why a table is not put in force.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// A newer table is in force.
    #[error("epoch {offered} is older than {in_force}, which is in force on {endpoint}")]
    Stale { endpoint: EndpointName, in_force: Epoch, offered: Epoch },
    /// A share above zero, or a mirror, without a candidate to answer.
    #[error("the table gives {share} of {endpoint} to a candidate it does not name")]
    NoCandidate { endpoint: EndpointName, share: Share },
    /// A share below the whole without an incumbent to take the rest.
    #[error("the table gives {share} of {endpoint} to the candidate and the rest to nobody")]
    NoIncumbent { endpoint: EndpointName, share: Share },
}

/// Puts `table` in force; an equal epoch changes nothing. The epoch in force is the
/// acknowledgement.
pub(crate) fn install(shared: &Shared, table: RouteTable) -> Result<Epoch, Error> {
    check(&table)?;
    let _control = lock(&shared.control);
    let entry = shared.named(&table.endpoint);
    let before = entry.as_ref().map(|entry| entry.route.load_full());
    if let Some(before) = &before {
        if table.epoch == before.epoch {
            return Ok(before.epoch);
        }
        if table.epoch < before.epoch {
            let RouteTable { endpoint, epoch: offered, .. } = table;
            return Err(Error::Stale { endpoint, in_force: before.epoch, offered });
        }
    }
    let kept = match &entry {
        Some(entry) => (Arc::clone(&entry.lanes), entry.workshop.clone()),
        None => {
            let workers = shared.config.mirror_workers;
            (Arc::default(), Workshop::new(workers, shared.tasks.clone()))
        }
    };
    let name = table.endpoint.clone();
    let epoch = table.epoch;
    let installed = Arc::new(activate(shared, table, &kept, before.as_deref()));
    match entry {
        Some(entry) => entry.replace(installed),
        None => add(shared, name, installed, kept),
    }
    if let Some(mirror) =
        before.as_ref().and_then(|before| before.rollout.as_ref()?.mirror.as_ref())
    {
        mirror.stop();
    }
    Ok(epoch)
}

/// Takes the endpoint away; its latch stays.
pub(crate) fn remove(shared: &Shared, endpoint: &EndpointName) {
    let _control = lock(&shared.control);
    let mut endpoints = BTreeMap::clone(&shared.endpoints.load());
    let removed = endpoints.remove(endpoint.as_str());
    shared.endpoints.store(Arc::new(endpoints));
    let installed = removed.map(|entry| entry.route.load_full());
    if let Some(mirror) = installed.and_then(|installed| installed.rollout.as_ref()?.mirror.clone())
    {
        mirror.stop();
    }
}

/// What of an endpoint outlives its tables, beside its latch.
type Kept = (Arc<Lanes>, Workshop);

fn check(table: &RouteTable) -> Result<(), Error> {
    let Some(rollout) = &table.rollout else { return Ok(()) };
    let share = rollout.share;
    let wanted = share > Share::ZERO || rollout.shadow.is_some();
    if wanted && table.candidate.is_none() {
        return Err(Error::NoCandidate { endpoint: table.endpoint.clone(), share });
    }
    let split = share > Share::ZERO && share < Share::FULL;
    if (split || rollout.shadow.is_some()) && table.incumbent.is_none() {
        return Err(Error::NoIncumbent { endpoint: table.endpoint.clone(), share });
    }
    Ok(())
}

fn activate(
    shared: &Shared,
    table: RouteTable,
    (lanes, workshop): &Kept,
    before: Option<&Installed>,
) -> Installed {
    let served = |target: Target| Served {
        lane: lanes.of(target.version.number),
        version: target.version,
        backend: target.backend,
    };
    shared.latches.suspect(&table.endpoint, table.epoch, suspected(&table));
    let latch = match shared.latches.over(&table.endpoint, table.epoch) {
        Some(latch) if table.rollout.is_some() => OnceLock::from(latch),
        Some(_) | None => OnceLock::new(),
    };
    let mut installed = Installed {
        epoch: table.epoch,
        settings: table.settings,
        incumbent: table.incumbent.map(served),
        candidate: table.candidate.map(served),
        pinned: table.pinned.into_iter().map(served).collect(),
        rollout: None,
        latch,
    };
    let active = |route| {
        let mirror = mirror(shared, &route, (&installed, workshop));
        active(shared, (route, mirror), &installed, before)
    };
    installed.rollout = table.rollout.map(active);
    installed
}

/// The latch that may be missing: over a share that somebody else can answer, in the plans whose
/// guardrails take it away.
fn suspected(table: &RouteTable) -> Option<Latch> {
    let rollout = table.rollout.as_ref().filter(|rollout| rollout.share > Share::ZERO)?;
    let zeroes = rollout.zeroes() && table.incumbent.is_some();
    let latch = Latch { rollout: rollout.id, epoch: table.epoch, cause: LatchCause::Damaged };
    zeroes.then_some(latch)
}

fn active(
    shared: &Shared,
    (route, mirror): (RolloutRoute, Option<Arc<Mirror>>),
    installed: &Installed,
    before: Option<&Installed>,
) -> Active {
    // Arms are compared over the same requests: what one answered under another share says nothing.
    // A guard that only reports has said what it had to say, and watches the next table anew.
    let kept = before
        .filter(|before| before.epoch == installed.epoch || route.kind == Kind::Promote)
        .and_then(|before| before.rollout.as_ref())
        .filter(|active| active.route.id == route.id && active.route.share == route.share)
        .filter(|active| active.guard.watches(&route.guardrails))
        .map(|active| Arc::clone(&active.guard));
    let recorder = &shared.recorder;
    Active {
        counts_from: counts_from(&route, before),
        guard: kept.unwrap_or_else(|| Arc::new(Guard::new(&route.guardrails, Instant::now()))),
        units: recorder.units(route.id),
        mirror,
        route,
    }
}

/// Since when requests under this table count.
fn counts_from(route: &RolloutRoute, before: Option<&Installed>) -> Instant {
    let gated =
        |route: &RolloutRoute| Gated { rollout: route.id, gate: route.gate, share: route.share };
    let before = before.and_then(|before| before.rollout.as_ref());
    let before = before.map(|active| (gated(&active.route), active.counts_from));
    warmup::counts_from(gated(route), (Instant::now(), route.counting.discard), before)
}

fn mirror(
    shared: &Shared,
    route: &RolloutRoute,
    (installed, workshop): (&Installed, &Workshop),
) -> Option<Arc<Mirror>> {
    let plan = route.shadow.clone()?;
    let sides = Sides {
        incumbent: installed.incumbent.clone()?,
        candidate: installed.candidate.clone()?,
        salt: route.salt,
    };
    let record = shared.recorder.shadow(route.id, &plan);
    Some(Arc::new(Mirror::new((plan, route.counting.alike_below), sides, record, workshop.clone())))
}

fn add(shared: &Shared, name: EndpointName, installed: Arc<Installed>, (lanes, workshop): Kept) {
    let mut endpoints = BTreeMap::clone(&shared.endpoints.load());
    let entry = Entry {
        name: name.clone(),
        route: installed.into(),
        pinned_places: Arc::default(),
        lanes,
        workshop,
        refusals: Refusals::default(),
        retired: Mutex::default(),
    };
    endpoints.insert(name.into(), Arc::new(entry));
    shared.endpoints.store(Arc::new(endpoints));
}
