//! A gate that is drawn from look to look: what came, for a candidate that is worse by so much.

use super::looks::Look;
use super::{Endpoint, Search};
use crate::distribution::{Buckets, Law, binomial};
use crate::rng::Rng;
use crate::simulate::arrivals::float;
use crate::simulate::values::Numbers;
use seatrial_analysis::latency::Edges;
use seatrial_analysis::{ArmHistogram, Cells};
use seatrial_domain::Timestamp;
use seatrial_domain::evidence::{
    ArmCount, Evidence, GateCounts, GateIndex, Matured, MaturedValues,
};
use seatrial_domain::plan::{Better, Rule};

/// Answers of the shadow that a ratio of latencies is made ready by, at least.
const SHADOWED: u64 = 1_000;

/// A candidate that is worse by this much.
pub(super) struct Worse {
    value: f64,
    /// The values of a KPI.
    numbers: Option<Numbers>,
    /// Its latencies, where they are compared as a ratio.
    slower: Option<Buckets>,
}

impl Worse {
    pub(super) fn new(search: &Search<'_>, value: f64) -> Self {
        let slower = search.ratio.as_ref().map(|ratio| ratio.slower(&search.edges, value));
        Self { value, numbers: search.numbers_at(value), slower }
    }
}

/// The incumbent's latencies, of a check that compares them as a ratio.
pub(super) struct Ratio<'a> {
    law: &'a Law,
    alike: Buckets,
}

impl<'a> Ratio<'a> {
    pub(super) fn of(rule: &Rule, endpoint: &'a Endpoint, edges: &Edges) -> Option<Self> {
        let Rule::Latency { limit_ms: None, .. } = rule else { return None };
        endpoint.latency.as_ref().map(|law| Self { law, alike: slower(law, edges, 1.0) })
    }

    /// So many times as long.
    fn slower(&self, edges: &Edges, factor: f64) -> Buckets {
        slower(self.law, edges, factor)
    }

    /// What is expected of so many.
    #[expect(clippy::cast_possible_truncation, reason = "parts of a count")]
    #[expect(clippy::cast_sign_loss, reason = "parts of a count")]
    fn expected(&self, units: u64) -> Vec<u64> {
        let parts = self.alike.probabilities().iter();
        parts.map(|part| (part * float(units)).round() as u64).collect()
    }
}

/// Answers of this law, so many times as long, in whole microseconds.
pub(super) fn slower(law: &Law, edges: &Edges, factor: f64) -> Buckets {
    let until: Vec<f64> = edges.thresholds().iter().map(|edge| float(*edge) + 1.0).collect();
    Buckets::cut(|micros| law.cdf(micros / factor), &until)
}

/// One gate so far.
pub(super) struct Drawn<'a> {
    search: &'a Search<'a>,
    worse: &'a Worse,
    units: u64,
    pub(super) evidence: Evidence,
}

impl<'a> Drawn<'a> {
    pub(super) fn new(search: &'a Search<'a>, worse: &'a Worse) -> Self {
        let mut evidence = Evidence::default();
        if let Some(ratio) = &search.ratio {
            let last = search.looks.last().map_or(0, |look| look.units);
            evidence.shadow.incumbent_latency = ratio.expected(last.max(SHADOWED));
        }
        if let Rule::Kpi { metric, .. } = search.rule {
            let reference = worse.numbers.as_ref().and_then(|it| it.reference(0)).cloned();
            evidence.references.extend(reference.map(|it| (metric.clone(), it)));
        }
        // As the driver's first look at live traffic does, before anything is counted.
        evidence.begin_window(Timestamp::default(), &search.analysis);
        Self { search, worse, units: 0, evidence }
    }

    /// Adds what came until this look.
    pub(super) fn until(&mut self, look: &Look, rng: &mut Rng) {
        let now = Timestamp::default().plus(look.at);
        self.evidence.begin_window(now, &self.search.analysis);
        let more = look.units.saturating_sub(self.units);
        self.units = look.units;
        let candidate = binomial(rng, more, self.search.share);
        let units = ArmCount { candidate, incumbent: more - candidate };
        let more = self.search.counts(rng, units, self.worse);
        let counts = self.evidence.gates.entry(GateIndex(0).unseen()).or_default();
        counts.merge(&more).expect("all are counted by the same edges and reference");
    }
}

