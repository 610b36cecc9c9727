//! Numbers of events. Probabilities outside [0, 1] are taken as the nearest of the two.

use crate::rng::Rng;
use rand_distr::{Binomial, Distribution, Poisson};

/// How many of `trials` succeed, each with probability `p`.
pub fn binomial(rng: &mut Rng, trials: u64, p: f64) -> u64 {
    if trials == 0 || p <= 0.0 {
        return 0;
    }
    Binomial::new(trials, p).map_or(trials, |law| law.sample(rng))
}

/// How many trials fail before the first success of probability `p`; `u64::MAX` for "never".
pub fn geometric(rng: &mut Rng, p: f64) -> u64 {
    if p >= 1.0 {
        return 0;
    }
    if p <= 0.0 {
        return u64::MAX;
    }
    #[expect(clippy::cast_possible_truncation, reason = "saturates, as wanted")]
    #[expect(clippy::cast_sign_loss, reason = "a quotient of two logarithms below zero")]
    let failures = ((-rng.unit()).ln_1p() / (-p).ln_1p()) as u64;
    failures
}

/// How many events happen where `mean` are expected; none for a mean that is no positive number.
pub fn poisson(rng: &mut Rng, mean: f64) -> u64 {
    #[expect(clippy::cast_possible_truncation, reason = "saturates at 2^64 events")]
    #[expect(clippy::cast_sign_loss, reason = "counts")]
    Poisson::new(mean).map_or(0, |law| law.sample(rng) as u64)
}

/// Shares `units` out over outcomes with these probabilities, and adds them to `into`. What the
/// probabilities lack of one goes nowhere.
pub fn multinomial(rng: &mut Rng, units: u64, probabilities: &[f64], into: &mut [u64]) {
    let (mut left, mut rest) = (units, 1.0);
    for (count, p) in into.iter_mut().zip(probabilities) {
        if left == 0 {
            break;
        }
        let drawn = binomial(rng, left, (p / rest).min(1.0));
        *count = count.saturating_add(drawn);
        left -= drawn;
        rest -= p;
    }
}
