//! Is the candidate slower than the incumbent, anywhere in the distribution?
//!
//! Owns the rollback test without a limit: 105 non-decreasing [scores](crate::scores) of the latency
//! bucket, mixed with fixed weights: E[e] ≤ 1 for any candidate that is stochastically no slower.
//! All scores are frozen from the reference before the canary.

use std::borrow::Borrow;

use super::reference::Reference;
use super::shift::{self, Slowdown};
use super::{Error, edges::Edges};
use crate::counts::{self, ArmHistogram, Pi, Stratum, float};
use crate::late::{self, Rows};
use crate::scores::{Scores, Table};

const ROWS: usize = 105;
const STEP_QUANTILES: [f64; 6] = [0.5, 0.75, 0.9, 0.95, 0.99, 0.999];
const STEP_SIZES: [f64; 10] = [0.1, 0.2, 0.3, 0.45, 0.7, 1.0, 1.4, 2.0, 2.8, 4.0];
const RANK_TILTS: [f64; 8] = [0.1, 0.2, 0.3, 0.45, 0.7, 1.0, 1.4, 2.0];
const HINGE_QUANTILES: [f64; 4] = [0.75, 0.9, 0.95, 0.99];
const HINGE_TILTS: [f64; 5] = [0.3, 0.7, 1.4, 2.8, 4.0];
/// How many times as long all answers take.
const SHIFTS: [f64; 8] = [1.03, 1.06, 1.12, 1.2, 1.35, 1.7, 2.5, 5.0];
/// How many times as long the slowest answers take, beyond the quantile from which on they are slowed.
const TAIL_QUANTILES: [f64; 3] = [0.9, 0.95, 0.99];
const TAIL_SHIFTS: [f64; 3] = [1.35, 2.0, 4.0];
/// Shifts find what is slower as a whole, whatever the shape, and tails what is slower in the slowest
/// answers alone; steps what waits now and then. Ranks and hinges are for a reference too small or too
/// unlike the traffic for its shape to be known. Chosen on log-normal latencies, plain and with a slower
/// tail; all other shapes are what they were tried on.
const STEPS_WEIGHT: f64 = 0.10;
const RANK_WEIGHTS: [f64; 8] = [0.01, 0.01, 0.01, 0.01, 0.005, 0.005, 0.005, 0.005];
const HINGE_WEIGHTS: [f64; 4] = [0.01, 0.01, 0.01, 0.02];
const SHIFT_WEIGHTS: [f64; 8] = [0.05, 0.06, 0.085, 0.105, 0.07, 0.04, 0.02, 0.01];
const TAIL_WEIGHTS: [f64; 9] = [0.03, 0.04, 0.03, 0.05, 0.07, 0.04, 0.03, 0.03, 0.03];

/// The 105 rows over the buckets of one set of edges.
#[derive(Debug, Clone)]
pub struct Slower {
    reference: Reference,
    scores: Scores<ROWS>,
}

impl Slower {
    /// Scores from the incumbent's frozen latency histogram (staging or shadow), counted on `edges`.
    /// Errors: [`Error::EmptyReference`], [`Error::Counts`].
    pub fn new(edges: &Edges, histogram: &[u64]) -> Result<Self, Error> {
        let (expected, found) = (edges.buckets(), histogram.len());
        if expected != found {
            return Err(counts::Error::Buckets { expected, found }.into());
        }
        let reference = Reference::new(histogram)?;
        let slower = slowdowns(edges, &reference)
            .map(|it| shift::log_scores(edges, (histogram, reference.class_of()), it));
        let scores =
            Scores::new(log_scores(&reference, &slower.collect::<Vec<_>>()), log_weights());
        Ok(Self { reference, scores })
    }

    /// Makes the logarithms for these shares once, instead of at each look.
    #[must_use]
    pub fn prepared_for(self, shares: &[Pi]) -> Self {
        Self { scores: self.scores.prepared_for(shares), ..self }
    }

    /// Log e-value against "no slower than the incumbent". Give all gates of the rollout. Errors:
    /// [`counts::Error::Buckets`].
    pub fn log_e<C: Borrow<ArmHistogram>>(
        &self,
        strata: &[Stratum<C>],
    ) -> Result<f64, counts::Error> {
        late::check(self, strata)?;
        Ok(late::plain(self, strata))
    }
}

impl Rows for Slower {
    type Counts = ArmHistogram;

    fn rows(&self) -> usize {
        ROWS
    }

    fn check(&self, counts: &ArmHistogram) -> Result<(), counts::Error> {
        counts.check(self.reference.buckets())
    }

