//! The smallest degradation that a check finds before its gate ends.
//!
//! Owns the search: gates whose candidate is worse by so much are drawn from look to look, and the real
//! judge is asked at each what the check says. A gate that passes first has found nothing. Refuses to guess
//! how latencies and values are spread: a ratio of quantiles without a limit needs a law, and so does a KPI.
//! Of the distribution of answers nothing is told.
//!
//! The check is alone in its gate. Others that have to pass too keep the gate open for longer, unless one of
//! them fails first. The product looks more often, by which a candidate fails sooner and passes sooner. Earlier
//! gates' evidence counts towards the fail, but of candidates that passed there it speaks well.

mod drawn;
mod looks;
#[cfg(test)]
mod tests;

use super::arrivals::float;
use super::load;
use super::values::Numbers;
use crate::distribution::Law;
use crate::rng::Rng;
use drawn::{Drawn, Ratio, Worse};
use looks::Look;
use seatrial_analysis::latency::Edges;
use seatrial_domain::evidence::GateIndex;
use seatrial_domain::judge::{self, Judge, Tells};
use seatrial_domain::plan::{Analysis, Better, Check, Gate, Plan, Rule};
use seatrial_domain::policy::forecast::over_limit;
use seatrial_domain::verdict::CheckVerdict;

/// Gates drawn at each effect that is tried.
const DRAWS: u64 = 200;
/// To about one percent the effect is found.
const PRECISION: f64 = 0.01;
/// The smallest excess of a rate, or of a factor over one, that is tried.
const LEAST: f64 = 1e-5;
/// The largest factor on latencies, and on values where lower is better, that is tried.
const FACTOR_MAX: f64 = 100.0;
/// The largest part of its mean that a KPI loses, of what is tried.
const LOSS_MAX: f64 = 0.99;

/// What is assumed of the endpoint.
#[derive(Debug, Clone, PartialEq)]
pub struct Endpoint {
    /// Units a second.
    pub rate: f64,
    /// The incumbent's rate of failed answers.
    pub error_rate: f64,
    /// The incumbent's rate of labels that are not the wanted one.
    pub bad_label_rate: f64,
    /// The part of the incumbent's good answers above a limit of latency.
    pub slow_rate: f64,
    /// The incumbent's latency in microseconds, where it is known.
    pub latency: Option<Law>,
    /// The incumbent's values of metrics of kind KPI, where they are known: by metric, in its unit.
    pub values: Vec<(String, Law)>,
}

/// What a degradation is measured in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Measure {
    /// The candidate's rate of failed answers.
    ErrorRate,
    /// The candidate's rate of labels that are not the wanted one.
    BadLabels,
    /// The part of the candidate's answers that fail or are above the limit, just above.
    OverLimit,
    /// The candidate's latencies, as a multiple of the incumbent's.
    Factor,
    /// By which part of the incumbent's mean the candidate's values are worse.
    Worse,
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

/// The part of the answers in each of the standard latency buckets.
pub fn by_bucket(latency: &Law) -> Vec<f64> {
    drawn::slower(latency, &Edges::default(), 1.0).probabilities().to_vec()
}

/// What `check` finds before `gate` passes, or is over; none where nothing is known of how latencies are spread.
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
    let at_80 = search.smallest(0.8, search.from);
    let at_90 = at_80.and_then(|at_80| search.smallest(0.9, at_80));
    let (check, measure, from) = (check.name.clone(), search.measure, search.from);
    Ok(Some(Detectable { check, measure, from, at_80, at_90 }))
}

struct Search<'a> {
    judge: Judge,
    rule: &'a Rule,
    analysis: Analysis,
    measure: Measure,
    from: f64,
    worst: f64,
    looks: Vec<Look>,
    share: f64,
    edges: Edges,
    /// The incumbent's latencies, where they are compared as a ratio.
    ratio: Option<Ratio<'a>>,
    /// The values of a KPI.
    numbers: Option<(Numbers, Law)>,
}

