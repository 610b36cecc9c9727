//! Latency: whole histograms on the product's edges, and scores frozen from a shadow before.

mod beyond;
mod truth;

use super::cell::{Cell, Error, Question};
use super::outcomes::{Block, Outcomes, float};
use super::{fixed_horizon, information};
use crate::distribution::Buckets;
use crate::rng::Rng;
use beyond::Beyond;
use seatrial_analysis::latency::{Check, Edges, QuantileRatio, Slower};
use seatrial_analysis::{ArmHistogram, Stratum};
use seatrial_domain::split::Arm;
use std::borrow::Borrow;
use truth::{Truth, truths};

/// The quantile that is compared, and the margin where the question names none.
const QUANTILE: f64 = 0.99;
const ANY_RATIO: f64 = 1.2;
#[derive(Debug)]
pub(super) struct Latency {
    question: Question,
    edges: Edges,
    check: Check,
    /// The candidate's and the incumbent's, by level.
    buckets: Vec<(Buckets, Buckets)>,
    /// Probabilities on both arms in fine cells, the candidate's first.
    fine: Vec<(f64, f64)>,
    /// With a limit: what lies beyond it.
    beyond: Option<Beyond>,
}

impl Latency {
    pub(super) fn new(cell: &Cell, levels: &[f64]) -> Result<Self, Error> {
        let edges = Edges::default();
        let limited = cell.limit.map(|factor| beyond::placed(cell, &edges, factor)).transpose()?;
        let cell = limited.as_ref().map_or(cell, |(cell, _)| cell);
        let micros: Vec<f64> = edges.thresholds().iter().map(|edge| float(*edge)).collect();
        let cut = |truth: &Truth, level: f64| Buckets::cut(|x| truth.cdf(x / level), &micros);
        let (candidate, incumbent) = truths(cell)?;
        let buckets: Vec<_> =
            levels.iter().map(|level| (cut(&candidate, *level), cut(&incumbent, *level))).collect();
        let beyond = limited
            .as_ref()
            .map(|(_, limit)| Beyond::new((&edges, limit), levels, (&candidate, &incumbent)));
        let check = match &limited {
            Some((_, limit)) => Check::Limited(limit.clone()),
            None => ratio(cell, &edges, buckets.first().map(|(_, incumbent)| incumbent))?,
        };
        let check = check.prepared_for(&cell.chances()?.each);
        let grid = information::logarithmic(1_000.0 * cell.base);
        let fine = information::fine(&grid, |x| candidate.cdf(x), |x| incumbent.cdf(x));
        Ok(Self { question: cell.question, edges, check, buckets, fine, beyond })
    }

    /// As [`Outcomes::log_e`], of histograms that stand elsewhere.
    pub(super) fn log_e_of<C: Borrow<ArmHistogram>>(&self, strata: &[Stratum<C>]) -> f64 {
        let found = match self.question {
            Question::Rollback => self.check.rollback_log_e(strata),
            Question::Healthy { .. } => self.check.healthy_log_e(strata),
        };
        found.expect("all are counted on the same edges")
    }

    /// Where errors and late answers are counted.
    pub(super) fn worst(&self) -> usize {
        self.edges.worst_bucket()
    }

    /// The quantile's bucket as its upper edge, microseconds.
    fn quantile(&self, arm: &[u64]) -> Option<f64> {
        let units: u64 = arm.iter().sum();
        let rank = QUANTILE * float(units);
        let mut below = 0;
        let bucket = arm.iter().position(|count| {
            below += count;
            below > 0 && float(below) >= rank
        })?;
        let thresholds = self.edges.thresholds();
        thresholds.get(bucket).or(thresholds.last()).map(|micros| float(*micros))
    }

    /// The smallest divergence to any pair whose quantiles are at the margin.
    fn of_margin(&self, pi: f64, margin: f64) -> f64 {
        let q = 1.0 - QUANTILE;
        #[expect(clippy::cast_possible_truncation, reason = "a few thousand cells")]
        #[expect(clippy::cast_sign_loss, reason = "margins are above 1")]
        let shift = (margin.ln() / information::log_width()).round() as usize;
        let above = |arm: fn(&(f64, f64)) -> f64| -> Vec<f64> {
            let mut left = 1.0;
            self.fine
                .iter()
                .map(|cell| {
                    left -= arm(cell);
                    left
                })
                .collect()
        };
        let (candidate, incumbent) = (above(|cell| cell.0), above(|cell| cell.1));
        let beyond = candidate.iter().skip(shift).chain(std::iter::repeat(&0.0));
        let divergence = |(incumbent, candidate): (&f64, &f64)| {
            let of_candidate =
                if *candidate < q { information::coins(candidate.max(0.0), q) } else { 0.0 };
            pi * of_candidate + (1.0 - pi) * information::coins(incumbent.clamp(0.0, 1.0), q)
        };
        incumbent.iter().zip(beyond).map(divergence).fold(f64::INFINITY, f64::min)
    }
}

