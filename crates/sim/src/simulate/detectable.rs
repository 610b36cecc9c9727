//! The smallest degradation that a check finds before its gate ends.
//!
//! Owns the search: gates whose candidate is worse by so much are drawn at once, as they are at their
//! end, and the real judge is asked whether it fails them. That the judge also looks before the end,
//! and that earlier gates' evidence counts too, only finds more: the effect told here is from above.
//! Refuses to guess how latencies are spread: a ratio of quantiles without a limit needs a law. KPIs
//! and the distribution of answers need one too, which nobody gives, so of these nothing is told.

#[cfg(test)]
mod tests;

use super::arrivals::float;
use crate::distribution::{Law, binomial};
use crate::rng::Rng;
use seatrial_analysis::latency::Edges;
use seatrial_analysis::{ArmHistogram, Cells};
use seatrial_domain::evidence::{ArmCount, Evidence, GateCounts, GateIndex, Matured};
use seatrial_domain::judge::{self, Judge};
use seatrial_domain::plan::{Better, Check, Gate, Plan, Rule};
use seatrial_domain::verdict::Decision;

/// Gates drawn at each effect that is tried.
const DRAWS: u64 = 300;
/// Halvings of the range in which the effect lies, on a logarithmic scale: to about one percent.
const HALVINGS: u32 = 11;
/// The smallest excess of a rate, or of a factor over one, that is tried.
const LEAST: f64 = 1e-5;
/// The largest factor on latencies that is tried.
const FACTOR_MAX: f64 = 100.0;

/// What is assumed of the endpoint.
#[derive(Debug, Clone, PartialEq)]
pub struct Endpoint {
    /// Units a second.
    pub rate: f64,
    /// The incumbent's rate of failed answers.
    pub error_rate: f64,
    /// The incumbent's rate of labels that are not the wanted one.
    pub bad_label_rate: f64,
    /// The part of the incumbent's answers above a limit of latency.
    pub slow_rate: f64,
    /// The incumbent's latency in microseconds, where it is known.
    pub latency: Option<Law>,
    /// The part of units that get a label.
    pub labelled: f64,
}

/// What a degradation is measured in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Measure {
    /// The candidate's rate of failed answers.
    ErrorRate,
    /// The candidate's rate of labels that are not the wanted one.
    BadLabels,
    /// The part of the candidate's answers above the limit, just above.
    OverLimit,
    /// The candidate's latencies, as a multiple of the incumbent's.
    Factor,
}

/// What one check finds in one gate.
#[derive(Debug, Clone, PartialEq)]
pub struct Detectable {
    /// The check's name.
    pub check: String,
    /// What the values are.
    pub measure: Measure,
    /// The incumbent's value.
    pub from: f64,
    /// The candidate's value that is found with probability 0.8; none: not even the worst.
    pub at_80: Option<f64>,
    /// With probability 0.9.
    pub at_90: Option<f64>,
}

/// What `check` finds by the end of `gate`; none where nothing is known of how latencies are spread.
///
/// # Errors
/// [`judge::Error`] for a plan that makes no tests.
pub fn detectable(
    plan: &Plan,
    gate: &Gate,
    check: &Check,
    endpoint: &Endpoint,
) -> Result<Option<Detectable>, judge::Error> {
    let Some(search) = Search::new(plan, gate, check, endpoint)? else { return Ok(None) };
    Ok(Some(Detectable {
        check: check.name.clone(),
        measure: search.measure,
        from: search.from,
        at_80: search.smallest(0.8),
        at_90: search.smallest(0.9),
    }))
}

struct Search<'a> {
    judge: Judge,
    rule: &'a Rule,
    endpoint: &'a Endpoint,
    measure: Measure,
    from: f64,
    worst: f64,
    units: u64,
    share: f64,
    edges: Edges,
}

impl<'a> Search<'a> {
    fn new(
        plan: &Plan,
        gate: &Gate,
        check: &'a Check,
        endpoint: &'a Endpoint,
    ) -> Result<Option<Self>, judge::Error> {
        let (measure, from, worst) = match &check.rule {
            Rule::Errors { .. } => (Measure::ErrorRate, endpoint.error_rate, 1.0),
            Rule::Feedback { .. } => (Measure::BadLabels, endpoint.bad_label_rate, 1.0),
            Rule::Latency { limit_ms: Some(_), .. } => {
                (Measure::OverLimit, endpoint.slow_rate, 1.0)
            }
            Rule::Latency { limit_ms: None, .. } if endpoint.latency.is_some() => {
                (Measure::Factor, 1.0, FACTOR_MAX)
            }
            Rule::Latency { limit_ms: None, .. } | Rule::Kpi { .. } | Rule::Drift { .. } => {
                return Ok(None);
            }
        };
        let mut alone = plan.clone();
        alone.gates = vec![Gate { checks: vec![check.clone()], ..gate.clone() }];
        alone.stability.checks.clear();
        alone.analysis.dry_run.clear();
        let seconds = gate.max_duration.as_secs_f64();
        #[expect(clippy::cast_possible_truncation, reason = "saturates")]
        #[expect(clippy::cast_sign_loss, reason = "rates and times are positive")]
        let units = (endpoint.rate * seconds) as u64;
        Ok(Some(Self {
            judge: Judge::new(&alone)?,
            rule: &check.rule,
            endpoint,
            measure,
            from,
            worst,
            units,
            share: gate.share.probability(),
            edges: Edges::default(),
        }))
    }

    /// The smallest value found with this probability.
    fn smallest(&self, power: f64) -> Option<f64> {
        let most = self.worst - self.from;
        if most <= LEAST || self.power(self.worst) < power {
            return None;
        }
        let (mut low, mut high) = (LEAST.ln(), most.ln());
        for _ in 0..HALVINGS {
            let middle = 0.5 * (low + high);
            if self.power(self.from + middle.exp()) < power { low = middle } else { high = middle }
        }
        Some(self.from + high.exp())
    }

    /// The part of gates that fail at this value. The same draws for each value, so that the part
    /// hardly ever falls as the value rises.
    fn power(&self, value: f64) -> f64 {
        let fails = |draw: &u64| {
            let evidence = self.evidence(&mut Rng::of_run(1, *draw), value);
            let verdict = self.judge.gate(&evidence, GateIndex(0));
            matches!(verdict.decision, Decision::Fail { .. })
        };
        float(u64::try_from((0..DRAWS).filter(fails).count()).unwrap_or(0)) / float(DRAWS)
    }

    fn evidence(&self, rng: &mut Rng, value: f64) -> Evidence {
        let candidate = binomial(rng, self.units, self.share);
        let units = ArmCount { candidate, incumbent: self.units - candidate };
        let mut evidence = Evidence::default();
        let mut counts = GateCounts { units, ..GateCounts::default() };
        match self.rule {
            Rule::Errors { .. } => counts.errors = cells(rng, units, (self.from, value)),
            Rule::Feedback { metric, better, .. } => {
                let labelled = ArmCount {
                    candidate: binomial(rng, units.candidate, self.endpoint.labelled),
                    incumbent: binomial(rng, units.incumbent, self.endpoint.labelled),
                };
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
            // Not searched: see `Search::new`.
            Rule::Kpi { .. } | Rule::Drift { .. } => {}
        }
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
