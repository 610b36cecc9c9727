//! Bets on one arm's probability of exceeding a threshold.
//!
//! Owns e = 1 + f(q − B)/(1−q) against P(B) ≥ q and e = 1 + f(B − q)/q against P(B) ≤ q, mixed over
//! the fractions f. B is the indicator of an exceedance; both have expectation at most one, unit by
//! unit, under their null (betting: Waudby-Smith & Ramdas, JRSS-B 2024).

use crate::bet::{FRACTIONS, Mixture};
use crate::logspace::{log_sum_exp, times_log};

/// A mixture of bets, one for each fraction.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Bernoulli(Box<[Bet; 8]>);

/// Logarithms of a bet's weight and of its two factors.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Bet {
    log_weight: f64,
    log_exceeding: f64,
    log_within: f64,
}

impl Bernoulli {
    /// Against P(exceeding) ≥ q.
    pub(crate) fn at_least(q: f64, mixture: Mixture) -> Self {
        Self::new(mixture, |f| (-f, f * q / (1.0 - q)))
    }

    /// Against P(exceeding) ≤ q.
    pub(crate) fn at_most(q: f64, mixture: Mixture) -> Self {
        Self::new(mixture, |f| (f * (1.0 - q) / q, -f))
    }

    /// `gains` are what a bet of fraction f wins or loses on an exceedance and on its absence.
    fn new(mixture: Mixture, gains: impl Fn(f64) -> (f64, f64)) -> Self {
        Self(Box::new(FRACTIONS.map(|f| {
            let (exceeding, within) = gains(f);
            Bet {
                log_weight: mixture.weight(f).ln(),
                log_exceeding: exceeding.ln_1p(),
                log_within: within.ln_1p(),
            }
        })))
    }

    /// Log e-value of these counts, which may be expected and fractional.
    pub(crate) fn log_e(&self, exceeding: f64, within: f64) -> f64 {
        log_sum_exp(&self.0.map(|bet| {
            bet.log_weight
                + times_log(exceeding, bet.log_exceeding)
                + times_log(within, bet.log_within)
        }))
    }
}
