//! Latency against an absolute limit L.
//!
//! Owns both directions. Healthy: null P(Y_c > L) ≥ q = 1 − quantile. Rollback: the minimum of
//! M_slower (errors rows on exceeding L, 2L and 4L) and M_limit (null P(Y_c > L) ≤ q), valid for the
//! union "no slower, or within the limit". Without the second part a model 7 µs slower than one of
//! 12 µs would be rolled back. Each of the two is a mixture over when a fault began, and their minimum
//! is taken last: each mixture is valid for its own null, and a mixture of minima is the smaller.

mod rows;

use super::bernoulli::Bernoulli;
use super::edges::{EdgeIndex, Edges};
use super::staked::{self, Staked};
use super::{Error, exceedance};
use crate::bet::Mixture;
use crate::counts::{self, ArmHistogram, Pi, Stratum, float};
use crate::errors_row::ErrorsRow;
use crate::late::{self, Since};
use rows::{Beyond, Over, Slower};
use std::borrow::Borrow;

/// The tests of one limit on one quantile.
#[derive(Debug, Clone)]
pub struct Limit {
    buckets: usize,
    /// The limit, twice and four times it.
    thresholds: [EdgeIndex; 3],
    slower: Slower,
    over: Over,
    within: Bernoulli,
}

/// The candidate's answers above a limit and not above it, by stratum.
#[derive(Debug)]
pub(crate) struct Within<'a> {
    bets: &'a Bernoulli,
    strata: Vec<Staked<'a, (f64, f64)>>,
}

impl Limit {
    /// At most 1 − `quantile` of the answers may take longer than `limit_micros`, which is rounded
    /// down to an edge. Errors: [`Error::Limit`], [`Error::Quantile`].
    pub fn new(edges: &Edges, limit_micros: u64, quantile: f64) -> Result<Self, Error> {
        let q = exceedance(quantile)?;
        let edge = |micros: u64| edges.edge_at_or_below(micros).ok_or(Error::Limit(limit_micros));
        let thresholds = [
            edge(limit_micros)?,
            edge(limit_micros.saturating_mul(2))?,
            edge(limit_micros.saturating_mul(4))?,
        ];
        Ok(Self {
            buckets: edges.buckets(),
            thresholds,
            slower: Slower(ErrorsRow::default()),
            over: Over(Bernoulli::at_most(q, Mixture::Uniform.weights())),
            within: Bernoulli::at_least(q, Mixture::HalfOnWhole.weights()),
        })
    }

    /// Makes the logarithms of the factors for these shares once, instead of at each look.
    #[must_use]
    pub fn prepared_for(self, shares: &[Pi]) -> Self {
        Self { slower: Slower(self.slower.0.prepared_for(shares)), ..self }
    }

    /// The edge the limit was rounded down to.
    pub fn edge(&self) -> EdgeIndex {
        let [limit, ..] = self.thresholds;
        limit
    }

    /// The edges that answers are compared with, rising: nothing between two of them is told apart.
    pub fn edges(&self) -> [EdgeIndex; 3] {
        self.thresholds
    }

    /// Log e-value against "no slower than the incumbent, or within the limit". Give all gates.
    /// Errors: [`counts::Error::Buckets`].
    pub fn rollback_log_e<C: Borrow<ArmHistogram>>(
        &self,
        strata: &[Stratum<C>],
    ) -> Result<f64, counts::Error> {
        let beyond = self.beyond(strata)?;
        Ok(late::plain(&self.slower, &beyond).min(late::plain(&self.over, &beyond)))
    }

    /// What the rollback test keeps of the strata as they were when each window of
    /// [`late`](crate::late) began. Errors: [`counts::Error::Buckets`].
    pub(super) fn since<C: Borrow<ArmHistogram>>(
        &self,
        starts: &[Vec<Stratum<C>>],
    ) -> Result<(Since, Since), counts::Error> {
        let beyond = starts.iter().map(|strata| self.beyond(strata));
        let starts: Vec<_> = beyond.collect::<Result<_, _>>()?;
        Ok((Since::of_checked(&self.slower, &starts), Since::of_checked(&self.over, &starts)))
    }

    pub(super) fn rollback_log_e_since<C: Borrow<ArmHistogram>>(
        &self,
        strata: &[Stratum<C>],
        (slower, over): (&Since, &Since),
    ) -> Result<f64, counts::Error> {
        let beyond = self.beyond(strata)?;
        let slower = slower.log_e_of_checked(&self.slower, &beyond);
        Ok(slower.min(over.log_e_of_checked(&self.over, &beyond)))
    }

    /// What both rollback tests know of the answers.
    fn beyond<C: Borrow<ArmHistogram>>(
        &self,
        strata: &[Stratum<C>],
    ) -> Result<Vec<Stratum<Beyond>>, counts::Error> {
        let beyond = |stratum: &Stratum<C>| {
            let counts = stratum.counts.borrow();
            counts.check(self.buckets)?;
            Ok(stratum.map(|_| Beyond::of(counts, self.thresholds)))
        };
        strata.iter().map(beyond).collect()
    }

    /// Log e-value against "P(Y_c > L) ≥ q" for the units of the gate, all together. Give this gate's
    /// evidence alone, and every stratum that the gate may have: the least of their π fixes the
    /// [stakes](crate::gate). Errors: [`counts::Error::Buckets`].
    pub fn healthy_log_e<C: Borrow<ArmHistogram>>(
        &self,
        strata: &[Stratum<C>],
    ) -> Result<f64, counts::Error> {
        Ok(self.within(strata)?.log_e(1.0))
    }

    /// These counts before the limit. Errors: [`counts::Error::Buckets`].
    pub(crate) fn within<C: Borrow<ArmHistogram>>(
        &self,
        strata: &[Stratum<C>],
    ) -> Result<Within<'_>, counts::Error> {
        strata.iter().try_for_each(|stratum| stratum.counts.borrow().check(self.buckets))?;
        let split = |counts: &C| {
            let (above, within) = self.edge().split(&counts.borrow().candidate);
            let [above, within] = [above, within].map(|buckets| buckets.iter().sum::<u64>());
            (above + within > 0).then(|| (float(above), float(within)))
        };
        Ok(Within { bets: &self.within, strata: staked::strata(&self.within, strata, split) })
    }
}

impl Within<'_> {
    /// The healthy log e-value of `scale` times the counts.
    pub(crate) fn log_e(&self, scale: f64) -> f64 {
        self.bets.mixed(&self.each(scale))
    }

    /// That of the counts and as many more answers above the limit and not above it, of a stratum on which
    /// this part of the stake is put.
    pub(crate) fn log_e_with(&self, part: f64, (above, within): (f64, f64)) -> f64 {
        let mut sums = self.each(1.0);
        let more = self.bets.staking(part).each(above, within);
        sums.iter_mut().zip(more).for_each(|(sum, log)| *sum += log);
        self.bets.mixed(&sums)
    }

    fn each(&self, scale: f64) -> [f64; Bernoulli::BETS] {
        staked::each(&self.strata, |(above, within)| (scale * above, scale * within))
    }
}
