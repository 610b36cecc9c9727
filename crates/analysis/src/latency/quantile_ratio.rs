//! Is the candidate's quantile within a multiple of the incumbent's?
//!
//! Owns the healthy test of a ratio margin m. Null: Q_c ≥ m·Q_b, with Q_b unknown. Suppose Q_b lies
//! in (v⁻, v⁺], a bucket. Then P(Y_b > v⁺) ≤ q, P(Y_b > v⁻) ≥ q, and P(Y_c > x) ≥ q at the largest
//! edge x ≤ m·v⁻. Each is refuted by bets on one arm alone, so e_c(x)·[.8 + .1·e_b⁺ + .1·e_b⁻] is an
//! e-value for that bucket, and the smallest over all buckets is one for the null. The .8 keeps
//! buckets near the truth from stalling where the incumbent's bets lose.

use super::bernoulli::Bernoulli;
use super::edges::{EdgeIndex, Edges};
use super::{Error, exceedance};
use crate::bet::Mixture;
use crate::counts::{self, ArmHistogram, Stratum, float};
use crate::logspace::log_sum_exp;

/// The healthy test "quantile of the candidate below m times the incumbent's".
#[derive(Debug, Clone)]
pub struct QuantileRatio {
    buckets: usize,
    /// For each bucket Q_b may lie in, the candidate's edge x; `None` below the first edge.
    candidate_edges: Vec<Option<EdgeIndex>>,
    at_least: Bernoulli,
    at_least_incumbent: Bernoulli,
    at_most: Bernoulli,
    log_weights: [f64; 3],
}

impl QuantileRatio {
    /// Errors: [`Error::Quantile`]; [`Error::Ratio`] unless `ratio` is above 1.
    pub fn new(edges: &Edges, quantile: f64, ratio: f64) -> Result<Self, Error> {
        let q = exceedance(quantile)?;
        if !(ratio > 1.0 && ratio.is_finite()) {
            return Err(Error::Ratio(ratio));
        }
        let scaled = |edge: &u64| last_at_or_below(edges, ratio * float(*edge));
        let candidate_edges =
            std::iter::once(None).chain(edges.thresholds().iter().map(scaled)).collect();
        Ok(Self {
            buckets: edges.buckets(),
            candidate_edges,
            at_least: Bernoulli::at_least(q, Mixture::Uniform),
            at_least_incumbent: Bernoulli::at_least(q, Mixture::Uniform),
            at_most: Bernoulli::at_most(q),
            log_weights: [0.8_f64.ln(), 0.1_f64.ln(), 0.1_f64.ln()],
        })
    }

    /// Log e-value against "Q_c ≥ ratio·Q_b". Give this gate's evidence alone. Errors:
    /// [`counts::Error::Buckets`].
    pub fn log_e(&self, strata: &[Stratum<ArmHistogram>]) -> Result<f64, counts::Error> {
        let mut pooled = ArmHistogram::empty(self.buckets);
        strata.iter().try_for_each(|stratum| pooled.merge(&stratum.counts))?;
        Ok(self.log_e_scaled(&pooled, 1.0))
    }

    pub(crate) fn log_e_scaled(&self, pooled: &ArmHistogram, scale: f64) -> f64 {
        let candidate = Exceedances::new(&pooled.candidate, scale).log_es(&self.at_least);
        let incumbent = Exceedances::new(&pooled.incumbent, scale);
        // The last bucket has no upper edge and the first no lower one: no bet there, log 1.
        let upper = incumbent.log_es(&self.at_most).into_iter().chain([0.0]);
        let lower = [0.0].into_iter().chain(incumbent.log_es(&self.at_least_incumbent));
        let [plain, up_weight, low_weight] = self.log_weights;
        self.candidate_edges
            .iter()
            .map(|edge| edge.and_then(|edge| edge.of(&candidate)).unwrap_or(0.0))
            .zip(upper.zip(lower))
            .map(|(e, (up, low))| e + log_sum_exp(&[plain, up_weight + up, low_weight + low]))
            .fold(f64::INFINITY, f64::min)
    }

    pub(crate) fn buckets(&self) -> usize {
        self.buckets
    }
}

/// The answers of one arm above each edge.
struct Exceedances {
    total: f64,
    above: Vec<f64>,
}

impl Exceedances {
    fn new(buckets: &[u64], scale: f64) -> Self {
        let total: u64 = buckets.iter().sum();
        let edges = buckets.len().saturating_sub(1);
        let mut left = total;
        let above = buckets.iter().take(edges).map(|count| {
            left -= count;
            scale * float(left)
        });
        Self { above: above.collect(), total: scale * float(total) }
    }

    /// The log e-value at each edge. Runs of empty buckets share one, which saves most of the work.
    fn log_es(&self, bets: &Bernoulli) -> Vec<f64> {
        let mut last: Option<(f64, f64)> = None;
        let log_e = |above: &f64| match last {
            Some((same, log_e)) if same.to_bits() == above.to_bits() => log_e,
            Some(_) | None => {
                let log_e = bets.log_e(*above, self.total - above);
                last = Some((*above, log_e));
                log_e
            }
        };
        self.above.iter().map(log_e).collect()
    }
}

/// The largest edge that is not above `micros`, compared as floats: thresholds are exact in f64.
fn last_at_or_below(edges: &Edges, micros: f64) -> Option<EdgeIndex> {
    let above = edges.thresholds().partition_point(|edge| float(*edge) <= micros);
    edges.thresholds().get(above.checked_sub(1)?).and_then(|edge| edges.edge_at_or_below(*edge))
}
