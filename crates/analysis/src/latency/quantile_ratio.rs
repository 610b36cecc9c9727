//! Is the candidate's quantile within a multiple of the incumbent's?
//!
//! Owns the healthy test of a ratio margin m. Null: Q_c ≥ m·Q_b, with Q_b unknown. Suppose Q_b lies
//! in (v⁻, v⁺], a bucket. Then P(Y_b > v⁺) ≤ q, P(Y_b > v⁻) ≥ q, and P(Y_c > x) ≥ q at the largest
//! edge x ≤ m·v⁻. Each is refuted by bets on one arm alone, so e_c(x)·[.85 + .1·e_b⁺ + .05·e_b⁻] is an
//! e-value for that bucket, and the smallest over all buckets is one for the null. The .85 keeps
//! buckets near the truth from stalling where the incumbent's bets lose. Both quantiles are those of all
//! units of the gate: its strata are put together by their [stakes](crate::gate).

mod search;

use super::bernoulli::Bernoulli;
use super::edges::Edges;
use super::staked::{self, Staked};
use super::{Error, exceedance};
use crate::counts::{self, ArmHistogram, Stratum, float};
use crate::logspace::log_sum_exp;
use std::borrow::{Borrow, Cow};

/// What the candidate's bets stake. Where both quantiles are alike, about a third to a half of the
/// allowed part exceeds the incumbent's times a usual ratio: found best by half of the stake
/// (docs/adr/0017).
const CANDIDATE_WEIGHTS: [f64; 8] = [0.06, 0.27, 0.34, 0.18, 0.08, 0.04, 0.02, 0.01];
/// What the incumbent's stake, against too few answers above an edge and against too many. The buckets
/// refuted least are next to its quantile, where an edge is exceeded by a tenth more or less than
/// allowed: only small stakes win there.
const TOO_FEW_WEIGHTS: [f64; 8] = [0.01, 0.02, 0.05, 0.12, 0.25, 0.30, 0.15, 0.10];
const TOO_MANY_WEIGHTS: [f64; 8] = [0.20, 0.25, 0.25, 0.15, 0.08, 0.04, 0.02, 0.01];
/// No bet on the incumbent, its bets at the bucket's upper edge, and at its lower one.
const PARTS: [f64; 3] = [0.85, 0.10, 0.05];

/// The healthy test "quantile of the candidate below m times the incumbent's".
#[derive(Debug, Clone)]
pub struct QuantileRatio {
    buckets: usize,
    /// The part q of the answers that may exceed the quantile.
    exceedance: f64,
    /// For each edge v⁻ below a bucket that Q_b may lie in, the candidate's edge x.
    candidate_edges: Vec<usize>,
    candidate_at_least: Bernoulli,
    at_least: Bernoulli,
    at_most: Bernoulli,
    log_weights: [f64; 3],
}

/// The bucket of Q_b that is refuted least.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Binding {
    pub(crate) bucket: usize,
    pub(crate) log_e: f64,
}

/// What one look counted: the answers of each arm above each edge.
#[derive(Debug)]
pub(crate) struct Exceeding<'a> {
    test: &'a QuantileRatio,
    candidate: Vec<Staked<'a, Arm>>,
    incumbent: Arm,
}

#[derive(Debug)]
struct Arm {
    total: f64,
    above: Vec<f64>,
}

impl QuantileRatio {
    /// Errors: [`Error::Quantile`]; [`Error::Ratio`] unless `ratio` is above 1.
    pub fn new(edges: &Edges, quantile: f64, ratio: f64) -> Result<Self, Error> {
        let q = exceedance(quantile)?;
        if !(ratio > 1.0 && ratio.is_finite()) {
            return Err(Error::Ratio(ratio));
        }
        let scaled = |edge: &u64| last_at_or_below(edges, ratio * float(*edge));
        Ok(Self {
            buckets: edges.buckets(),
            exceedance: q,
            candidate_edges: edges.thresholds().iter().map(scaled).collect(),
            candidate_at_least: Bernoulli::at_least(q, CANDIDATE_WEIGHTS),
            at_least: Bernoulli::at_least(q, TOO_FEW_WEIGHTS),
            at_most: Bernoulli::at_most(q, TOO_MANY_WEIGHTS),
            log_weights: PARTS.map(f64::ln),
        })
    }

