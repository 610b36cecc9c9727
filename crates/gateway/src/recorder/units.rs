//! One rollout's ledger, under a lock and a clock of its own.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use seatrial_analysis::latency::Edges;
use seatrial_domain::Share;
use seatrial_domain::comparison::outcome;
use seatrial_domain::evidence::{GateCounts, GateIndex, GateStratum, Labels, Outcome};
use seatrial_domain::ledger::{Answer, Arrival, Ledger, Ticket, Unit};
use seatrial_domain::plan::Watch;
use seatrial_domain::split::Arm;
use seatrial_domain::telemetry::{Noted, SeenUnits};
use seatrial_domain::tensor::Tensor;
use tokio::time::Instant;

use crate::lane;
use crate::sync::lock;
use crate::table::Column;

use super::slices::ToldApart;

#[derive(Debug)]
pub(crate) struct UnitRecord {
    edges: Arc<Edges>,
    /// What the ledger's times are counted from.
    begun: Instant,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    ledger: Ledger,
    told_apart: BTreeMap<GateIndex, ToldApart>,
}

/// A request that is evidence.
#[derive(Debug)]
pub(crate) struct Reserved {
    pub(crate) ticket: Ticket,
    /// The slices it is in.
    pub(crate) labels: Labels,
}

/// A request that is routed under a gate.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Routed {
    pub(crate) gate: GateIndex,
    pub(crate) share: Share,
    pub(crate) arm: Arm,
    pub(crate) unit: Unit,
    pub(crate) window: Duration,
}

/// What a flush takes of a record.
#[derive(Debug)]
pub(super) struct Taken {
    /// Those that were counted into since the flush before.
    pub(super) strata: Vec<(GateStratum, Arc<GateCounts>)>,
    /// Units of which more is known since then, and the sampling level.
    pub(super) fresh: Option<(Vec<Noted>, u32)>,
}

impl UnitRecord {
    pub(super) fn new(cap: usize, edges: Arc<Edges>) -> Self {
        let ledger = Ledger::new(cap, edges.buckets());
        let state = Mutex::new(State { ledger, told_apart: BTreeMap::new() });
        Self { edges, begun: Instant::now(), state }
    }

    /// Notes a request that is routed, with its values in the plan's slices; none where it is no
    /// evidence.
    pub(crate) fn route(&self, routed: Routed, values: Vec<(&Column, String)>) -> Option<Reserved> {
        let Routed { gate, share, arm, unit, window } = routed;
        let mut state = lock(&self.state);
        let State { ledger, told_apart } = &mut *state;
        let labels = told_apart.entry(gate).or_default().labels(values);
        // Read under the lock: windows begin in the order of their times.
        let at = self.begun.elapsed();
        let ticket = ledger.route(Arrival { gate, share, arm, unit, window, at }, &labels)?;
        Some(Reserved { ticket, labels })
    }

    /// Counts the first attempt's outcome; an invalid request was no unit's.
    pub(crate) fn answer(
        &self,
        reserved: &Reserved,
        (outcome, latency): (lane::Outcome, Duration),
    ) {
        let answer = match outcome {
            lane::Outcome::Ok => {
                let micros = u64::try_from(latency.as_micros()).unwrap_or(u64::MAX);
                Answer::Counts(Outcome::good(&self.edges, micros))
            }
            lane::Outcome::Error | lane::Outcome::Late => Answer::Counts(Outcome::bad(&self.edges)),
            lane::Outcome::Invalid => Answer::Void,
        };
        lock(&self.state).ledger.answer(reserved.ticket, &reserved.labels, answer);
    }

    /// Counts what a unit's answer says, for each of these watches.
    pub(crate) fn predicted(&self, reserved: &Reserved, watches: &[Watch], answer: &[Tensor]) {
        // Read before the lock is taken.
        let told: Vec<_> =
            watches.iter().map(|it| (&*it.check, outcome(&it.output, &it.by, answer))).collect();
        lock(&self.state).ledger.predicted(reserved.ticket, &reserved.labels, &told);
    }

    /// Takes in what an earlier process saw.
    pub(super) fn seed(&self, seen: &SeenUnits) {
        lock(&self.state).ledger.seed(seen);
    }

    /// Closes what is over, and takes counts and units at one instant: whatever is counted is then
    /// among the units seen, so that a restart from a stored flush counts no unit twice.
    pub(super) fn take(&self) -> Taken {
        let mut state = lock(&self.state);
        let ledger = &mut state.ledger;
        ledger.close(self.begun.elapsed());
        let fresh = ledger.take_fresh();
        Taken { strata: ledger.take_changed(), fresh }
    }
}
