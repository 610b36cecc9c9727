//! The errors row: is the candidate's share of all errors larger than its share of units?
//!
//! Owns the rollback test for errors. Given that a unit failed, its arm is the candidate's with
//! probability π under no effect; a rate ratio r makes it πr / (1 + π(r−1)). Units that succeed
//! carry no evidence here (score 1), so a base rate near zero costs nothing.
//!
//! log M_r = Σ_g [k_g·log r − n_g·log1p(π_g(r−1))], mixed over a grid of r: model-X e-variables
//! (Grünwald, Henzi & Lardy, JASA 2024) with the score h(bad) = r, h(good) = 1.

use std::borrow::Cow;

use crate::counts::{Cells, Mass, Pi, Stratum};
use crate::late::Rows;
use crate::logspace::log_sum_exp;

const POINTS: u32 = 40;
const SMALLEST_RATIO: f64 = 1.1;
const LARGEST_RATIO: f64 = 30.0;

/// The mixture over 40 rate ratios, geometric from 1.1 to 30, uniform weights.
#[derive(Debug, Clone, PartialEq)]
pub struct ErrorsRow {
    ratios: Vec<f64>,
    log_ratios: Vec<f64>,
    prepared: Vec<(Pi, Vec<f64>)>,
}

impl Default for ErrorsRow {
    fn default() -> Self {
        let step = (LARGEST_RATIO / SMALLEST_RATIO).ln() / f64::from(POINTS - 1);
        let log_ratios: Vec<f64> =
            (0..POINTS).map(|i| SMALLEST_RATIO.ln() + step * f64::from(i)).collect();
        let ratios = log_ratios.iter().map(|log| log.exp()).collect();
        Self { ratios, log_ratios, prepared: Vec::new() }
    }
}

impl ErrorsRow {
    /// Makes the logarithms for these shares once, instead of at each look.
    #[must_use]
    pub fn prepared_for(mut self, shares: &[Pi]) -> Self {
        self.prepared = shares.iter().map(|pi| (*pi, self.log_norms(*pi))).collect();
        self
    }

    /// Log e-value against "the candidate fails no more often than the incumbent", over all gates.
    pub fn log_e(&self, strata: &[Stratum<Cells>]) -> f64 {
        let masses: Vec<_> = strata.iter().map(|stratum| stratum.map(Cells::mass)).collect();
        self.log_e_of(&masses)
    }

    pub(crate) fn log_e_of(&self, strata: &[Stratum<Mass>]) -> f64 {
        let mut totals = vec![0.0; self.ratios.len()];
        strata.iter().for_each(|stratum| self.add_mass(&mut totals, stratum));
        self.mixed(&totals)
    }

    fn add_mass(&self, totals: &mut [f64], stratum: &Stratum<Mass>) {
        let Mass([candidate_bad, _, incumbent_bad, _]) = stratum.counts;
        let errors = candidate_bad + incumbent_bad;
        let norms = self.norms_at(stratum.pi);
        for ((total, log_ratio), norm) in totals.iter_mut().zip(&self.log_ratios).zip(norms.iter())
        {
            *total += candidate_bad * log_ratio - errors * norm;
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

    fn add(&self, totals: &mut [f64], stratum: &Stratum<Cells>) {
        self.add_mass(totals, &stratum.map(Cells::mass));
    }

    fn mixed(&self, totals: &[f64]) -> f64 {
        log_sum_exp(totals) - f64::from(POINTS).ln()
    }
}
