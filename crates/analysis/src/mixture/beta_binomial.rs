//! The beta mixture of Bernoulli likelihoods against one rate p.

use super::{one_sided_rho, two_sided_rho};
use crate::level::Alpha;
use crate::special::{BetaMixture, log_beta_cdf};

/// The smallest prior strength, in units of p(1−p).
const STRENGTH_MIN: f64 = 1e-3;

/// Evidence against a rate, on one side or on both. The general form is for increments between −g
/// and h, of which outcomes less their rate p are the case g = p, h = 1 − p.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BetaBinomial {
    g: f64,
    h: f64,
    prior: (f64, f64),
    side: Side,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Side {
    Both,
    /// With the log of the prior's part above p.
    Above(f64),
}

impl BetaBinomial {
    /// Against drift in either direction, tightest at variance `v_opt` and level `alpha`, for
    /// increments in [−g, h] with g, h > 0.
    pub fn two_sided(v_opt: f64, (g, h): (f64, f64), alpha: Alpha) -> Self {
        let prior = prior(two_sided_rho(v_opt, alpha.get()), (g, h));
        Self { g, h, prior, side: Side::Both }
    }

    /// Against an upward drift alone.
    pub fn one_sided(v_opt: f64, (g, h): (f64, f64), alpha: Alpha) -> Self {
        let prior = prior(one_sided_rho(v_opt, alpha), (g, h));
        let log_above = log_above(prior, (g, h));
        Self { g, h, prior, side: Side::Above(log_above) }
    }

    /// log M(s, v).
    pub fn log_e(&self, s: f64, v: f64) -> f64 {
        let width = self.g + self.h;
        let with = (v + self.h * s) / (self.h * width);
        let without = (v - self.g * s) / (self.g * width);
        self.log_e_of(with, without)
    }

    /// The same in outcomes: of `with + without` units, `with` had the outcome of rate g/(g+h).
    pub fn log_e_of(&self, with: f64, without: f64) -> f64 {
        let (a, b) = self.prior;
        let rate = self.g / (self.g + self.h);
        let log_e = BetaMixture::new((a, b), rate).log_e((with, without));
        match self.side {
            Side::Both => log_e,
            Side::Above(_) if log_e == f64::NEG_INFINITY => log_e,
            Side::Above(log_prior) => {
                log_e + log_above((a + with, b + without), (self.g, self.h)) - log_prior
            }
        }
    }
}

/// The beta prior around g/(g+h) that makes ρ.
fn prior(rho: f64, (g, h): (f64, f64)) -> (f64, f64) {
    let r = (rho - g * h).max(STRENGTH_MIN * g * h);
    (r / (h * (g + h)), r / (g * (g + h)))
}

/// log P(θ > g/(g+h)) for θ ~ beta(a, b).
fn log_above((a, b): (f64, f64), (g, h): (f64, f64)) -> f64 {
    log_beta_cdf((b, a), (h / (g + h), g / (g + h)))
}
