//! Is the candidate slower than the incumbent, anywhere in the distribution?
//!
//! Owns the rollback test without a limit: 88 non-decreasing scores of the latency bucket, each the
//! model-X e-process of Grünwald, Henzi & Lardy (JASA 2024),
//! log M_j = Σ_g Σ_b [C_gb·log h_jb − N_gb·log1p(π_g(h_jb − 1))],
//! mixed with fixed weights. Non-decreasing scores make E[e] ≤ 1 for any candidate that is
//! stochastically no slower. All scores are frozen from the reference before the canary.

use std::borrow::Cow;

use super::reference::Reference;
use super::{Error, edges::Edges};
use crate::counts::{self, ArmHistogram, Pi, Stratum, float};
use crate::logspace::log_mixture;

const ROWS: usize = 88;
const STEP_QUANTILES: [f64; 6] = [0.5, 0.75, 0.9, 0.95, 0.99, 0.999];
const STEP_SIZES: [f64; 10] = [0.1, 0.2, 0.3, 0.45, 0.7, 1.0, 1.4, 2.0, 2.8, 4.0];
const RANK_TILTS: [f64; 8] = [0.1, 0.2, 0.3, 0.45, 0.7, 1.0, 1.4, 2.0];
const HINGE_QUANTILES: [f64; 4] = [0.75, 0.9, 0.95, 0.99];
const HINGE_TILTS: [f64; 5] = [0.3, 0.7, 1.4, 2.8, 4.0];
const STEPS_WEIGHT: f64 = 0.51;
const RANKS_WEIGHT: f64 = 0.09;
const HINGES_WEIGHT: f64 = 0.40;

/// The 88 rows over the buckets of one set of edges.
#[derive(Debug, Clone)]
pub struct Slower {
    reference: Reference,
    /// log h, by class and row.
    log_scores: Table,
    log_weights: Vec<f64>,
    prepared: Vec<(Pi, Table)>,
}

type Table = Vec<[f64; ROWS]>;

impl Slower {
    /// Scores from the incumbent's frozen latency histogram (staging or shadow), counted on `edges`.
    /// Errors: [`Error::EmptyReference`], [`Error::Counts`].
    pub fn new(edges: &Edges, reference: &[u64]) -> Result<Self, Error> {
        let (expected, found) = (edges.buckets(), reference.len());
        if expected != found {
            return Err(counts::Error::Buckets { expected, found }.into());
        }
        let reference = Reference::new(reference)?;
        let log_scores = log_scores(&reference);
        Ok(Self { reference, log_scores, log_weights: log_weights(), prepared: Vec::new() })
    }

    /// Makes the logarithms for these shares once, instead of at each look.
    #[must_use]
    pub fn prepared_for(mut self, shares: &[Pi]) -> Self {
        self.prepared = shares.iter().map(|pi| (*pi, self.log_norms(*pi))).collect();
        self
    }

    /// Log e-value against "no slower than the incumbent". Give all gates of the rollout. Errors:
    /// [`counts::Error::Buckets`].
    pub fn log_e(&self, strata: &[Stratum<ArmHistogram>]) -> Result<f64, counts::Error> {
        let mut totals = [0.0; ROWS];
        for stratum in strata {
            stratum.counts.check(self.reference.buckets())?;
            self.add_stratum(&mut totals, stratum);
        }
        Ok(log_mixture(&self.log_weights, &totals))
    }

    fn add_stratum(&self, totals: &mut [f64; ROWS], stratum: &Stratum<ArmHistogram>) {
        let candidate = self.reference.by_class(&stratum.counts.candidate);
        let incumbent = self.reference.by_class(&stratum.counts.incumbent);
        let norms = self.norms_at(stratum.pi);
        let classes = self.log_scores.iter().zip(norms.iter());
        for ((c, b), (scores, norms)) in candidate.into_iter().zip(incumbent).zip(classes) {
            if c + b == 0 {
                continue;
            }
            let (c, both) = (float(c), float(c + b));
            for ((total, score), norm) in totals.iter_mut().zip(scores).zip(norms) {
                *total += c * score - both * norm;
            }
        }
    }

    fn norms_at(&self, pi: Pi) -> Cow<'_, Table> {
        match self.prepared.iter().find(|(share, _)| *share == pi) {
            Some((_, table)) => Cow::Borrowed(table),
            None => Cow::Owned(self.log_norms(pi)),
        }
    }

    /// log(1 + π(h − 1)), by class and row.
    fn log_norms(&self, pi: Pi) -> Table {
        let norm = |log_h: f64| (pi.get() * log_h.exp_m1()).ln_1p();
        self.log_scores.iter().map(|scores| scores.map(norm)).collect()
    }
}

/// log h of each class: steps λ·1{above p}, rank tilts λ·z, hinges λ·(z − z_p)⁺, where z is the
/// class's normal score.
fn log_scores(reference: &Reference) -> Table {
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

/// Each group's weight in equal parts, in the order of [`log_scores`].
fn log_weights() -> Vec<f64> {
    let group = |weight: f64, rows: u8| {
        let each = (weight / f64::from(rows)).ln();
        (0..rows).map(move |_| each)
    };
    group(STEPS_WEIGHT, 60).chain(group(RANKS_WEIGHT, 8)).chain(group(HINGES_WEIGHT, 20)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scores_never_fall_with_latency_and_weights_sum_to_one() {
        let slower =
            Slower::new(&Edges::try_from(vec![1, 2, 4, 8]).unwrap(), &[5, 60, 30, 4, 1]).unwrap();
        for pair in slower.log_scores.windows(2) {
            assert!(pair[0].iter().zip(pair[1]).all(|(faster, slower)| *faster <= slower));
        }
        let sum: f64 = slower.log_weights.iter().map(|w| w.exp()).sum();
        assert!((sum - 1.0).abs() < 1e-12);
        assert_eq!(slower.log_weights.len(), ROWS);
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
