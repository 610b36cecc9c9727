//! Up to which second nothing changes but by traffic, and what a new table begins.

use super::ahead::{self, lasts};
use super::run::Run;
use super::values::Frozen;
use seatrial_domain::Share;
use seatrial_domain::evidence::GateIndex;
use seatrial_domain::ledger::warmup::{self, Gated};
use seatrial_domain::rollout::{Hold, Stage};
use std::time::Duration;

impl Run<'_> {
    /// When requests count under the table that comes into force now, instead of the one before.
    pub(super) fn warm_up(&mut self, share: Share, gate: Option<GateIndex>) {
        let rollout = self.world.rollout.id;
        let table = |share, gate| Gated { rollout, gate, share };
        let (now, discard) = (Duration::from_secs(self.now), self.simulation.plan.analysis.discard);
        let before = (table(self.under.share, self.under.gate), self.counts_from);
        let before = (before.0, Duration::from_secs(before.1));
        let from = warmup::counts_from(table(share, gate), (now, discard), Some(before));
        self.counts_from = from.as_secs() + u64::from(from.subsec_nanos() > 0);
    }

    /// From now on values of this metric are counted, if they are at all.
    pub(super) fn refer_to(&mut self, metric: usize) {
        if self.frozen.get(metric) != Some(&Frozen::Yes) {
            return;
        }
        let Some(metric) = self.simulation.metrics.get(metric) else { return };
        if let Some(reference) = metric.reference(self.reference) {
            self.evidence.references.insert(metric.name.clone(), reference.clone());
        }
    }

    /// The next second in which a window of the late-fault test begins.
    fn next_window(&self) -> Option<u64> {
        let first = self.window?;
        let starts = self.simulation.windows.iter().map(|after| first.saturating_add(*after));
        starts.filter(|start| *start > self.now).min()
    }

    /// When the windows of units that have left their gate are over: no step of traffic brings them.
    fn over(&self) -> Option<u64> {
        let over = self.open.over_at().filter(|at| *at > self.now);
        over.filter(|_| self.under.gate.is_none() || self.now < self.counts_from)
    }

    /// The second up to which nothing changes but by traffic.
    pub(super) fn until(&self) -> u64 {
        let rollout = &self.world.rollout;
        if rollout.stage == Stage::Queued {
            let start = ahead::start(&self.world, self.simulation.calendar, self.now);
            return start.min(self.simulation.horizon);
        }
        if !lasts(rollout) || rollout.held.is_some_and(|hold| hold != Hold::Freeze) {
            return self.now + 1;
        }
        let edges = self.simulation.edges.iter().copied().find(|edge| *edge > self.now);
        let due = self.waiting.next().map(|due| due.max(self.now + 1));
        let ahead = self.ahead.next(self.now);
        let next = [ahead, edges, due, self.next_window(), self.over()];
        let next = next.into_iter().flatten().min();
        next.unwrap_or(u64::MAX).min(self.simulation.horizon)
    }
}