    fn add(&self, totals: &mut [f64], pi: Pi, counts: &ArmHistogram) {
        let candidate = self.reference.by_class(&counts.candidate);
        let incumbent = self.reference.by_class(&counts.incumbent);
        self.scores.add(totals, pi, candidate.into_iter().zip(incumbent));
    }

    fn mixed(&self, totals: &[f64]) -> f64 {
        self.scores.mixed(totals)
    }
}

/// All answers, and those beyond a quantile of the reference, in the order of the weights.
fn slowdowns(edges: &Edges, reference: &Reference) -> impl Iterator<Item = Slowdown> {
    let beyond = TAIL_QUANTILES.map(|p| reference.bucket_at(p));
    // Beyond the last edge nothing is told apart, so nothing there can be slower.
    let micros =
        |bucket: usize| edges.thresholds().get(bucket).map_or(f64::INFINITY, |e| float(*e));
    let whole = SHIFTS.map(|factor| Slowdown { above: 0.0, factor });
    let tail = |above| TAIL_SHIFTS.map(|factor| Slowdown { above, factor });
    whole.into_iter().chain(beyond.map(micros).into_iter().flat_map(tail))
}

/// log h of each class: steps λ·1{above p}, rank tilts λ·z, hinges λ·(z − z_p)⁺, where z is the
/// class's normal score; then the scores against each slowdown, by class.
fn log_scores(reference: &Reference, slower: &[Vec<f64>]) -> Table<ROWS> {
    let z = reference.scores();
    let z_at = |p: f64| z.get(reference.class_at(p)).copied().unwrap_or(f64::INFINITY);
    let steps = STEP_QUANTILES.map(|p| reference.class_at(p));
    let hinges = HINGE_QUANTILES.map(z_at);
    (0..reference.classes())
        .zip(&z)
        .map(|(class, z)| {
            let above = steps.map(|step| f64::from(u8::from(class > step)));
            let excess = hinges.map(|hinge| (z - hinge).max(0.0));
            let mut row = [0.0; ROWS];
            let steps = above.iter().flat_map(|above| STEP_SIZES.map(|size| size * above));
            let tilts = RANK_TILTS.iter().map(|tilt| tilt * z);
            let hinges = excess.iter().flat_map(|excess| HINGE_TILTS.map(|tilt| tilt * excess));
            let slower = slower.iter().filter_map(|scores| scores.get(class).copied());
            let all = steps.chain(tilts).chain(hinges).chain(slower);
            row.iter_mut().zip(all).for_each(|(cell, score)| *cell = score);
            row
        })
        .collect()
}

/// In the order of [`log_scores`]: the steps' and each hinge's in equal parts.
fn log_weights() -> Vec<f64> {
    let equal = |weight: f64, rows: usize| std::iter::repeat_n(weight / float(rows as u64), rows);
    let hinges = HINGE_WEIGHTS.into_iter().flat_map(|weight| equal(weight, HINGE_TILTS.len()));
    let steps = equal(STEPS_WEIGHT, STEP_QUANTILES.len() * STEP_SIZES.len());
    let slower = SHIFT_WEIGHTS.into_iter().chain(TAIL_WEIGHTS);
    steps.chain(RANK_WEIGHTS).chain(hinges).chain(slower).map(f64::ln).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scores_never_fall_with_latency_and_weights_sum_to_one() {
        let edges = Edges::try_from(vec![1, 2, 4, 8]).unwrap();
        let slower = Slower::new(&edges, &[5, 60, 30, 4, 1]).unwrap();
        for histogram in [[5, 60, 30, 4, 1], [70, 1, 0, 28, 1], [0, 0, 3, 0, 0], [0, 0, 0, 0, 9]] {
            let table = Slower::new(&edges, &histogram).unwrap().scores.table().clone();
            for pair in table.windows(2) {
                let mut rows = pair[0].iter().zip(pair[1]);
                assert!(rows.all(|(faster, slower)| *faster <= slower), "{histogram:?}");
            }
        }
        let weights = slower.scores.log_weights();
        let sum: f64 = weights.iter().map(|w| w.exp()).sum();
        assert!((sum - 1.0).abs() < 1e-12);
        assert_eq!(weights.len(), ROWS);
    }

    #[test]
    fn a_reference_on_other_edges_is_refused() {
        let edges = Edges::try_from(vec![1, 2]).unwrap();
        assert_eq!(
            Slower::new(&edges, &[1, 1]).unwrap_err(),
            Error::Counts(counts::Error::Buckets { expected: 3, found: 2 })
        );
    }
}
