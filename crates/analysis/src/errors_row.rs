//! The errors row: is the candidate's share of all errors larger than its share of units?
//!
//! Owns the rollback test for errors. Given that a unit failed, its arm is the candidate's with
//! probability π under no effect; a rate ratio r makes it πr / (1 + π(r−1)). Units that succeed
//! carry no evidence here (score 1), so a base rate near zero costs nothing.
//!
//! log M_r = Σ_g [k_g·log r − n_g·log1p(π_g(r−1))], mixed over a grid of r: model-X e-variables
//! (Grünwald, Henzi & Lardy, JASA 2024) with the score h(bad) = r, h(good) = 1.

use std::borrow::Cow;

use crate::counts::{Cells, Pi, Stratum, float};
use crate::late::{self, Rows};
use crate::logspace::log_mixture;

const POINTS: u32 = 40;
const SMALLEST_RATIO: f64 = 1.1;
const LARGEST_RATIO: f64 = 30.0;

/// The part of the weight that is shared equally, so that no ratio is found late; the rest follows a
/// bell over log r, of this middle and width (docs/adr/0017).
const EVEN: f64 = 0.4;
const COMMON_RATIO: f64 = 2.3;
const COMMON_WIDTH: f64 = 0.4;

/// What each ratio weighs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Weights {
    /// Most on ratios from about 1.5 to 4: what faults that take long to find are like. Those beyond
    /// are found within a few errors anyway.
    Common,
    /// The same on each.
    Equal,
}

/// The mixture over 40 rate ratios, geometric from 1.1 to 30; by default with [`Weights::Common`].
#[derive(Debug, Clone, PartialEq)]
pub struct ErrorsRow {
    ratios: Vec<f64>,
    log_ratios: Vec<f64>,
    log_weights: Vec<f64>,
    prepared: Vec<(Pi, Vec<f64>)>,
}

impl Default for ErrorsRow {
    fn default() -> Self {
        Self::weighing(Weights::Common)
    }
}

impl ErrorsRow {
    /// The grid with weights that are chosen before the first unit.
    pub fn weighing(weights: Weights) -> Self {
        let step = (LARGEST_RATIO / SMALLEST_RATIO).ln() / f64::from(POINTS - 1);
        let log_ratios: Vec<f64> =
            (0..POINTS).map(|i| SMALLEST_RATIO.ln() + step * f64::from(i)).collect();
        let ratios = log_ratios.iter().map(|log| log.exp()).collect();
        let log_weights = weights.of(&log_ratios).into_iter().map(f64::ln).collect();
        Self { ratios, log_ratios, log_weights, prepared: Vec::new() }
    }

    /// Makes the logarithms for these shares once, instead of at each look.
    #[must_use]
    pub fn prepared_for(mut self, shares: &[Pi]) -> Self {
        self.prepared = shares.iter().map(|pi| (*pi, self.log_norms(*pi))).collect();
        self
    }

    /// Log e-value against "the candidate fails no more often than the incumbent", over all gates.
    pub fn log_e(&self, strata: &[Stratum<Cells>]) -> f64 {
        late::plain(self, strata)
    }

    /// The same of nothing but the bad ones: good ones carry no evidence.
    pub(crate) fn add_bad(&self, totals: &mut [f64], pi: Pi, (candidate, incumbent): (u64, u64)) {
        let (candidate, incumbent) = (float(candidate), float(incumbent));
        let errors = candidate + incumbent;
        let norms = self.norms_at(pi);
        for ((total, log_ratio), norm) in totals.iter_mut().zip(&self.log_ratios).zip(norms.iter())
        {
            *total += candidate * log_ratio - errors * norm;
        }
    }

    fn norms_at(&self, pi: Pi) -> Cow<'_, [f64]> {
        match self.prepared.iter().find(|(share, _)| *share == pi) {
            Some((_, norms)) => Cow::Borrowed(norms),
            None => Cow::Owned(self.log_norms(pi)),
        }
    }

    /// log(1 + π(r − 1)), by row.
    fn log_norms(&self, pi: Pi) -> Vec<f64> {
        self.ratios.iter().map(|ratio| (pi.get() * (ratio - 1.0)).ln_1p()).collect()
    }
}

impl Rows for ErrorsRow {
    type Counts = Cells;

    fn rows(&self) -> usize {
        self.ratios.len()
    }

    fn add(&self, totals: &mut [f64], pi: Pi, counts: &Cells) {
        self.add_bad(totals, pi, (counts.candidate_bad, counts.incumbent_bad));
    }

    fn mixed(&self, totals: &[f64]) -> f64 {
        log_mixture(&self.log_weights, totals)
    }
}

impl Weights {
    /// By ratio, of one in all.
    fn of(self, log_ratios: &[f64]) -> Vec<f64> {
        let even = 1.0 / f64::from(POINTS);
        let bell = |log_ratio: &f64| {
            (-0.5 * ((log_ratio - COMMON_RATIO.ln()) / COMMON_WIDTH).powi(2)).exp()
        };
        let under_bell: f64 = log_ratios.iter().map(bell).sum();
        let weight = |log_ratio: &f64| match self {
            Self::Equal => even,
            Self::Common => EVEN * even + (1.0 - EVEN) * bell(log_ratio) / under_bell,
        };
        log_ratios.iter().map(weight).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_sum_to_one_and_no_ratio_weighs_less_than_two_fifths_of_its_equal_part() {
        for weights in [Weights::Common, Weights::Equal] {
            let row = ErrorsRow::weighing(weights);
            let each = || row.log_weights.iter().map(|weight| weight.exp());
            assert!((each().sum::<f64>() - 1.0).abs() < 1e-12, "{weights:?}");
            assert!(each().all(|weight| weight > 0.0099), "{weights:?}");
        }
    }
}