impl Search<'_> {
    /// The values of a candidate that is worse by this part.
    pub(super) fn numbers_at(&self, value: f64) -> Option<Numbers> {
        let (numbers, law) = self.numbers.as_ref()?;
        let factor = match self.rule {
            Rule::Kpi { better: Better::Higher, .. } => 1.0 - value,
            Rule::Kpi { better: Better::Lower, .. }
            | Rule::Errors { .. }
            | Rule::Feedback { .. }
            | Rule::Latency { .. }
            | Rule::Drift { .. } => 1.0 + value,
        };
        Some(numbers.against(law.scaled(factor)))
    }

    /// Units with a label or value: the least part that the check puts up with.
    fn labelled(&self, rng: &mut Rng, units: ArmCount) -> ArmCount {
        let least = self.rule.labels().map_or(1.0, |labels| labels.min_coverage);
        let part = if least > 0.0 { least } else { 1.0 };
        ArmCount {
            candidate: binomial(rng, units.candidate, part),
            incumbent: binomial(rng, units.incumbent, part),
        }
    }

    /// What comes of so many units.
    fn counts(&self, rng: &mut Rng, units: ArmCount, worse: &Worse) -> GateCounts {
        let mut counts = GateCounts { units, ..GateCounts::default() };
        let rates = (self.from, worse.value);
        match self.rule {
            Rule::Errors { .. } => counts.errors = cells(rng, units, rates),
            Rule::Feedback { metric, better, .. } => {
                let labelled = self.labelled(rng, units);
                let labels = wanted(cells(rng, labelled, rates), *better);
                counts.feedback.insert(metric.clone(), labels);
                counts.matured.insert(metric.clone(), Matured { units, labels });
            }
            Rule::Latency { limit_ms: Some(limit_ms), .. } => {
                counts.latency = self.around(*limit_ms, cells(rng, units, rates));
            }
            Rule::Latency { limit_ms: None, .. } => {
                counts.latency = ArmHistogram::empty(self.edges.buckets());
                let ArmHistogram { candidate, incumbent } = &mut counts.latency;
                if let (Some(ratio), Some(slower)) = (&self.ratio, &worse.slower) {
                    slower.add(rng, units.candidate, candidate);
                    ratio.alike.add(rng, units.incumbent, incumbent);
                }
            }
            Rule::Kpi { metric, .. } => {
                if let Some(numbers) = &worse.numbers {
                    let labelled = self.labelled(rng, units);
                    let values = numbers.draw(rng, 0, labelled);
                    counts.values.insert(metric.clone(), values.clone());
                    let matured = MaturedValues { units, labelled, values };
                    counts.matured_values.insert(metric.clone(), matured);
                }
            }
            // Not searched: see `Search::new`.
            Rule::Drift { .. } => {}
        }
        counts
    }

    /// Answers within the limit, and just above it.
    fn around(&self, limit_ms: u64, over: Cells) -> ArmHistogram {
        let limit = limit_ms.saturating_mul(1_000);
        let bucket = self.edges.edge_at_or_below(limit).and_then(|edge| self.edges.micros(edge));
        let within = self.edges.bucket_of(bucket.unwrap_or(limit));
        let mut arms = ArmHistogram::empty(self.edges.buckets());
        for (arm, good, bad) in [
            (&mut arms.candidate, over.candidate_good, over.candidate_bad),
            (&mut arms.incumbent, over.incumbent_good, over.incumbent_bad),
        ] {
            let counts = [good, bad].into_iter();
            arm.iter_mut().skip(within).zip(counts).for_each(|(count, answers)| *count = answers);
        }
        arms
    }
}

/// Bad and good outcomes, where they are bad at these rates on the incumbent and the candidate.
fn cells(rng: &mut Rng, units: ArmCount, (old, new): (f64, f64)) -> Cells {
    let candidate_bad = binomial(rng, units.candidate, new);
    let incumbent_bad = binomial(rng, units.incumbent, old);
    Cells {
        candidate_bad,
        candidate_good: units.candidate - candidate_bad,
        incumbent_bad,
        incumbent_good: units.incumbent - incumbent_bad,
    }
}

/// With the unwanted value counted as labels are: bad is "false".
fn wanted(cells: Cells, better: Better) -> Cells {
    match better {
        Better::Higher => cells,
        Better::Lower => cells.flipped(),
    }
}

#[cfg(test)]
mod tests;
