//! The betting family over centres c and fractions f.
//!
//! Owns e = 1 ± λX_c with λ = f·λ_max(π, c), mixed over (c, f). E[e | past] = 1 ± λ(p₁ − a·p₀ − t)
//! ≤ 1 under the null, with p₀ free to drift; mixtures and products over units keep that (betting:
//! Waudby-Smith & Ramdas, JRSS-B 2024). c and f affect power, never validity.
//!
//! Over several strata there are two tests. A fail says that some stratum is worse: each has a λ of its own.
//! A pass says that all units of a gate [together](crate::gate) are within the margin, whichever of them
//! are worse: all strata have one λ, the largest that none of them can lose more by than it has.

use std::borrow::Cow;

use super::contrast::{Contrast, Error};
use crate::bet::{FRACTIONS, Mixture};
use crate::counts::{Cells, Mass, Pi, Stratum};
use crate::late::{self, Rows};
use crate::logspace::{log_mixture, shifted, times_log};

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
    together: Vec<(Vec<Pi>, Vec<LogFactors>)>,
}

/// Logarithms of the four factors for each (c, f), at one share.
type LogFactors = Vec<[f64; 4]>;

/// The log e-value of the counts of one gate and so many times one more stratum: of each bet its weighted
/// sum, and what the stratum adds.
#[derive(Debug)]
pub(crate) struct Lines(Vec<(f64, f64)>);

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
        Ok(Self { contrast, centres, log_weights, prepared: Vec::new(), together: Vec::new() })
    }

    /// Makes the logarithms for these shares once, instead of at each look.
    #[must_use]
    pub fn prepared_for(mut self, shares: &[Pi]) -> Self {
        self.prepared =
            shares.iter().map(|pi| (*pi, self.log_factors(self.contrast, *pi))).collect();
        self
    }

    /// The same for gates with these strata, taken together.
    #[must_use]
    pub fn prepared_for_gates(mut self, gates: &[Vec<Pi>]) -> Self {
        let together =
            gates.iter().map(|pis| (pis.clone(), self.log_factors_together(pis.as_slice())));
        self.together = together.collect();
        self
    }

    /// Log e-value of these counts, −∞ when every bet was lost.
    pub fn log_e(&self, strata: &[Stratum<Cells>]) -> f64 {
        late::plain(self, strata)
    }

    /// Log e-value against the null of all units of one gate. Every stratum that the gate may have is
    /// to be given, counted or not.
    pub fn log_e_together(&self, strata: &[Stratum<Cells>]) -> f64 {
        self.lines(strata, None).log_e(0.0)
    }

    /// The same null, and the bets on one more stratum.
    pub(super) fn lines(&self, strata: &[Stratum<Cells>], more: Option<&Stratum<Mass>>) -> Lines {
        let mut pis: Vec<Pi> = Vec::with_capacity(strata.len() + 1);
        for pi in strata.iter().map(|stratum| stratum.pi).chain(more.map(|more| more.pi)) {
            if !pis.contains(&pi) {
                pis.push(pi);
            }
        }
        let factors = match self.together.iter().find(|(gate, _)| *gate == pis) {
            Some((_, factors)) => Cow::Borrowed(factors),
            None => Cow::Owned(self.log_factors_together(&pis)),
        };
        let add = |totals: &mut Vec<f64>, (of, mass): (Pi, Mass)| {
            if let Some((_, factors)) = pis.iter().zip(factors.iter()).find(|(pi, _)| **pi == of) {
                add(totals, mass, factors);
            }
        };
        let (mut so_far, mut each) = (self.nothing(), self.nothing());
        strata.iter().for_each(|it| add(&mut so_far, (it.pi, it.counts.mass())));
        more.iter().for_each(|it| add(&mut each, (it.pi, it.counts)));
        let weighted = self.log_weights.iter().zip(so_far).map(|(weight, sum)| weight + sum);
        Lines(weighted.zip(each).collect())
    }

    /// Log e-value of the same bets against another contrast.
    pub(crate) fn log_e_at(&self, contrast: Contrast, strata: &[Stratum<Cells>]) -> f64 {
        let masses: Vec<_> = strata.iter().map(|stratum| stratum.map(Cells::mass)).collect();
        self.mixed_of(&masses, |pi| Cow::Owned(self.log_factors(contrast, pi)))
    }

    /// No bet's sum yet.
    fn nothing(&self) -> Vec<f64> {
        vec![0.0; self.log_weights.len()]
    }

    fn mixed_of<'a>(
        &self,
        strata: &[Stratum<Mass>],
        factors: impl Fn(Pi) -> Cow<'a, LogFactors>,
    ) -> f64 {
        let mut totals = self.nothing();
        strata.iter().for_each(|stratum| add(&mut totals, stratum.counts, &factors(stratum.pi)));
        self.mixed(&totals)
    }

    fn factors_at(&self, pi: Pi) -> Cow<'_, LogFactors> {
        match self.prepared.iter().find(|(share, _)| *share == pi) {
            Some((_, rows)) => Cow::Borrowed(rows),
            None => Cow::Owned(self.log_factors(self.contrast, pi)),
        }
    }

    fn log_factors(&self, contrast: Contrast, pi: Pi) -> LogFactors {
        let stakes = self.centres.iter().map(|centre| contrast.stakes(pi, *centre));
        stakes.flat_map(log_rows).collect()
    }

    /// For each of these shares: all of the stake where the most may be lost by it, and as many times as
    /// much elsewhere as the bet has the same λ.
    fn log_factors_together(&self, pis: &[Pi]) -> Vec<LogFactors> {
        let of = |pi: Pi| {
            let stakes = self.centres.iter().map(|centre| {
                let loss = |pi: Pi| self.contrast.loss_of_all(pi, *centre);
                let part = loss(pi) / pis.iter().map(|pi| loss(*pi)).fold(0.0, f64::max);
                self.contrast.stakes(pi, *centre).map(|stake| part * stake)
            });
            stakes.flat_map(log_rows).collect()
        };
        pis.iter().map(|pi| of(*pi)).collect()
    }
}

impl Lines {
    pub(super) fn log_e(&self, times: f64) -> f64 {
        shifted(self.0.iter().map(|(so_far, each)| so_far + times_log(times, *each)))
    }
}

/// For each fraction.
fn log_rows(stakes: [f64; 4]) -> [[f64; 4]; 8] {
    FRACTIONS.map(|f| stakes.map(|stake| (f * stake).ln_1p()))
}

impl Rows for Family {
    type Counts = Cells;

    fn rows(&self) -> usize {
        self.log_weights.len()
    }

    fn add(&self, totals: &mut [f64], pi: Pi, counts: &Cells) {
        add(totals, counts.mass(), &self.factors_at(pi));
    }

    fn mixed(&self, totals: &[f64]) -> f64 {
        log_mixture(&self.log_weights, totals)
    }
}

fn add(totals: &mut [f64], mass: Mass, rows: &LogFactors) {
    for (total, row) in totals.iter_mut().zip(rows) {
        *total += mass.dot(row);
    }
}

impl Mass {
    fn dot(&self, logs: &[f64; 4]) -> f64 {
        self.0.iter().zip(logs).map(|(count, log)| times_log(*count, *log)).sum()
    }
}
