//! Conjugate mixtures of exponential supermartingales (Howard, Ramdas, McAuliffe & Sekhon,
//! "Time-uniform, nonparametric, nonasymptotic confidence sequences", Annals of Statistics 49, 2021).
//!
//! Owns log M(s, v) for a centred sum s with accumulated variance v. Each mixture is tuned to be
//! tightest near one v, which affects power and never validity.
//!
//! | sums of | mixture | used for |
//! |---|---|---|
//! | anything, asymptotically | [`Normal`], [`TwoSidedNormal`] | KPIs' means |
//! | 0 or 1 | [`BetaBinomial`] | rates, quantiles, shadow pairs |
//! | counts without an upper end | [`GammaPoisson`] | incidents against a stated rate |
//! | sub-exponential values | [`GammaExponential`] | sums with a heavy tail on one side |
//!
//! No check of a policy rests on the last two: its units are bounded or in buckets, where bets are
//! tighter. They complete the family, by the same pieces, for what is counted without units.

mod beta_binomial;
mod gamma;
mod normal;

pub use beta_binomial::BetaBinomial;
pub use gamma::{GammaExponential, GammaPoisson};
pub use normal::{Normal, TwoSidedNormal};

use crate::level::Alpha;

/// v_opt/(2log(1/α) + log(1 + 2log(1/α))): ρ of both sides.
fn two_sided_rho(v_opt: f64, alpha: f64) -> f64 {
    let twice = -2.0 * alpha.ln();
    v_opt / (twice + twice.ln_1p())
}

/// ρ of one side, which has all of α.
fn one_sided_rho(v_opt: f64, alpha: Alpha) -> f64 {
    two_sided_rho(v_opt, 2.0 * alpha.get())
}
