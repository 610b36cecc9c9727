//! The errors row: is the candidate's share of all errors larger than its share of units?
//!
//! Owns the rollback test for errors. Given that a unit failed, its arm is the candidate's with
//! probability π under no effect; a rate ratio r makes it πr / (1 + π(r−1)). Units that succeed
//! carry no evidence here (score 1), so a base rate near zero costs nothing.
//!
//! log M_r = Σ_g [k_g·log r − n_g·log1p(π_g(r−1))], mixed over a grid of r: model-X e-variables
//! (Grünwald, Henzi & Lardy, JASA 2024) with the score h(bad) = r, h(good) = 1.

use crate::counts::{Cells, Mass, Stratum};
use crate::logspace::log_sum_exp;

const POINTS: u32 = 40;
const SMALLEST_RATIO: f64 = 1.1;
const LARGEST_RATIO: f64 = 30.0;

/// The mixture over 40 rate ratios, geometric from 1.1 to 30, uniform weights.
#[derive(Debug, Clone, PartialEq)]
pub struct ErrorsRow {
    ratios: Vec<f64>,
    log_ratios: Vec<f64>,
}

impl Default for ErrorsRow {
    fn default() -> Self {
        let step = (LARGEST_RATIO / SMALLEST_RATIO).ln() / f64::from(POINTS - 1);
        let log_ratios: Vec<f64> =
            (0..POINTS).map(|i| SMALLEST_RATIO.ln() + step * f64::from(i)).collect();
        Self { ratios: log_ratios.iter().map(|log| log.exp()).collect(), log_ratios }
    }
}

impl ErrorsRow {
    /// Log e-value against "the candidate fails no more often than the incumbent", over all gates.
    pub fn log_e(&self, strata: &[Stratum<Cells>]) -> f64 {
        let masses: Vec<_> = strata.iter().map(|stratum| stratum.map(Cells::mass)).collect();
        self.log_e_of(&masses)
    }

    pub(crate) fn log_e_of(&self, strata: &[Stratum<Mass>]) -> f64 {
        let rows: Vec<f64> = self
            .ratios
            .iter()
            .zip(&self.log_ratios)
            .map(|(ratio, log_ratio)| strata.iter().map(|s| row(s, *ratio, *log_ratio)).sum())
            .collect();
        log_sum_exp(&rows) - f64::from(POINTS).ln()
    }
}

fn row(stratum: &Stratum<Mass>, ratio: f64, log_ratio: f64) -> f64 {
    let Mass([candidate_bad, _, incumbent_bad, _]) = stratum.counts;
    let errors = candidate_bad + incumbent_bad;
    candidate_bad * log_ratio - errors * (stratum.pi.get() * (ratio - 1.0)).ln_1p()
}