impl<'a> Search<'a> {
    fn new(
        plan: &Plan,
        gate: &Gate,
        check: &'a Check,
        endpoint: &'a Endpoint,
    ) -> Result<Option<Self>, judge::Error> {
        let (edges, numbers) = (Edges::default(), numbers(&check.rule, endpoint));
        let ratio = Ratio::of(&check.rule, endpoint, &edges);
        let (measure, from, worst) = match &check.rule {
            Rule::Errors { .. } => (Measure::ErrorRate, endpoint.error_rate, 1.0),
            Rule::Feedback { .. } => (Measure::BadLabels, endpoint.bad_label_rate, 1.0),
            Rule::Latency { limit_ms: Some(_), .. } => {
                let over = over_limit(endpoint.error_rate, endpoint.slow_rate);
                (Measure::OverLimit, over, 1.0)
            }
            Rule::Latency { .. } if ratio.is_some() => (Measure::Factor, 1.0, FACTOR_MAX),
            Rule::Kpi { better, .. } if numbers.is_some() => match better {
                Better::Higher => (Measure::Worse, 0.0, LOSS_MAX),
                Better::Lower => (Measure::Worse, 0.0, FACTOR_MAX),
            },
            Rule::Latency { .. } | Rule::Kpi { .. } | Rule::Drift { .. } => return Ok(None),
        };
        let mut alone = plan.clone();
        alone.gates = vec![Gate { checks: vec![check.clone()], ..gate.clone() }];
        alone.stability.checks.clear();
        alone.analysis.dry_run.clear();
        let looks = looks::of(gate, (&plan.analysis, check.rule.labels()), endpoint.rate);
        Ok(Some(Self {
            judge: Judge::that(Tells::Decision, &alone)?,
            rule: &check.rule,
            analysis: alone.analysis,
            measure,
            from,
            worst,
            looks,
            share: gate.share.probability(),
            edges,
            ratio,
            numbers,
        }))
    }

    /// The smallest value from `least` on that is found with this probability.
    fn smallest(&self, power: f64, least: f64) -> Option<f64> {
        let most = self.worst - self.from;
        if most <= LEAST || self.power(self.worst) < power {
            return None;
        }
        let (mut low, mut high) = ((least - self.from).max(LEAST).ln(), most.ln());
        while high - low > PRECISION {
            let middle = 0.5 * (low + high);
            if self.power(self.from + middle.exp()) < power { low = middle } else { high = middle }
        }
        Some(self.from + high.exp())
    }

    /// The part of gates that fail at this value. The same draws for each value, so that the part
    /// hardly ever falls as the value rises.
    fn power(&self, value: f64) -> f64 {
        let worse = Worse::new(self, value);
        let found = |draw: &u64| self.fails(&worse, &mut Rng::of_run(1, *draw));
        float(u64::try_from((0..DRAWS).filter(found).count()).unwrap_or(0)) / float(DRAWS)
    }

    /// Whether one gate fails before it passes, or is over.
    fn fails(&self, worse: &Worse, rng: &mut Rng) -> bool {
        let mut drawn = Drawn::new(self, worse);
        for look in &self.looks {
            drawn.until(look, rng);
            let verdict = self.judge.gate(&drawn.evidence, GateIndex(0));
            let of_all = verdict.checks.iter().find(|report| report.slice.is_none());
            match of_all.map(|report| report.verdict) {
                Some(CheckVerdict::Fail) => return true,
                Some(CheckVerdict::Pass) if look.passes(&verdict.units) => return false,
                Some(_) | None => {}
            }
        }
        false
    }
}

/// The values that a KPI's check needs; none where nobody gives them, where they make no test, and
/// where a multiple of them says nothing, their mean not being above zero.
fn numbers(rule: &Rule, endpoint: &Endpoint) -> Option<(Numbers, Law)> {
    let Rule::Kpi { metric, .. } = rule else { return None };
    let (_, law) = endpoint.values.iter().find(|(of, law)| of == metric && law.mean() > 0.0)?;
    let (metric, incumbent, candidate) = (metric.clone(), law.clone(), law.clone());
    let numbers = Numbers::new(&load::Values { metric, incumbent, candidate }, 1).ok()?;
    Some((numbers, law.clone()))
}
