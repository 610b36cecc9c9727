//! Rows of frozen scores over buckets: the randomisation e-process of every bucketed metric.
//!
//! Owns log M_j = Σ_g Σ_b [C_gb·log h_jb − N_gb·log1p(π_g(h_jb − 1))], the model-X e-process of
//! Grünwald, Henzi & Lardy (JASA 2024), mixed over rows with fixed weights. Scores that do not fall
//! with badness make E[e] ≤ 1 for any candidate that is stochastically no worse. Refuses to make
//! scores: latency and KPI each make their own, before the canary.

use std::borrow::Cow;

use crate::counts::{Pi, float};
use crate::logspace::log_mixture;

/// log h by bucket and row, and the rows' weights.
#[derive(Debug, Clone)]
pub(crate) struct Scores<const ROWS: usize> {
    log_scores: Table<ROWS>,
    log_weights: Vec<f64>,
    prepared: Vec<(Pi, Table<ROWS>)>,
}

pub(crate) type Table<const ROWS: usize> = Vec<[f64; ROWS]>;

impl<const ROWS: usize> Scores<ROWS> {
    /// Weights are logarithms, one a row, of numbers that sum to one.
    pub(crate) fn new(log_scores: Table<ROWS>, log_weights: Vec<f64>) -> Self {
        Self { log_scores, log_weights, prepared: Vec::new() }
    }

    /// Makes the logarithms for these shares once, instead of at each look.
    pub(crate) fn prepared_for(mut self, shares: &[Pi]) -> Self {
        self.prepared = shares.iter().map(|pi| (*pi, self.log_norms(*pi))).collect();
        self
    }

    /// Adds what one stratum's candidate and incumbent counts, by bucket, add to each row.
    pub(crate) fn add(&self, totals: &mut [f64], pi: Pi, counts: impl Iterator<Item = (u64, u64)>) {
        let norms = self.norms_at(pi);
        let buckets = self.log_scores.iter().zip(norms.iter());
        for ((candidate, incumbent), (scores, norms)) in counts.zip(buckets) {
            if candidate == 0 && incumbent == 0 {
                continue;
            }
            let (candidate, both) = (float(candidate), float(candidate.saturating_add(incumbent)));
            for ((total, score), norm) in totals.iter_mut().zip(scores).zip(norms) {
                *total += candidate * score - both * norm;
            }
        }
    }

    /// The log e-value of the rows' sums.
    pub(crate) fn mixed(&self, totals: &[f64]) -> f64 {
        log_mixture(&self.log_weights, totals)
    }

    fn norms_at(&self, pi: Pi) -> Cow<'_, Table<ROWS>> {
        match self.prepared.iter().find(|(share, _)| *share == pi) {
            Some((_, table)) => Cow::Borrowed(table),
            None => Cow::Owned(self.log_norms(pi)),
        }
    }

    /// log(1 + π(h − 1)), by bucket and row.
    fn log_norms(&self, pi: Pi) -> Table<ROWS> {
        let norm = |log_h: f64| (pi.get() * log_h.exp_m1()).ln_1p();
        self.log_scores.iter().map(|scores| scores.map(norm)).collect()
    }
}

#[cfg(test)]
impl<const ROWS: usize> Scores<ROWS> {
    pub(crate) fn table(&self) -> &Table<ROWS> {
        &self.log_scores
    }

    pub(crate) fn log_weights(&self) -> &[f64] {
        &self.log_weights
    }
}
