//! Labels that are still waited for: a unit's label passes only once none can come any more.
//!
//! A label comes with its answer here; what `lateBy` delays is the pass. The labels of one step fall
//! due together, at the step's end and `lateBy` after it.

use seatrial_domain::evidence::{Evidence, GateIndex, GateStratum, Matured};
use seatrial_domain::plan::{Better, Check, Plan, Rule};
use std::collections::{BTreeMap, VecDeque};

/// One metric of a plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Metric {
    pub(super) name: String,
    pub(super) better: Better,
    /// By gate, how long its labels are waited for, in whole seconds.
    late_by: BTreeMap<GateIndex, u64>,
}

/// The labels that are waited for, by metric and stratum, earliest first: when they are due, and units
/// and labels of one step.
#[derive(Debug, Default)]
pub(super) struct Waiting(BTreeMap<(usize, GateStratum), VecDeque<(u64, Matured)>>);

/// Every metric the plan's checks ask for.
pub(super) fn metrics(plan: &Plan) -> Vec<Metric> {
    let mut metrics: Vec<Metric> = Vec::new();
    let lists = plan.gates.iter().map(|gate| &gate.checks).chain([&plan.stability.checks]);
    for (gate, checks) in (0..=u8::MAX).map(GateIndex).zip(lists) {
        for check in checks {
            note(&mut metrics, gate, check);
        }
    }
    metrics
}

fn note(metrics: &mut Vec<Metric>, gate: GateIndex, check: &Check) {
    match &check.rule {
        Rule::Feedback { metric, better, late_by, .. } => {
            let seconds = late_by.as_secs() + u64::from(late_by.subsec_nanos() > 0);
            let known = metrics.iter_mut().find(|known| known.name == *metric);
            if let Some(known) = known {
                let latest = known.late_by.entry(gate).or_default();
                *latest = (*latest).max(seconds);
            } else {
                let late_by = [(gate, seconds)].into();
                metrics.push(Metric { name: metric.clone(), better: *better, late_by });
            }
        }
        Rule::Errors { .. } | Rule::Latency { .. } | Rule::Kpi { .. } | Rule::Drift { .. } => {}
    }
}

impl Metric {
    /// How long the gate waits for a label; none where no check of it asks for one.
    pub(super) fn late_by(&self, gate: GateIndex) -> Option<u64> {
        self.late_by.get(&gate).copied()
    }
}

impl Waiting {
    /// Notes what a step that ends now brought; it is due so many seconds later.
    pub(super) fn push(
        &mut self,
        of: (usize, GateStratum),
        (now, late_by): (u64, u64),
        matured: Matured,
    ) {
        self.0.entry(of).or_default().push_back((now.saturating_add(late_by), matured));
    }

    /// Moves what is due into the evidence.
    pub(super) fn mature(&mut self, metrics: &[Metric], now: u64, evidence: &mut Evidence) {
        for ((metric, of), queue) in &mut self.0 {
            let Some(metric) = metrics.get(*metric) else { continue };
            while let Some((_, matured)) = queue.pop_front_if(|(due, _)| *due <= now) {
                let counts = evidence.gates.entry(*of).or_default();
                counts.matured.entry(metric.name.clone()).or_default().merge(&matured);
            }
        }
    }

    /// When the next labels fall due.
    pub(super) fn next(&self) -> Option<u64> {
        self.0.values().filter_map(|queue| queue.front()).map(|(due, _)| *due).min()
    }
}
