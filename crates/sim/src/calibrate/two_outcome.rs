//! Errors and feedback: two outcomes, one of them bad.

use super::cell::{Cell, Error, Metric, Question, Traffic};
use super::outcomes::{Block, Outcomes, float};
use super::timeline::kinds;
use super::{fixed_horizon, information};
use crate::distribution::binomial;
use crate::rng::Rng;
use seatrial_analysis::late::Since;
use seatrial_analysis::two_outcome::{Check, Margin};
use seatrial_analysis::{Cells, Stratum};
use seatrial_domain::split::Arm;

/// Rates stay below this, however high the traffic's level.
const RATE_MAX: f64 = 0.95;
/// The rollback's test is the same for every margin.
const ANY_RATIO: f64 = 2.0;
const ANY_DIFFERENCE: f64 = 0.02;

#[derive(Debug)]
pub(super) struct TwoOutcome {
    metric: Metric,
    question: Question,
    check: Check,
    /// Rates of the bad outcome, the candidate's first, by level.
    rates: Vec<(f64, f64)>,
}

impl TwoOutcome {
    pub(super) fn new(cell: &Cell, metric: Metric, levels: &[f64]) -> Result<Self, Error> {
        let chances = cell.chances()?;
        let margin = match cell.question {
            Question::Rollback => None,
            Question::Healthy { margin } => Some(margin),
        };
        let check = match metric {
            Metric::Feedback => {
                Check::feedback(Margin::Absolute(margin.unwrap_or(ANY_DIFFERENCE)))?
            }
            Metric::Errors
            | Metric::Latency
            | Metric::Kpi
            | Metric::Pairs
            | Metric::Disagreement
            | Metric::SampleRatio
            | Metric::Joint
            | Metric::Drift => Check::errors(Margin::Ratio(margin.unwrap_or(ANY_RATIO)))?,
        };
        let rates = levels.iter().map(|level| rates(metric, cell, *level)).collect();
        let check = check.prepared_for(&chances.each).prepared_for_gates(&chances.gates);
        Ok(Self { metric, question: cell.question, check, rates })
    }

    /// Rates of the bad outcome at a level, the candidate's first.
    pub(super) fn rates(&self, level: usize) -> (f64, f64) {
        self.rates.get(level).copied().unwrap_or_default()
    }

    /// The incumbent's largest rate that leaves the candidate's at the margin a probability.
    fn most_within(&self, margin: f64) -> f64 {
        match self.metric {
            Metric::Feedback => 1.0 - margin,
            Metric::Errors
            | Metric::Latency
            | Metric::Kpi
            | Metric::Pairs
            | Metric::Disagreement
            | Metric::SampleRatio
            | Metric::Joint
            | Metric::Drift => 1.0_f64.min(1.0 / margin),
        }
    }

    /// What the mixture for late faults keeps of the strata as they were when each window began.
    pub(super) fn since(&self, starts: &[Vec<Stratum<Cells>>]) -> Since {
        self.check.since(starts)
    }

    /// The rollback's log e-value with that.
    pub(super) fn log_e_since(&self, strata: &[Stratum<Cells>], since: &Since) -> f64 {
        self.check.rollback_log_e_since(strata, since)
    }

    /// Rates at the margin, of which the incumbent's is `q`.
    fn at_margin(&self, q: f64, margin: f64) -> f64 {
        match self.metric {
            Metric::Feedback => q + margin,
            Metric::Errors
            | Metric::Latency
            | Metric::Kpi
            | Metric::Pairs
            | Metric::Disagreement
            | Metric::SampleRatio
            | Metric::Joint
            | Metric::Drift => q * margin,
        }
    }
}

/// Of those that come again the effect is on the ones that were there before: new units fare alike, and
/// all together are where the cell says.
fn rates(metric: Metric, cell: &Cell, level: f64) -> (f64, f64) {
    let incumbent = (cell.base * level).min(RATE_MAX);
    let worse = |rate: f64| match metric {
        Metric::Feedback => rate + cell.effect,
        Metric::Errors
        | Metric::Latency
        | Metric::Kpi
        | Metric::Pairs
        | Metric::Disagreement
        | Metric::SampleRatio
        | Metric::Joint
        | Metric::Drift => rate * cell.effect,
    };
    let candidate = match cell.traffic {
        Traffic::Returning => {
            let [_, (part, before)] = kinds(cell.traffic);
            let more = (worse(cell.base) - cell.base) / part;
            if level < before { incumbent } else { incumbent + more }
        }
        Traffic::Constant | Traffic::Ramp | Traffic::Diurnal | Traffic::Bursty | Traffic::Users => {
            worse(incumbent)
        }
    };
    (candidate.clamp(0.0, 1.0), incumbent)
}

impl Outcomes for TwoOutcome {
    type Counts = Cells;

    fn none(&self) -> Cells {
        Cells::default()
    }