    /// Log e-value against "Q_c ≥ ratio·Q_b" for the units of the gate, all together. Give this gate's
    /// evidence alone, and every stratum that the gate may have: the least of their π fixes the stakes.
    /// Errors: [`counts::Error::Buckets`].
    pub fn log_e<C: Borrow<ArmHistogram>>(
        &self,
        strata: &[Stratum<C>],
    ) -> Result<f64, counts::Error> {
        Ok(self.exceeding(strata)?.least(1.0).log_e)
    }

    /// Errors: [`counts::Error::Buckets`].
    pub(crate) fn exceeding<C: Borrow<ArmHistogram>>(
        &self,
        strata: &[Stratum<C>],
    ) -> Result<Exceeding<'_>, counts::Error> {
        strata.iter().try_for_each(|stratum| stratum.counts.borrow().check(self.buckets))?;
        let arm = |counts: &C| {
            let buckets = &counts.borrow().candidate;
            buckets.iter().any(|count| *count > 0).then(|| Arm::new(buckets))
        };
        Ok(Exceeding {
            test: self,
            candidate: staked::strata(&self.candidate_at_least, strata, arm),
            incumbent: Arm::new(&incumbents(strata)),
        })
    }
}

/// Those of all strata: whatever they had shown before, they are a fair sample of the gate's units.
fn incumbents<C: Borrow<ArmHistogram>>(strata: &[Stratum<C>]) -> Cow<'_, [u64]> {
    let mut arms = strata.iter().map(|stratum| stratum.counts.borrow().incumbent.as_slice());
    let mut sum = Cow::Borrowed(arms.next().unwrap_or_default());
    for arm in arms {
        sum.to_mut().iter_mut().zip(arm).for_each(|(sum, more)| *sum += more);
    }
    sum
}

impl Exceeding<'_> {
    /// The log e-value of one bucket and `scale` times these counts.
    pub(crate) fn log_e(&self, bucket: usize, scale: f64) -> f64 {
        self.mixed_by(log_sum_exp, (bucket, bucket), scale)
    }

    /// The candidate's bets on the first bucket of a run and the incumbent's on its last bucket's upper edge
    /// and its first one's lower, by any way of mixing them. The last bucket of all lacks an upper edge,
    /// and the first a lower one: no bet there, log 1.
    fn mixed_by(
        &self,
        mix: impl Fn(&[f64]) -> f64 + Copy,
        (first, last): (usize, usize),
        scale: f64,
    ) -> f64 {
        let QuantileRatio { candidate_edges, candidate_at_least, .. } = self.test;
        let below = first.checked_sub(1);
        let candidate = below.and_then(|edge| candidate_edges.get(edge)).map_or(0.0, |edge| {
            let split = |arm: &Arm| arm.split(*edge, scale).unwrap_or_default();
            candidate_at_least.mixed_by(mix, &staked::each(&self.candidate, split))
        });
        let incumbent = |edge: Option<usize>, bets: &Bernoulli| {
            let split = edge.and_then(|edge| self.incumbent.split(edge, scale));
            split.map_or(0.0, |(above, within)| bets.mixed_by(mix, &bets.each(above, within)))
        };
        let [plain, up_weight, low_weight] = self.test.log_weights;
        let upper = up_weight + incumbent(Some(last), &self.test.at_most);
        let lower = low_weight + incumbent(below, &self.test.at_least);
        candidate + mix(&[plain, upper, lower])
    }
}

impl Arm {
    fn new(buckets: &[u64]) -> Self {
        let total: u64 = buckets.iter().sum();
        let edges = buckets.len().saturating_sub(1);
        let mut left = total;
        let above = buckets.iter().take(edges).map(|count| {
            left -= count;
            float(left)
        });
        Self { above: above.collect(), total: float(total) }
    }

    /// `scale` times the answers above an edge and not above it.
    fn split(&self, edge: usize, scale: f64) -> Option<(f64, f64)> {
        let above = scale * self.above.get(edge)?;
        Some((above, scale * self.total - above))
    }
}

/// The largest edge that is not above `micros`, which is at least the first one; compared as floats:
/// thresholds are exact in f64.
fn last_at_or_below(edges: &Edges, micros: f64) -> usize {
    edges.thresholds().partition_point(|edge| float(*edge) <= micros).saturating_sub(1)
}

#[cfg(test)]
mod tests;
