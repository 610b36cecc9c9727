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
use super::{Error, exceedance};
use crate::bet::Mixture;
use crate::counts::{self, ArmHistogram, Pi, Stratum, float};
use crate::errors_row::ErrorsRow;
use crate::late::Since;
use rows::{Over, Slower};

/// The tests of one limit on one quantile.
#[derive(Debug, Clone)]
pub struct Limit {
    slower: Slower,
    over: Over,
    within: Bernoulli,
}

/// The candidate's answers above a limit and not above it.
#[derive(Debug)]
pub(crate) struct Within<'a> {
    bets: &'a Bernoulli,
    above: f64,
    within: f64,
}

impl Limit {
    /// At most 1 − `quantile` of the answers may take longer than `limit_micros`, which is rounded
    /// down to an edge. Errors: [`Error::Limit`], [`Error::Quantile`].
    pub fn new(edges: &Edges, limit_micros: u64, quantile: f64) -> Result<Self, Error> {
        let q = exceedance(quantile)?;
        let edge = |micros: u64| edges.edge_at_or_below(micros).ok_or(Error::Limit(limit_micros));
        let limit = edge(limit_micros)?;
        let thresholds =
            [limit, edge(limit_micros.saturating_mul(2))?, edge(limit_micros.saturating_mul(4))?];
        let buckets = edges.buckets();
        Ok(Self {
            slower: Slower { buckets, thresholds, row: ErrorsRow::default() },
            over: Over { buckets, limit, bets: Bernoulli::at_most(q, Mixture::Uniform.weights()) },
            within: Bernoulli::at_least(q, Mixture::HalfOnWhole.weights()),
        })
    }

    /// Makes the logarithms of the factors for these shares once, instead of at each look.
    #[must_use]
    pub fn prepared_for(self, shares: &[Pi]) -> Self {
        Self { slower: self.slower.prepared_for(shares), ..self }
    }

    /// The edge the limit was rounded down to.
    pub fn edge(&self) -> EdgeIndex {
        self.over.limit
    }

    /// The edges that answers are compared with, rising: nothing between two of them is told apart.
    pub fn edges(&self) -> [EdgeIndex; 3] {
        self.slower.thresholds
    }

    /// Log e-value against "no slower than the incumbent, or within the limit". Give all gates.
    /// Errors: [`counts::Error::Buckets`].
    pub fn rollback_log_e(&self, strata: &[Stratum<ArmHistogram>]) -> Result<f64, counts::Error> {
        let (slower, over) = self.since(&[])?;
        self.rollback_log_e_since(strata, (&slower, &over))
    }

    /// What the rollback test keeps of the strata as they were when each window of
    /// [`late`](crate::late) began. Errors: [`counts::Error::Buckets`].
    pub(super) fn since(
        &self,
        starts: &[Vec<Stratum<ArmHistogram>>],
    ) -> Result<(Since, Since), counts::Error> {
        Ok((Since::new(&self.slower, starts)?, Since::new(&self.over, starts)?))
    }

    pub(super) fn rollback_log_e_since(
        &self,
        strata: &[Stratum<ArmHistogram>],
        (slower, over): (&Since, &Since),
    ) -> Result<f64, counts::Error> {
        Ok(slower.log_e(&self.slower, strata)?.min(over.log_e(&self.over, strata)?))
    }

    /// Log e-value against "P(Y_c > L) ≥ q". Give this gate's evidence alone. Errors:
    /// [`counts::Error::Buckets`].
    pub fn healthy_log_e(&self, strata: &[Stratum<ArmHistogram>]) -> Result<f64, counts::Error> {
        let (above, within) = self.candidate_exceedances(strata)?;
        Ok(self.healthy_log_e_of(float(above), float(within)))
    }

    /// Candidate units above and not above the limit. Errors: [`counts::Error::Buckets`].
    pub fn candidate_exceedances(
        &self,
        strata: &[Stratum<ArmHistogram>],
    ) -> Result<(u64, u64), counts::Error> {
        strata.iter().try_fold((0, 0), |(above, within), stratum| {
            stratum.counts.check(self.buckets())?;
            let (more_above, more_within) = self.over.limit.split(&stratum.counts.candidate);
            Ok((above + more_above, within + more_within))
        })
    }

    pub(crate) fn healthy_log_e_of(&self, above: f64, within: f64) -> f64 {
        self.within.log_e(above, within)
    }

    /// These counts before the limit.
    pub(crate) fn within(&self, pooled: &ArmHistogram) -> Within<'_> {
        let (above, within) = self.over.limit.split(&pooled.candidate);
        Within { bets: &self.within, above: float(above), within: float(within) }
    }

    pub(crate) fn buckets(&self) -> usize {
        self.over.buckets
    }
}

impl Within<'_> {
    /// The healthy log e-value of `scale` times the counts.
    pub(crate) fn log_e(&self, scale: f64) -> f64 {
        self.bets.log_e(scale * self.above, scale * self.within)
    }
}
