//! Sums of exponentials that neither overflow nor vanish.
//!
//! Owns the two operations every mixture needs; log e-values reach tens of thousands, far outside
//! the range of `exp`.

use std::f64::consts::LN_2;

/// What is so far below the largest term changes no digit of the sum.
const LOST: f64 = -45.0;

/// log Σ exp(term), shifted by the largest term. The empty sum is log 0 = −∞.
pub fn log_sum_exp(terms: &[f64]) -> f64 {
    shifted(terms.iter().copied())
}

/// The largest term: what [`log_sum_exp`] is never below, to the bit, and above by the logarithm of their
/// number at most.
pub(crate) fn largest(terms: &[f64]) -> f64 {
    terms.iter().copied().fold(f64::NEG_INFINITY, f64::max)
}

/// log Σ wᵢ·exp(termᵢ) from the logarithms of the weights.
pub fn log_mixture(log_weights: &[f64], terms: &[f64]) -> f64 {
    shifted(log_weights.iter().zip(terms).map(|(w, term)| w + term))
}

/// The same of what need not be kept side by side.
pub(crate) fn shifted(terms: impl Iterator<Item = f64> + Clone) -> f64 {
    let largest = terms.clone().fold(f64::NEG_INFINITY, f64::max);
    if largest == f64::NEG_INFINITY {
        return largest;
    }
    let part = |below: f64| if below < LOST { 0.0 } else { below.exp() };
    largest + terms.map(|term| part(term - largest)).sum::<f64>().ln()
}

/// log(½eᵃ + ½eᵇ): the average of two e-values is an e-value for the intersection of their nulls.
pub fn log_halves(a: f64, b: f64) -> f64 {
    log_sum_exp(&[a, b]) - LN_2
}

/// count·log with 0·log 0 = 0: a bet that was never taken cannot lose.
pub fn times_log(count: f64, log: f64) -> f64 {
    if count == 0.0 { 0.0 } else { count * log }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn large_and_lost_terms_are_summed_without_overflow() {
        assert!((log_sum_exp(&[50_000.0, 50_000.0]) - (50_000.0 + LN_2)).abs() < 1e-9);
        assert!((log_halves(f64::NEG_INFINITY, 3.0) - (3.0 - LN_2)).abs() < 1e-15);
        assert!(log_sum_exp(&[f64::NEG_INFINITY]).is_infinite());
        assert!(log_sum_exp(&[]).is_infinite());
    }

    #[test]
    fn the_largest_term_is_a_bound_to_the_bit() {
        for terms in [&[0.1, 0.1, 0.1][..], &[-7.3, -80.0], &[f64::NEG_INFINITY, 2.0], &[-1e9], &[]]
        {
            let above = log_sum_exp(terms) - largest(terms);
            assert!(log_sum_exp(terms) >= largest(terms), "{terms:?}");
            assert!(above.is_nan() || above <= (terms.len() as f64).ln() + 1e-12, "{terms:?}");
        }
    }

    #[test]
    fn weights_enter_as_logarithms() {
        let mixed = log_mixture(&[0.25_f64.ln(), 0.75_f64.ln()], &[2.0_f64.ln(), 6.0_f64.ln()]);
        assert!((mixed - 5.0_f64.ln()).abs() < 1e-15);
    }

    #[test]
    fn nothing_times_log_zero_is_nothing() {
        assert!(times_log(0.0, f64::NEG_INFINITY).abs() < f64::MIN_POSITIVE);
        assert!(times_log(1.0, f64::NEG_INFINITY).is_infinite());
    }
}
