//! Is the candidate slower than the incumbent, anywhere in the distribution?
//!
//! Owns the rollback test without a limit: 88 non-decreasing [scores](crate::scores) of the latency
//! bucket, mixed with fixed weights: E[e] ≤ 1 for any candidate that is stochastically no slower.
//! All scores are frozen from the reference before the canary.

use super::reference::Reference;
use super::{Error, edges::Edges};
use crate::counts::{self, ArmHistogram, Pi, Stratum, float};
use crate::late::Rows;
use crate::scores::{Scores, Table};

const ROWS: usize = 88;
const STEP_QUANTILES: [f64; 6] = [0.5, 0.75, 0.9, 0.95, 0.99, 0.999];
const STEP_SIZES: [f64; 10] = [0.1, 0.2, 0.3, 0.45, 0.7, 1.0, 1.4, 2.0, 2.8, 4.0];
const RANK_TILTS: [f64; 8] = [0.1, 0.2, 0.3, 0.45, 0.7, 1.0, 1.4, 2.0];
const HINGE_QUANTILES: [f64; 4] = [0.75, 0.9, 0.95, 0.99];
const HINGE_TILTS: [f64; 5] = [0.3, 0.7, 1.4, 2.8, 4.0];
/// Ranks find what is slower as a whole, the last hinge what is slower in the tail alone, steps what
/// waits now and then. Chosen on log-normal, gamma and bimodal latencies and tails, for the least
/// delay over the limit of information; pauses and two narrow peaks are what they were tried on.
const STEPS_WEIGHT: f64 = 0.12;
const RANK_WEIGHTS: [f64; 8] = [0.07, 0.08, 0.08, 0.07, 0.05, 0.04, 0.03, 0.03];
const HINGE_WEIGHTS: [f64; 4] = [0.04, 0.04, 0.06, 0.29];

/// The 88 rows over the buckets of one set of edges.
#[derive(Debug, Clone)]
pub struct Slower {
    reference: Reference,
    scores: Scores<ROWS>,
}

impl Slower {
    /// Scores from the incumbent's frozen latency histogram (staging or shadow), counted on `edges`.
    /// Errors: [`Error::EmptyReference`], [`Error::Counts`].
    pub fn new(edges: &Edges, reference: &[u64]) -> Result<Self, Error> {
        let (expected, found) = (edges.buckets(), reference.len());
        if expected != found {
            return Err(counts::Error::Buckets { expected, found }.into());
        }
        let reference = Reference::new(reference)?;
        let scores = Scores::new(log_scores(&reference), log_weights());
        Ok(Self { reference, scores })
    }

    /// Makes the logarithms for these shares once, instead of at each look.
    #[must_use]
    pub fn prepared_for(self, shares: &[Pi]) -> Self {
        Self { scores: self.scores.prepared_for(shares), ..self }
    }

    /// Log e-value against "no slower than the incumbent". Give all gates of the rollout. Errors:
    /// [`counts::Error::Buckets`].
    pub fn log_e(&self, strata: &[Stratum<ArmHistogram>]) -> Result<f64, counts::Error> {
        let mut totals = [0.0; ROWS];
        for stratum in strata {
            self.check(&stratum.counts)?;
            self.add(&mut totals, stratum);
        }
        Ok(self.scores.mixed(&totals))
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

    fn add(&self, totals: &mut [f64], stratum: &Stratum<ArmHistogram>) {
        let candidate = self.reference.by_class(&stratum.counts.candidate);
        let incumbent = self.reference.by_class(&stratum.counts.incumbent);
        self.scores.add(totals, stratum.pi, candidate.into_iter().zip(incumbent));
    }

    fn mixed(&self, totals: &[f64]) -> f64 {
        self.scores.mixed(totals)
    }
}

/// log h of each class: steps λ·1{above p}, rank tilts λ·z, hinges λ·(z − z_p)⁺, where z is the
/// class's normal score.
fn log_scores(reference: &Reference) -> Table<ROWS> {
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
            for (cell, score) in row.iter_mut().zip(steps.chain(tilts).chain(hinges)) {
                *cell = score;
            }
            row
        })
        .collect()
}

/// Each group's weight, in equal parts but for the ranks', in the order of [`log_scores`].
fn log_weights() -> Vec<f64> {
    let equal = |weight: f64, rows: usize| std::iter::repeat_n(weight / float(rows as u64), rows);
    let hinges = HINGE_WEIGHTS.into_iter().flat_map(|weight| equal(weight, HINGE_TILTS.len()));
    let steps = equal(STEPS_WEIGHT, STEP_QUANTILES.len() * STEP_SIZES.len());
    steps.chain(RANK_WEIGHTS).chain(hinges).map(f64::ln).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scores_never_fall_with_latency_and_weights_sum_to_one() {
        let slower =
            Slower::new(&Edges::try_from(vec![1, 2, 4, 8]).unwrap(), &[5, 60, 30, 4, 1]).unwrap();
        for pair in slower.scores.table().windows(2) {
            assert!(pair[0].iter().zip(pair[1]).all(|(faster, slower)| *faster <= slower));
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