/// The test without a limit, its scores frozen from the incumbent's answers.
fn ratio(cell: &Cell, edges: &Edges, incumbent: Option<&Buckets>) -> Result<Check, Error> {
    let margin = match cell.question {
        Question::Rollback => ANY_RATIO,
        Question::Healthy { margin } => margin,
    };
    let mut reference = vec![0; edges.buckets()];
    if let Some(incumbent) = incumbent {
        let mut rng = Rng::of_run(cell.seed, u64::MAX);
        incumbent.add(&mut rng, cell.reference.into(), &mut reference);
    }
    let slower = Slower::new(edges, &reference)?;
    Ok(Check::Ratio(slower, QuantileRatio::new(edges, QUANTILE, margin)?))
}

impl Outcomes for Latency {
    type Counts = ArmHistogram;

    fn none(&self) -> ArmHistogram {
        ArmHistogram::empty(self.edges.buckets())
    }

    fn draw(&self, rng: &mut Rng, arm: Arm, block: Block, into: &mut ArmHistogram) {
        let Some((candidate, incumbent)) = self.buckets.get(block.level) else { return };
        match arm {
            Arm::Candidate => candidate.add(rng, block.units, &mut into.candidate),
            Arm::Incumbent => incumbent.add(rng, block.units, &mut into.incumbent),
        }
    }

    fn merge(&self, from: &ArmHistogram, into: &mut ArmHistogram) {
        into.merge(from).expect("both are counted on the same edges");
    }

    fn log_e(&self, strata: &[Stratum<ArmHistogram>]) -> f64 {
        self.log_e_of(strata)
    }

    /// Mann and Whitney's statistic, with mid-ranks and the variance corrected for ties.
    fn z(&self, strata: &[Stratum<ArmHistogram>]) -> f64 {
        let mut sum = self.none();
        strata.iter().for_each(|stratum| self.merge(&stratum.counts, &mut sum));
        let (mut below, mut wins, mut ties) = (0.0, 0.0, 0.0);
        for (c, b) in sum.candidate.iter().zip(&sum.incumbent) {
            let (c, b) = (float(*c), float(*b));
            wins += c * (below + b / 2.0);
            below += b;
            ties += (c + b).powi(3) - (c + b);
        }
        let (m, n) = (float(sum.candidate_units()), below);
        let all = m + n;
        let variance = m * n / 12.0 * (all + 1.0 - ties / (all * (all - 1.0)));
        (wins - m * n / 2.0) / variance.sqrt()
    }

    fn values(&self, window: &ArmHistogram) -> Option<(f64, f64)> {
        Some((self.quantile(&window.candidate)?, self.quantile(&window.incumbent)?))
    }

    fn threshold(&self) -> f64 {
        1.1
    }

    /// A level stretches both arms' times alike, so without a limit they tell as much at each.
    fn information(&self, pi: f64, level: usize) -> f64 {
        if let Some(beyond) = &self.beyond {
            return match self.question {
                Question::Rollback => beyond.harm(information::mutual, pi, level),
                Question::Healthy { .. } => beyond.pass(pi, level),
            };
        }
        match self.question {
            Question::Rollback if worse(&self.fine) > 0.5 + 1e-9 => {
                information::mutual(pi, self.fine.iter().copied())
            }
            Question::Rollback => 0.0,
            Question::Healthy { margin } => self.of_margin(pi, margin),
        }
    }

    fn monotone_information(&self, pi: f64, level: usize) -> f64 {
        match (self.question, &self.beyond) {
            (Question::Rollback, Some(beyond)) => beyond.harm(information::monotone, pi, level),
            (Question::Rollback, None) if worse(&self.fine) > 0.5 + 1e-9 => {
                information::monotone(pi, self.fine.iter().copied())
            }
            (Question::Rollback | Question::Healthy { .. }, _) => self.information(pi, level),
        }
    }

    fn fixed_horizon(&self, pi: f64, alpha: f64) -> Option<f64> {
        if let Some(beyond) = &self.beyond {
            return beyond.fixed_horizon(self.question, pi, alpha);
        }
        match self.question {
            Question::Rollback => {
                let ranks = fixed_horizon::ranks(pi, worse(&self.fine), alpha);
                let late = fixed_horizon::rates(pi, late(&self.fine), alpha);
                ranks.into_iter().chain(late).min_by(f64::total_cmp)
            }
            Question::Healthy { .. } => None,
        }
    }
}

/// The parts of each arm's answers beyond the incumbent's quantile, the candidate's first: what a test
/// that plans to find slow tails compares.
fn late(fine: &[(f64, f64)]) -> (f64, f64) {
    let mut beyond = (1.0, 1.0);
    for (candidate, incumbent) in fine {
        if beyond.1 <= 1.0 - QUANTILE {
            break;
        }
        beyond = (beyond.0 - candidate, beyond.1 - incumbent);
    }
    beyond
}

/// P(a candidate's answer is slower than an incumbent's), ties counted half.
fn worse(fine: &[(f64, f64)]) -> f64 {
    let mut below = 0.0;
    let term = |(candidate, incumbent): &(f64, f64)| {
        let part = candidate * (below + incumbent / 2.0);
        below += incumbent;
        part
    };
    fine.iter().map(term).sum()
}
