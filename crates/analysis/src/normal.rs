//! The standard normal distribution, for scores and bounds.

use std::f64::consts::FRAC_1_SQRT_2;

/// Φ(z), through erfc so that the lower tail keeps its digits.
pub(crate) fn cdf(z: f64) -> f64 {
    0.5 * libm::erfc(-z * FRAC_1_SQRT_2)
}

/// Φ⁻¹(p) for 0 < p < 1, by bisection to the last bit. Used once a frozen configuration, never per
/// look, so simplicity wins over speed.
pub(crate) fn quantile(p: f64) -> f64 {
    let (mut low, mut high) = (-40.0_f64, 40.0_f64);
    for _ in 0..64 {
        let middle = 0.5 * (low + high);
        if cdf(middle) < p {
            low = middle;
        } else {
            high = middle;
        }
    }
    0.5 * (low + high)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantile_inverts_the_distribution() {
        assert!((quantile(0.95) - 1.644_853_626_951_472_2).abs() < 1e-12);
        assert!(quantile(0.5).abs() < 1e-12);
        for p in [1e-9, 0.01, 0.3, 0.999] {
            assert!((cdf(quantile(p)) / p - 1.0).abs() < 1e-9);
        }
    }
}
