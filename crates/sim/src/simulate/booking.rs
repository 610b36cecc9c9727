//! From what came in a step to the evidence: what counts at once, and what when a window is over.

use super::counting::Batch;
use super::run::Run;
use super::window::{self, Closed, Ends};
use seatrial_analysis::{ArmHistogram, Cells};
use seatrial_domain::evidence::{ArmCount, Buckets, Evidence, GateCounts, GateStratum, Labels};

/// The stratum's counters, with a histogram to count in.
fn counters(evidence: &mut Evidence, of: GateStratum, buckets: usize) -> &mut GateCounts {
    let counts = evidence.gates.entry(of).or_default();
    if counts.latency == ArmHistogram::default() {
        counts.latency = ArmHistogram::empty(buckets);
    }
    counts
}

impl Run<'_> {
    /// Counts what came between two seconds.
    pub(super) fn book(&mut self, batch: Batch, (from, to): (u64, u64)) {
        let units = batch.units();
        if units.total() == 0 {
            return;
        }
        let simulation = self.simulation;
        let Some(group) = simulation.groups.get(batch.group) else { return };
        let counts = counters(&mut self.evidence, batch.of, simulation.scale.edges.buckets());
        for (drift, said) in simulation.drifts.iter().zip(&batch.said) {
            let of_check = counts.predictions.entry(drift.check.clone()).or_default();
            for ((class, _, _), count) in drift.parts.iter().zip(said) {
                if count.total() > 0 {
                    of_check.0.entry(class.clone()).or_default().merge(*count);
                }
            }
        }
        let closed = Closed {
            of: batch.of,
            group: batch.group,
            came: 0.0,
            until: f64::INFINITY,
            candidate: Ends::from(&batch.candidate),
            incumbent: Ends::from(&batch.incumbent),
        };
        if self.open.is_off() {
            count(counts, &closed, &group.labels);
        } else {
            counts.open.merge(units);
            self.open.begin((from, to), closed);
        }
        for (index, joined) in batch.joined.into_iter().enumerate() {
            self.join((index, batch.of, batch.group), (units, joined), (from, to));
        }
    }

    /// Closes the windows that are over.
    pub(super) fn close(&mut self) {
        if self.open.is_off() {
            return;
        }
        let simulation = self.simulation;
        let arrived = |from: f64, to: f64| simulation.arrived(from, to);
        for closed in self.open.over(&mut self.rng, self.now, &arrived) {
            self.closed(closed);
        }
    }

    fn closed(&mut self, closed: Closed) {
        let simulation = self.simulation;
        let Some(group) = simulation.groups.get(closed.group) else { return };
        let incident = |second| simulation.incident(second);
        let more = match simulation.users {
            Some(users) => window::more(
                (simulation.arrivals, users),
                (closed.came, closed.until),
                (&simulation.edges, &incident),
            ),
            // Nobody comes twice.
            None => Vec::new(),
        };
        let units =
            ArmCount { candidate: closed.candidate.units(), incumbent: closed.incumbent.units() };
        let candidate = closed.candidate.worst(&mut self.rng, &group.candidate, &more);
        let incumbent = closed.incumbent.worst(&mut self.rng, &group.incumbent, &more);
        let closed = Closed { candidate, incumbent, ..closed };
        let counts = counters(&mut self.evidence, closed.of, simulation.scale.edges.buckets());
        counts.open.candidate = counts.open.candidate.saturating_sub(units.candidate);
        counts.open.incumbent = counts.open.incumbent.saturating_sub(units.incumbent);
        count(counts, &closed, &group.labels);
    }
}

/// Counts units that are over, in all and in their slices.
fn count(counts: &mut GateCounts, closed: &Closed, slices: &Labels) {
    let (new, old) = (&closed.candidate, &closed.incumbent);
    counts.units.merge(ArmCount { candidate: new.units(), incumbent: old.units() });
    let cells = Cells {
        candidate_bad: new.bad,
        candidate_good: new.good(),
        incumbent_bad: old.bad,
        incumbent_good: old.good(),
    };
    counts.errors.merge(&cells);
    let worst = counts.latency.candidate.len().saturating_sub(1);
    for (ends, arm) in [(new, &mut counts.latency.candidate), (old, &mut counts.latency.incumbent)]
    {
        for (bucket, units) in by_bucket(ends, worst) {
            arm.iter_mut().skip(bucket).take(1).for_each(|count| *count += units);
        }
    }
    for (column, value) in slices {
        let of_slice = counts.slices.of(column, value);
        of_slice.errors.merge(&cells);
        let Buckets { candidate, incumbent } = &mut of_slice.latency;
        candidate.add(by_bucket(new, worst));
        incumbent.add(by_bucket(old, worst));
    }
}

/// How many ended in each bucket, bad ones in the worst.
fn by_bucket(ends: &Ends, worst: usize) -> impl Iterator<Item = (usize, u64)> {
    let bad = (ends.bad > 0).then_some((worst, ends.bad));
    ends.buckets.iter().copied().chain(bad)
}
