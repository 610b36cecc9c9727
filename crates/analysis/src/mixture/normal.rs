//! Mixtures for sub-Gaussian sums: half-normal (one side) and normal (both sides).

use std::f64::consts::LN_2;

use super::{one_sided_rho, two_sided_rho};
use crate::level::Alpha;
use crate::normal;

/// exp(λs − λ²v/2) mixed over a half-normal λ ≥ 0: evidence that the sum's drift is positive.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Normal {
    rho: f64,
}

/// exp(λs − λ²v/2) mixed over a normal λ: evidence that the sum has a drift.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TwoSidedNormal {
    rho: f64,
}

impl Normal {
    /// Tightest at variance `v_opt` and level `alpha`.
    pub fn new(v_opt: f64, alpha: Alpha) -> Self {
        Self { rho: one_sided_rho(v_opt, alpha) }
    }

    /// ½log(4ρ/(v+ρ)) + s²/(2(v+ρ)) + logΦ(s/√(v+ρ)).
    pub fn log_e(&self, s: f64, v: f64) -> f64 {
        let spread = v + self.rho;
        LN_2 + 0.5 * (self.rho / spread).ln()
            + s * s / (2.0 * spread)
            + normal::log_cdf(s / spread.sqrt())
    }
}

impl TwoSidedNormal {
    /// Tightest at variance `v_opt` and level `alpha`.
    pub fn new(v_opt: f64, alpha: Alpha) -> Self {
        Self { rho: two_sided_rho(v_opt, alpha.get()) }
    }

    /// ½log(ρ/(v+ρ)) + s²/(2(v+ρ)).
    pub fn log_e(&self, s: f64, v: f64) -> f64 {
        let spread = v + self.rho;
        0.5 * (self.rho / spread).ln() + s * s / (2.0 * spread)
    }

    /// The |s| beyond which [`TwoSidedNormal::log_e`] exceeds log(1/α).
    pub fn bound(&self, v: f64, alpha: Alpha) -> f64 {
        let spread = v + self.rho;
        (spread * ((spread / self.rho).ln() + 2.0 * alpha.log_threshold())).sqrt()
    }
}