    fn draw(&self, rng: &mut Rng, arm: Arm, block: Block, into: &mut Cells) {
        let units = block.units;
        let (candidate, incumbent) = self.rates(block.level);
        match arm {
            Arm::Candidate => {
                let bad = binomial(rng, units, candidate);
                into.candidate_bad += bad;
                into.candidate_good += units - bad;
            }
            Arm::Incumbent => {
                let bad = binomial(rng, units, incumbent);
                into.incumbent_bad += bad;
                into.incumbent_good += units - bad;
            }
        }
    }

    fn merge(&self, from: &Cells, into: &mut Cells) {
        into.merge(from);
    }

    fn log_e(&self, strata: &[Stratum<Cells>]) -> f64 {
        match self.question {
            Question::Rollback => self.check.rollback_log_e(strata),
            Question::Healthy { .. } => self.check.healthy_log_e(strata),
        }
    }

    fn z(&self, strata: &[Stratum<Cells>]) -> f64 {
        let sum = strata.iter().fold(Cells::default(), |sum, stratum| sum + stratum.counts);
        let (n1, n0) = (float(sum.candidate()), float(sum.incumbent()));
        let (p1, p0) = (float(sum.candidate_bad) / n1, float(sum.incumbent_bad) / n0);
        let both = float(sum.candidate_bad + sum.incumbent_bad) / (n1 + n0);
        (p1 - p0) / (both * (1.0 - both) * (1.0 / n1 + 1.0 / n0)).sqrt()
    }

    fn values(&self, window: &Cells) -> Option<(f64, f64)> {
        let (n1, n0) = (window.candidate(), window.incumbent());
        let rate = |bad: u64, of: u64| float(bad) / float(of);
        (n1 > 0 && n0 > 0).then(|| (rate(window.candidate_bad, n1), rate(window.incumbent_bad, n0)))
    }

    fn threshold(&self) -> f64 {
        1.5
    }

    fn information(&self, pi: f64, level: usize) -> f64 {
        let (p1, p0) = self.rates(level);
        match self.question {
            Question::Rollback if p1 > p0 => {
                information::mutual(pi, [(p1, p0), (1.0 - p1, 1.0 - p0)])
            }
            Question::Healthy { margin } if p1 < self.at_margin(p0, margin) => {
                let divergence = |q: f64| {
                    let bound = self.at_margin(q, margin).clamp(0.0, 1.0);
                    pi * information::coins(p1, bound) + (1.0 - pi) * information::coins(p0, q)
                };
                information::least(1e-9, (1.0 - 1e-9) * self.most_within(margin), divergence)
            }
            Question::Rollback | Question::Healthy { .. } => 0.0,
        }
    }

    fn fixed_horizon(&self, pi: f64, alpha: f64) -> Option<f64> {
        match self.question {
            Question::Rollback => fixed_horizon::rates(pi, self.rates(0), alpha),
            Question::Healthy { margin } => {
                let (p1, p0) = self.rates(0);
                let bound = self.at_margin(p0, margin);
                let slope = self.at_margin(1.0, margin) - self.at_margin(0.0, margin);
                let variances = (p1 * (1.0 - p1), slope * slope * p0 * (1.0 - p0));
                fixed_horizon::means(pi, bound - p1, variances, alpha)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// By brute force: the least divergence to a pair of rates at the margin.
    #[test]
    fn the_limit_of_a_wide_margin_is_the_least_divergence() {
        for (metric, base, margin) in [
            (Metric::Errors, 0.005, 3.0),
            (Metric::Errors, 0.005, 5.0),
            (Metric::Errors, 0.3, 2.0),
            (Metric::Feedback, 0.09, 0.7),
            (Metric::Feedback, 0.09, 0.02),
        ] {
            let question = Question::Healthy { margin };
            let cell =
                Cell { metric, base, question, effect: metric.no_effect(), ..Cell::default() };
            let outcomes = TwoOutcome::new(&cell, metric, &[1.0]).unwrap();
            let of = |step: u32| {
                let q = f64::from(step) * 1e-5;
                let bound = outcomes.at_margin(q, margin);
                let apart = 0.05 * information::coins(base, bound);
                if bound < 1.0 { apart + 0.95 * information::coins(base, q) } else { f64::INFINITY }
            };
            let least = (1..100_000).map(of).fold(f64::INFINITY, f64::min);
            let found = outcomes.information(0.05, 0);
            assert!((found / least - 1.0).abs() < 1e-4, "{metric:?} {margin}: {found} {least}");
        }
    }

    /// Of a gate's units half are new and fare alike; with the others all are where the cell says.
    #[test]
    fn the_effect_on_those_who_come_again_is_theirs_alone() {
        let traffic = Traffic::Returning;
        let cell = Cell { base: 0.02, effect: 3.0, traffic, ..Cell::default() };
        let kinds = kinds(traffic);
        let outcomes = TwoOutcome::new(&cell, Metric::Errors, &kinds.map(|it| it.1)).unwrap();
        let [new, again] = [0, 1].map(|level| outcomes.rates(level));
        assert!((new.0 - new.1).abs() < 1e-12 && again.0 > again.1, "{new:?} {again:?}");
        let all = kinds[0].0 * new.0 + kinds[1].0 * again.0;
        assert!((all - 0.06).abs() < 1e-12, "{all}");
    }
}
