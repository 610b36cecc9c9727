//! Gamma mixtures, for sums whose one tail is heavier than a Gaussian's: scale c.

use super::one_sided_rho;
use crate::level::Alpha;
use crate::special::{gamma_deviation, log_gamma_cdf, log_gamma_tail, stirling_remainder};

/// Evidence that the drift of a sub-exponential sum is positive.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct GammaExponential {
    scale: f64,
    shape: f64,
}

/// Evidence that the drift of a sub-Poisson sum is positive: s = events − rate·time and
/// v = rate·time with c = 1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct GammaPoisson {
    scale: f64,
    shape: f64,
}

impl GammaExponential {
    /// Tightest at variance `v_opt` and level `alpha`, for increments with scale `scale` > 0.
    pub fn new(v_opt: f64, scale: f64, alpha: Alpha) -> Self {
        Self { scale, shape: one_sided_rho(v_opt, alpha) / (scale * scale) }
    }

    /// log M(s, v); −∞ where s is below all that v allows.
    pub fn log_e(&self, s: f64, v: f64) -> f64 {
        let a = v / (self.scale * self.scale) + self.shape;
        let x = s / self.scale + a;
        if x <= 0.0 {
            return f64::NEG_INFINITY;
        }
        let start = log_gamma_cdf(self.shape, self.shape);
        evidence(self.shape, a, x) + log_gamma_cdf(a, x) - start
    }
}

impl GammaPoisson {
    /// Tightest at variance `v_opt` and level `alpha`, for increments with scale `scale` > 0.
    pub fn new(v_opt: f64, scale: f64, alpha: Alpha) -> Self {
        Self { scale, shape: one_sided_rho(v_opt, alpha) / (scale * scale) }
    }

    /// log M(s, v); −∞ where s is below all that v allows.
    pub fn log_e(&self, s: f64, v: f64) -> f64 {
        let x = v / (self.scale * self.scale) + self.shape;
        let a = s / self.scale + x;
        if a <= 0.0 {
            return f64::NEG_INFINITY;
        }
        let start = log_gamma_tail(self.shape, self.shape);
        evidence(self.shape, a, x) + log_gamma_tail(a, x) - start
    }
}

/// log of r^r·e^(−r)/Γ(r) · Γ(a)·e^x/x^a, in Stirling's remainders and the deviation of x from a.
fn evidence(r: f64, a: f64, x: f64) -> f64 {
    0.5 * (r / a).ln() + stirling_remainder(a) - stirling_remainder(r) - gamma_deviation(a, x)
}
