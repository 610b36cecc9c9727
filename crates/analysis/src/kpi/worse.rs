//! Are the candidate's values worse than the incumbent's?
//!
//! Owns the rollback test: h = exp(λ·z), z the bucket's badness, non-decreasing in badness, so
//! E[e] = 1 without an effect at any base rate, and E[e] ≤ 1 for a candidate whose values are
//! stochastically no worse. z is mostly the score best for a change of scale, partly the rank, in
//! case the reference misjudged the shape. λ doubles from .005 to .64; weights favour effects of one
//! to four hundredths of a standard deviation, for those take days, and larger ones minutes
//! (docs/adr/0017).

use std::borrow::Borrow;

use super::Better;
use super::counts::Counts;
use super::reference::Reference;
use crate::counts::{self, Pi, Stratum};
use crate::late::{self, Rows};
use crate::scores::Scores;

const ROWS: usize = 16;
const TILTS: [f64; 8] = [0.005, 0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64];
const TILT_WEIGHTS: [f64; 8] = [0.08, 0.27, 0.28, 0.17, 0.09, 0.05, 0.03, 0.03];
const SHAPE_WEIGHT: f64 = 0.9;
const RANKS_WEIGHT: f64 = 0.1;

/// The 16 rows over the buckets of one reference.
#[derive(Debug, Clone)]
pub struct Worse {
    buckets: usize,
    scores: Scores<ROWS>,
}

impl Worse {
    /// The test against values on the wrong side of the incumbent's.
    pub fn new(reference: &Reference, better: Better) -> Self {
        let sign = match better {
            Better::Higher => -1.0,
            Better::Lower => 1.0,
        };
        let row = |(shape, rank): (f64, f64)| {
            let mut row = [0.0; ROWS];
            let tilted = [shape, rank].into_iter().flat_map(|z| TILTS.map(|tilt| sign * tilt * z));
            row.iter_mut().zip(tilted).for_each(|(cell, log_h)| *cell = log_h);
            row
        };
        let weights = [SHAPE_WEIGHT, RANKS_WEIGHT].into_iter();
        let log_weights = weights.flat_map(|of| TILT_WEIGHTS.map(|weight| (of * weight).ln()));
        let scores = Scores::new(reference.scores().map(row).collect(), log_weights.collect());
        Self { buckets: reference.buckets(), scores }
    }

    /// Makes the logarithms for these shares once, instead of at each look.
    #[must_use]
    pub fn prepared_for(self, shares: &[Pi]) -> Self {
        Self { scores: self.scores.prepared_for(shares), ..self }
    }

    /// Log e-value against "stochastically no worse than the incumbent". Give all gates of the
    /// rollout. Errors: [`counts::Error::Buckets`].
    pub fn log_e<C: Borrow<Counts>>(&self, strata: &[Stratum<C>]) -> Result<f64, counts::Error> {
        late::check(self, strata)?;
        Ok(late::plain(self, strata))
    }
}

impl Rows for Worse {
    type Counts = Counts;

    fn rows(&self) -> usize {
        ROWS
    }

    fn check(&self, counts: &Counts) -> Result<(), counts::Error> {
        counts.check(self.buckets)
    }

    fn add(&self, totals: &mut [f64], pi: Pi, counts: &Counts) {
        self.scores.add(totals, pi, counts.by_bucket());
    }

    fn mixed(&self, totals: &[f64]) -> f64 {
        self.scores.mixed(totals)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_sum_to_one_and_scores_rise_with_badness() {
        let values: Vec<f64> = (0..500).map(|i| f64::from(i % 100)).collect();
        let reference = Reference::freeze(&values).unwrap();
        let worse = Worse::new(&reference, Better::Lower);
        let sum: f64 = worse.scores.log_weights().iter().map(|w| w.exp()).sum();
        assert!((sum - 1.0).abs() < 1e-12, "{sum}");
        for pair in worse.scores.table().windows(2) {
            assert!(pair[0].iter().zip(pair[1]).all(|(low, high)| *low <= high));
        }
    }
}
