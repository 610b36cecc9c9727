//! From what is joined to units to the evidence: labels that count as they come, those that are due, and
//! those of units that are closed.
//!
//! Owns the product's order: a unit's first label counts for a fail at once and for a pass when none is
//! waited for any more; where all labels of a unit count, it counts once, when it is closed.

use super::arrivals::float;
use super::labels::{Counted, Joined};
use super::run::Run;
use super::values::Frozen;
use super::waiting::{Due, Of};
use seatrial_domain::evidence::{ArmCount, Matured, MaturedValues};

/// Why values can be added.
const ONE_REFERENCE: &str = "a run counts by one reference";

impl Run<'_> {
    /// Counts what was joined to units that came between two seconds, now and when it is due.
    pub(super) fn join(&mut self, of: Of, (units, joined): (ArmCount, Joined), came: (u64, u64)) {
        self.joined(of, &joined);
        let Some(metric) = self.simulation.metrics.get(of.0) else { return };
        if let Some(span) = metric.awaited(of.1.gate) {
            let at = came.1.saturating_add(span);
            self.waiting.push(of, Due { at, units, joined, came, until: None });
        }
    }

    /// Counts what was joined to units, in all and in their slices.
    fn joined(&mut self, (index, of, group): Of, joined: &Joined) {
        let simulation = self.simulation;
        let Some(metric) = simulation.metrics.get(index) else { return };
        let Some(slices) = simulation.groups.get(group).map(|group| &group.labels) else { return };
        let counts = self.evidence.gates.entry(of).or_default();
        match joined {
            Joined::YesNo(cells) => {
                counts.feedback.entry(metric.name.clone()).or_default().merge(cells);
                for (column, value) in slices {
                    let of_slice = counts.slices.of(column, value);
                    of_slice.feedback.entry(metric.name.clone()).or_default().merge(cells);
                }
            }
            Joined::Number { labelled, values } => {
                if self.frozen.get(index) == Some(&Frozen::Yes) {
                    let into = counts.values.entry(metric.name.clone()).or_default();
                    into.merge(values).expect(ONE_REFERENCE);
                    for (column, value) in slices {
                        let of_slice = counts.slices.of(column, value);
                        let into = of_slice.values.entry(metric.name.clone()).or_default();
                        into.merge(values).expect(ONE_REFERENCE);
                    }
                } else {
                    self.left_out(index, labelled.total());
                }
            }
            Joined::Open => {}
        }
    }

    /// Labels fall due: those of units whose first label counts are with the pass from now on, and units
    /// of which all labels count are closed.
    pub(super) fn mature(&mut self) {
        for (of, due) in self.waiting.due(self.now) {
            let joined = match due.joined {
                Joined::YesNo(_) | Joined::Number { .. } => due.joined,
                Joined::Open => {
                    let joined = self.all_labels(of, &due);
                    self.joined(of, &joined);
                    joined
                }
            };
            self.matured(of, due.units, &joined);
        }
    }

    /// What all labels of these units make.
    fn all_labels(&mut self, (index, _, group): Of, due: &Due) -> Joined {
        let simulation = self.simulation;
        let (came, until) = due.window(simulation.plan.analysis.unit_window);
        // Without users nobody comes twice.
        let more = simulation
            .users
            .map_or(0.0, |users| simulation.arrivals.expected_between(came, until) / float(users));
        let counted = self.counted();
        let of = simulation.metrics.get(index).zip(counted.get(index));
        match of.zip(simulation.groups.get(group)) {
            Some(((metric, counted), group)) => {
                metric.close(&mut self.rng, (due.units, more), (group, *counted))
            }
            None => Joined::Open,
        }
    }

    fn matured(&mut self, (index, of, group): Of, units: ArmCount, joined: &Joined) {
        let simulation = self.simulation;
        let Some(metric) = simulation.metrics.get(index).map(|metric| &metric.name) else { return };
        let Some(slices) = simulation.groups.get(group).map(|group| &group.labels) else { return };
        let counts = self.evidence.gates.entry(of).or_default();
        match joined {
            Joined::YesNo(labels) => {
                let matured = Matured { units, labels: *labels };
                counts.matured.entry(metric.clone()).or_default().merge(&matured);
                for (column, value) in slices {
                    let of_slice = counts.slices.of(column, value);
                    of_slice.matured.entry(metric.clone()).or_default().merge(&matured);
                }
            }
            Joined::Number { labelled, values } => {
                let matured = MaturedValues { units, labelled: *labelled, values: values.clone() };
                let into = counts.matured_values.entry(metric.clone()).or_default();
                into.merge(&matured).expect(ONE_REFERENCE);
                for (column, value) in slices {
                    let of_slice = counts.slices.of(column, value);
                    let into = of_slice.matured_values.entry(metric.clone()).or_default();
                    into.merge(&matured).expect(ONE_REFERENCE);
                }
            }
            Joined::Open => {}
        }
    }

    /// Values before there is a reference make it. Those of the step in which it is made are left out
    /// as well: units assigned in the second of its last value do not count.
    fn left_out(&mut self, metric: usize, values: u64) {
        let Some(Frozen::After(left)) = self.frozen.get(metric).copied() else { return };
        let left = left.saturating_sub(values);
        let now = if left == 0 { Frozen::Yes } else { Frozen::After(left) };
        self.frozen.iter_mut().skip(metric).take(1).for_each(|it| *it = now);
        self.refer_to(metric);
    }

    /// How the values of each metric are drawn now.
    pub(super) fn counted(&self) -> Vec<Counted> {
        let counted = |frozen: &Frozen| match frozen {
            Frozen::Yes => Counted::By(self.reference),
            Frozen::After(_) => Counted::NotYet,
        };
        self.frozen.iter().map(counted).collect()
    }
}
