//! Latency against an absolute limit L.
//!
//! Owns both directions. Healthy: null P(Y_c > L) ≥ q = 1 − quantile. Rollback: the minimum of
//! M_slower (errors rows on exceeding L, 2L and 4L) and M_limit (null P(Y_c > L) ≤ q), valid for the
//! union "no slower, or within the limit". Without the second part a model 7 µs slower than one of
//! 12 µs would be rolled back.

use super::bernoulli::Bernoulli;
use super::edges::{EdgeIndex, Edges};
use super::{Error, exceedance};
use crate::bet::Mixture;
use crate::counts::{self, ArmHistogram, Cells, Stratum, float};
use crate::errors_row::ErrorsRow;
use crate::logspace::log_sum_exp;

/// The tests of one limit on one quantile.
#[derive(Debug, Clone)]
pub struct Limit {
    buckets: usize,
    limit: EdgeIndex,
    /// L, 2L and 4L.
    thresholds: [EdgeIndex; 3],
    row: ErrorsRow,
    within: Bernoulli,
    over: Bernoulli,
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
        Ok(Self {
            buckets: edges.buckets(),
            limit,
            thresholds,
            row: ErrorsRow::default(),
            within: Bernoulli::at_least(q, Mixture::HalfOnWhole),
            over: Bernoulli::at_most(q),
        })
    }

    /// The edge the limit was rounded down to.
    pub fn edge(&self) -> EdgeIndex {
        self.limit
    }

    /// The edges that answers are compared with, rising: nothing between two of them is told apart.
    pub fn edges(&self) -> [EdgeIndex; 3] {
        self.thresholds
    }

    /// Log e-value against "no slower than the incumbent, or within the limit". Give all gates.
    /// Errors: [`counts::Error::Buckets`].
    pub fn rollback_log_e(&self, strata: &[Stratum<ArmHistogram>]) -> Result<f64, counts::Error> {
        let (above, within) = self.candidate_exceedances(strata)?;
        let over = self.over.log_e(float(above), float(within));
        Ok(self.slower_log_e(strata).min(over))
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
            stratum.counts.check(self.buckets)?;
            let (more_above, more_within) = self.limit.split(&stratum.counts.candidate);
            Ok((above + more_above, within + more_within))
        })
    }

    pub(crate) fn healthy_log_e_of(&self, above: f64, within: f64) -> f64 {
        self.within.log_e(above, within)
    }

    pub(crate) fn healthy_log_e_scaled(&self, candidate: &[u64], scale: f64) -> f64 {
        let (above, within) = self.limit.split(candidate);
        self.healthy_log_e_of(scale * float(above), scale * float(within))
    }

    pub(crate) fn buckets(&self) -> usize {
        self.buckets
    }

    /// The errors row averaged over the three thresholds.
    fn slower_log_e(&self, strata: &[Stratum<ArmHistogram>]) -> f64 {
        let rows = self.thresholds.map(|edge| {
            let cells: Vec<_> =
                strata.iter().map(|s| s.map(|counts| cells(counts, edge))).collect();
            self.row.log_e(&cells)
        });
        log_sum_exp(&rows) - 3.0_f64.ln()
    }
}

/// "Bad" is an answer slower than the edge.
fn cells(histogram: &ArmHistogram, edge: EdgeIndex) -> Cells {
    let (candidate_bad, candidate_good) = edge.split(&histogram.candidate);
    let (incumbent_bad, incumbent_good) = edge.split(&histogram.incumbent);
    Cells { candidate_bad, candidate_good, incumbent_bad, incumbent_good }
}
