//! A gate as it is at its end, drawn at once: what came, for a candidate that is worse by so much.

use super::Search;
use crate::distribution::binomial;
use crate::rng::Rng;
use crate::simulate::arrivals::float;
use crate::simulate::values::Numbers;
use seatrial_analysis::{ArmHistogram, Cells};
use seatrial_domain::Timestamp;
use seatrial_domain::evidence::{
    ArmCount, Evidence, GateCounts, GateIndex, Matured, MaturedValues,
};
use seatrial_domain::plan::{Better, Rule};

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

    pub(super) fn evidence(
        &self,
        rng: &mut Rng,
        (value, numbers): (f64, Option<&Numbers>),
    ) -> Evidence {
        let candidate = binomial(rng, self.units, self.share);
        let units = ArmCount { candidate, incumbent: self.units - candidate };
        let mut evidence = Evidence::default();
        let mut counts = GateCounts { units, ..GateCounts::default() };
        match self.rule {
            Rule::Errors { .. } => counts.errors = cells(rng, units, (self.from, value)),
            Rule::Feedback { metric, better, .. } => {
                let labelled = self.labelled(rng, units);
                let labels = wanted(cells(rng, labelled, (self.from, value)), *better);
                counts.feedback.insert(metric.clone(), labels);
                counts.matured.insert(metric.clone(), Matured { units, labels });
            }
            Rule::Latency { limit_ms: Some(limit_ms), .. } => {
                let over = cells(rng, units, (self.from, value));
                counts.latency = self.around(*limit_ms, over);
            }
            Rule::Latency { limit_ms: None, .. } => {
                evidence.shadow.incumbent_latency = self.histogram(1.0, self.units.max(1_000));
                counts.latency = ArmHistogram {
                    candidate: self.drawn(rng, value, units.candidate),
                    incumbent: self.drawn(rng, 1.0, units.incumbent),
                };
            }
            Rule::Kpi { metric, .. } => {
                if let Some(numbers) = numbers {
                    let labelled = self.labelled(rng, units);
                    let values = numbers.draw(rng, 0, labelled);
                    counts.values.insert(metric.clone(), values.clone());
                    let matured = MaturedValues { units, labelled, values };
                    counts.matured_values.insert(metric.clone(), matured);
                    let reference = numbers.reference(0).cloned();
                    evidence.references.extend(reference.map(|it| (metric.clone(), it)));
                }
            }
            // Not searched: see `Search::new`.
            Rule::Drift { .. } => {}
        }
        // As the driver's first look at live traffic does, before anything is counted.
        evidence.begin_window(Timestamp::default(), &self.analysis);
        evidence.gates.insert(GateIndex(0).unseen(), counts);
        evidence
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

    /// Probabilities of the buckets of the incumbent's latency, so many times as long.
    fn parts(&self, factor: f64) -> Vec<f64> {
        let law = self.endpoint.latency.as_ref();
        let cdf = |edge: &u64| law.map_or(1.0, |law| law.cdf((float(*edge) + 1.0) / factor));
        let mut below = 0.0;
        let all = self.edges.thresholds().iter().map(cdf).chain([1.0]);
        all.map(|at| {
            let part = (at - below).max(0.0);
            below = at;
            part
        })
        .collect()
    }

    #[expect(clippy::cast_possible_truncation, reason = "parts of a count")]
    #[expect(clippy::cast_sign_loss, reason = "parts of a count")]
    fn histogram(&self, factor: f64, units: u64) -> Vec<u64> {
        self.parts(factor).iter().map(|part| (part * float(units)).round() as u64).collect()
    }

    fn drawn(&self, rng: &mut Rng, factor: f64, units: u64) -> Vec<u64> {
        let parts = self.parts(factor);
        let mut drawn = vec![0; parts.len()];
        crate::distribution::multinomial(rng, units, &parts, &mut drawn);
        drawn
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
        Better::Lower => Cells {
            candidate_bad: cells.candidate_good,
            candidate_good: cells.candidate_bad,
            incumbent_bad: cells.incumbent_good,
            incumbent_good: cells.incumbent_bad,
        },
    }
}
