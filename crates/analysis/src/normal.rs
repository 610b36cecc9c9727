//! The standard normal distribution, for scores and bounds.

use std::f64::consts::{FRAC_1_SQRT_2, TAU};

/// Φ(z), through erfc so that the lower tail keeps its digits.
pub fn cdf(z: f64) -> f64 {
    0.5 * libm::erfc(-z * FRAC_1_SQRT_2)
}

/// log Φ(z), finite far below where Φ is: there by its asymptotic series (Abramowitz & Stegun
/// 26.2.12), of which four terms are exact to 1e-10 below −30.
pub(crate) fn log_cdf(z: f64) -> f64 {
    if z > -30.0 {
        return cdf(z).ln();
    }
    let step = 1.0 / (z * z);
    let series = 1.0 - step * (1.0 - 3.0 * step * (1.0 - 5.0 * step * (1.0 - 7.0 * step)));
    -0.5 * z * z - (-z).ln() - 0.5 * TAU.ln() + series.ln()
}

/// Φ⁻¹(p) for 0 < p < 1, by bisection to the last bit. Used once a frozen configuration, never per
/// look, so simplicity wins over speed.
pub fn quantile(p: f64) -> f64 {
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
    fn the_logarithm_goes_on_smoothly_where_the_tail_vanishes() {
        assert!((log_cdf(-30.001) - log_cdf(-29.999) + 0.002 * 30.0333).abs() < 1e-6);
        assert!((log_cdf(-1.0) - 0.158_655_253_931_457_05_f64.ln()).abs() < 1e-14);
        assert!(log_cdf(-500.0) < -125_000.0 && log_cdf(-500.0).is_finite());
    }

    #[test]
    fn quantile_inverts_the_distribution() {
        assert!((quantile(0.95) - 1.644_853_626_951_472_2).abs() < 1e-12);
        assert!(quantile(0.5).abs() < 1e-12);
        for p in [1e-9, 0.01, 0.3, 0.999] {
            assert!((cdf(quantile(p)) / p - 1.0).abs() < 1e-9);
        }
    }
}
