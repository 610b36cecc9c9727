//! Bets on one arm's probability of exceeding a threshold.
//!
//! Owns e = 1 + f(q − B)/(1−q) against P(B) ≥ q and e = 1 + f(B − q)/q against P(B) ≤ q, mixed over
//! the fractions f. B is the indicator of an exceedance; both have expectation at most one, unit by
//! unit, under their null (betting: Waudby-Smith & Ramdas, JRSS-B 2024).

use std::borrow::Cow;

use crate::bet::FRACTIONS;
use crate::logspace::{log_sum_exp, times_log};

/// The multiples of q that bets against P(B) ≤ q are made for. A rate of r·q is met best by the fraction
/// (r − 1)q/(1 − q): at q = .01 the smallest of the common fractions, .02, would lose wherever
/// exceedances are less than doubled.
const OVER: [f64; 8] = [1.05, 1.15, 1.35, 1.8, 2.7, 5.0, 12.0, 30.0];

/// A mixture of bets, one for each fraction.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Bernoulli(Box<[Bet; Bernoulli::BETS]>);

/// What one bet wins on an exceedance and on its absence, the logarithms of these two factors, and that
/// of its weight.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Bet {
    log_weight: f64,
    exceeding: f64,
    within: f64,
    log_exceeding: f64,
    log_within: f64,
}

impl Bernoulli {
    /// How many bets are mixed.
    pub(super) const BETS: usize = FRACTIONS.len();

    /// Against P(exceeding) ≥ q, with a weight, of one in all, for each of [`FRACTIONS`].
    pub(crate) fn at_least(q: f64, weights: [f64; 8]) -> Self {
        let mut weights = weights.into_iter();
        Self::new(FRACTIONS.map(|f| (weights.next().unwrap_or(0.0), -f, f * q / (1.0 - q))))
    }

    /// Against P(exceeding) ≤ q, with a weight, of one in all, for each of [`OVER`].
    pub(crate) fn at_most(q: f64, weights: [f64; 8]) -> Self {
        let fraction = |ratio: f64| ((ratio - 1.0) * q / (1.0 - q)).min(1.0);
        let mut weights = weights.into_iter();
        let bet = |f: f64| (weights.next().unwrap_or(0.0), f * (1.0 - q) / q, -f);
        Self::new(OVER.map(fraction).map(bet))
    }

    /// Weights, and what each bet wins or loses on an exceedance and on its absence.
    fn new(bets: [(f64, f64, f64); 8]) -> Self {
        Self(Box::new(
            bets.map(|(weight, exceeding, within)| Bet::new(weight.ln(), exceeding, within)),
        ))
    }

    /// The same bets with so much of their stakes, 0 < `part` ≤ 1.
    pub(super) fn staking(&self, part: f64) -> Cow<'_, Self> {
        if part >= 1.0 {
            return Cow::Borrowed(self);
        }
        let bet = |bet: Bet| Bet::new(bet.log_weight, part * bet.exceeding, part * bet.within);
        Cow::Owned(Self(Box::new(self.0.map(bet))))
    }

    /// Log e-value of these counts, which may be expected and fractional.
    #[cfg(test)]
    pub(crate) fn log_e(&self, exceeding: f64, within: f64) -> f64 {
        self.mixed(&self.each(exceeding, within))
    }

    /// The logarithm of each bet's factors for these counts.
    pub(super) fn each(&self, exceeding: f64, within: f64) -> [f64; Self::BETS] {
        self.0
            .map(|bet| times_log(exceeding, bet.log_exceeding) + times_log(within, bet.log_within))
    }

    /// The log e-value of bets with these sums.
    pub(super) fn mixed(&self, sums: &[f64]) -> f64 {
        self.mixed_by(log_sum_exp, sums)
    }

    /// The same by any way of mixing weighted bets.
    pub(super) fn mixed_by(&self, mix: impl Fn(&[f64]) -> f64, sums: &[f64]) -> f64 {
        let mut weighted = [f64::NEG_INFINITY; Self::BETS];
        for (cell, (bet, sum)) in weighted.iter_mut().zip(self.0.iter().zip(sums)) {
            *cell = bet.log_weight + sum;
        }
        mix(&weighted)
    }
}

impl Bet {
    fn new(log_weight: f64, exceeding: f64, within: f64) -> Self {
        let (log_exceeding, log_within) = (exceeding.ln_1p(), within.ln_1p());
        Self { log_weight, exceeding, within, log_exceeding, log_within }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bet::Mixture;

    #[test]
    fn bets_are_fair_at_the_bound_and_lose_within_it() {
        let equal = Mixture::Uniform.weights();
        for q in [0.01, 0.1, 0.5] {
            for (bets, within) in
                [(Bernoulli::at_most(q, equal), q / 2.0), (Bernoulli::at_least(q, equal), 1.5 * q)]
            {
                let mean = |p: f64| {
                    p * bets.log_e(1.0, 0.0).exp() + (1.0 - p) * bets.log_e(0.0, 1.0).exp()
                };
                assert!((mean(q) - 1.0).abs() < 1e-12 && mean(within) < 1.0, "{q}");
            }
        }
    }

    #[test]
    fn half_as_many_again_as_allowed_are_found() {
        let bets = Bernoulli::at_most(0.01, Mixture::Uniform.weights());
        assert!(bets.log_e(300.0, 19_700.0) > 20.0_f64.ln());
        assert!(bets.log_e(200.0, 19_800.0) < 0.0);
    }
}
