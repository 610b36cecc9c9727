//! The betting family over centres c and fractions f.
//!
//! Owns e = 1 ± λX_c with λ = f·λ_max(π, c), mixed over (c, f). E[e | past] = 1 ± λ(p₁ − a·p₀ − t)
//! ≤ 1 under the null, with p₀ free to drift; mixtures and products over units keep that (betting:
//! Waudby-Smith & Ramdas, JRSS-B 2024). c and f affect power, never validity.

use std::borrow::Cow;

use super::contrast::{Contrast, Error};
use crate::bet::{FRACTIONS, Mixture};
use crate::counts::{Cells, Mass, Pi, Stratum};
use crate::late::Rows;
use crate::logspace::{log_mixture, times_log};

const FEEDBACK_CENTRES: [f64; 7] = [0.0, 0.05, 0.2, 0.5, 0.8, 0.95, 1.0];

/// Guesses of the bad rate that the bets are centred on.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Centres {
    /// c = 0, for rare outcomes.
    Errors,
    /// c ∈ {0, .05, .2, .5, .8, .95, 1}, for outcomes of any rate.
    Feedback,
    /// One centre, frozen before the canary, for example from shadow labels.
    Frozen(f64),
}

/// A mixture of bets against one contrast.
#[derive(Debug, Clone)]
pub struct Family {
    contrast: Contrast,
    centres: Vec<f64>,
    log_weights: Vec<f64>,
    prepared: Vec<(Pi, LogFactors)>,
}

/// Logarithms of the four factors for each (c, f), at one share.
type LogFactors = Vec<[f64; 4]>;

impl Family {
    /// Weights are those of `mixture` within each centre, and equal over centres. Errors:
    /// [`Error::Centre`].
    pub fn new(contrast: Contrast, centres: &Centres, mixture: Mixture) -> Result<Self, Error> {
        let centres = match *centres {
            Centres::Errors => vec![0.0],
            Centres::Feedback => FEEDBACK_CENTRES.to_vec(),
            Centres::Frozen(c) if (0.0..=1.0).contains(&c) => vec![c],
            Centres::Frozen(c) => return Err(Error::Centre(c)),
        };
        let spread: f64 = centres.iter().map(|_| 1.0).sum::<f64>().ln();
        let weights = mixture.log_weights().map(|w| w - spread);
        let log_weights = centres.iter().flat_map(|_| weights).collect();
        Ok(Self { contrast, centres, log_weights, prepared: Vec::new() })
    }

    /// Makes the logarithms for these shares once, instead of at each look.
    #[must_use]
    pub fn prepared_for(mut self, shares: &[Pi]) -> Self {
        self.prepared =
            shares.iter().map(|pi| (*pi, self.log_factors(self.contrast, *pi))).collect();
        self
    }

    /// Log e-value of these counts, −∞ when every bet was lost.
    pub fn log_e(&self, strata: &[Stratum<Cells>]) -> f64 {
        let masses: Vec<_> = strata.iter().map(|stratum| stratum.map(Cells::mass)).collect();
        self.log_e_of(&masses)
    }

    pub(crate) fn log_e_of(&self, strata: &[Stratum<Mass>]) -> f64 {
        self.mixed_of(strata, |pi| self.factors_at(pi))
    }

    /// Log e-value of the same bets against another contrast.
    pub(crate) fn log_e_at(&self, contrast: Contrast, strata: &[Stratum<Cells>]) -> f64 {
        let masses: Vec<_> = strata.iter().map(|stratum| stratum.map(Cells::mass)).collect();
        self.mixed_of(&masses, |pi| Cow::Owned(self.log_factors(contrast, pi)))
    }

    fn mixed_of<'a>(
        &self,
        strata: &[Stratum<Mass>],
        factors: impl Fn(Pi) -> Cow<'a, LogFactors>,
    ) -> f64 {
        let mut totals = vec![0.0; self.log_weights.len()];
        strata.iter().for_each(|stratum| add(&mut totals, stratum, &factors(stratum.pi)));
        self.mixed(&totals)
    }

    fn factors_at(&self, pi: Pi) -> Cow<'_, LogFactors> {
        match self.prepared.iter().find(|(share, _)| *share == pi) {
            Some((_, rows)) => Cow::Borrowed(rows),
            None => Cow::Owned(self.log_factors(self.contrast, pi)),
        }
    }

    fn log_factors(&self, contrast: Contrast, pi: Pi) -> LogFactors {
        let row = |stakes: [f64; 4], f: f64| stakes.map(|stake| (f * stake).ln_1p());
        self.centres
            .iter()
            .map(|centre| contrast.stakes(pi, *centre))
            .flat_map(|stakes| FRACTIONS.map(|f| row(stakes, f)))
            .collect()
    }
}

impl Rows for Family {
    type Counts = Cells;

    fn rows(&self) -> usize {
        self.log_weights.len()
    }

    fn add(&self, totals: &mut [f64], stratum: &Stratum<Cells>) {
        add(totals, &stratum.map(Cells::mass), &self.factors_at(stratum.pi));
    }

    fn mixed(&self, totals: &[f64]) -> f64 {
        log_mixture(&self.log_weights, totals)
    }
}

fn add(totals: &mut [f64], stratum: &Stratum<Mass>, rows: &LogFactors) {
    for (total, row) in totals.iter_mut().zip(rows) {
        *total += stratum.counts.dot(row);
    }
}

impl Mass {
    fn dot(&self, logs: &[f64; 4]) -> f64 {
        self.0.iter().zip(logs).map(|(count, log)| times_log(*count, *log)).sum()
    }
}
