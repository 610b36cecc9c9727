//! Boundaries stitched together over epochs that grow by a factor η.
//!
//! Owns √(k₁²·v·ℓ + (k₂cℓ)²) + k₂cℓ, with ℓ(v) = s·log log(ηv/v₀) + log(ζ(s)/(α·logˢη)): each epoch has
//! its part of α, by the zeta distribution; and the same stitched again over a grid of quantiles, so that
//! it holds for all of them at once.

use super::{Error, above};
use crate::level::Alpha;

/// How epochs grow, and how soon their parts of α fall.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Epochs {
    s: f64,
    eta: f64,
    /// ζ(s).
    zeta: f64,
}

/// For sums whose increments are sub-gamma with scale c: sub-Gaussian where that is nought.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PolyStitching {
    v_min: f64,
    scale: f64,
    epochs: Epochs,
}

/// For the units below a quantile less those expected there, at all quantiles at once.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DoubleStitching {
    units_min: f64,
    delta: f64,
    epochs: Epochs,
}

impl Epochs {
    /// Errors: [`Error`], unless s and η are above 1.
    fn new(s: f64, eta: f64) -> Result<Self, Error> {
        let s = above(1.0, "s", s, "above 1")?;
        Ok(Self { s, eta: above(1.0, "eta", eta, "above 1")?, zeta: zeta(s) })
    }

    /// s·log log(η·grown) − s·log log η, for what is `grown` times what it began at.
    fn log_epochs(&self, grown: f64) -> f64 {
        self.s * ((self.eta * grown).ln().ln() - self.eta.ln().ln())
    }

    /// √(k₁²·v·ℓ + (k₂cℓ)²) + k₂cℓ.
    fn bound(&self, v: f64, scale: f64, ell: f64) -> f64 {
        // k₁² = (η^¼ + η^−¼)²/2.
        let squared = 0.5 * (self.eta.sqrt() + 2.0 + 1.0 / self.eta.sqrt());
        let shift = 0.5 * (self.eta.sqrt() + 1.0) * scale * ell;
        (squared * v * ell + shift * shift).sqrt() + shift
    }
}

impl PolyStitching {
    /// Tightest for variances a few times `v_min` > 0 and beyond, where it begins; `scale` is c, of
    /// either sign. Usual are s = 1.4 and η = 2. Errors: [`Error`].
    pub fn new(v_min: f64, scale: f64, s: f64, eta: f64) -> Result<Self, Error> {
        let v_min = above(0.0, "v_min", v_min, "above 0")?;
        Ok(Self { v_min, scale, epochs: Epochs::new(s, eta)? })
    }

    /// What the sum is not above at any variance v, but with probability α.
    pub fn bound(&self, v: f64, alpha: Alpha) -> f64 {
        let v = v.max(self.v_min);
        let epochs = self.epochs.log_epochs(v / self.v_min);
        self.epochs.bound(v, self.scale, epochs + self.epochs.zeta.ln() + alpha.log_threshold())
    }
}

impl DoubleStitching {
    /// Begins at `units_min` > 0 units; `delta` > 0 is the grid's width in the logarithm of odds. Usual
    /// are δ = ½, s = 1.4 and η = 2. Errors: [`Error`].
    pub fn new(units_min: f64, delta: f64, s: f64, eta: f64) -> Result<Self, Error> {
        let units_min = above(0.0, "units_min", units_min, "above 0")?;
        let delta = above(0.0, "delta", delta, "above 0")?;
        Ok(Self { units_min, delta, epochs: Epochs::new(s, eta)? })
    }

    /// By how many units, of `units`, those below the p-quantile, 0 < p < 1, may differ from the expected
    /// ones on one side, for all p and at all times, but with probability α.
    pub fn bound(&self, p: f64, units: f64, alpha: Alpha) -> f64 {
        let Self { units_min, delta, epochs } = *self;
        let units = units.max(units_min);
        let grown = units / units_min;
        let log_odds = (p / (1.0 - p)).ln();
        // The quantile of the grid that is used may be nearer to ½ by this much.
        let nearer = log_odds + 2.0 * delta * (epochs.eta / grown).sqrt();
        let r = if p >= 0.5 { p } else { (1.0 / (1.0 + (-nearer).exp())).min(0.5) };
        let variance = r * (1.0 - r) * units;
        let place = grown.sqrt() * log_odds.abs() / (2.0 * delta) + 1.0;
        let both_sides = (2.0 * epochs.zeta * (2.0 * epochs.zeta + 1.0)).ln();
        let ell =
            epochs.log_epochs(grown) + epochs.s * place.ln() + both_sides + alpha.log_threshold();
        let between = delta * (epochs.eta * variance / units_min).sqrt();
        between + epochs.bound(variance, (1.0 - 2.0 * p) / 3.0, ell)
    }
}

/// Riemann's ζ(s) for s > 1: twenty terms, and the rest by Euler and Maclaurin.
fn zeta(s: f64) -> f64 {
    const TERMS: u32 = 20;
    let n = f64::from(TERMS);
    let terms: f64 = (1..TERMS).map(|k| f64::from(k).powf(-s)).sum();
    // Bernoulli's numbers over factorials: 1/12, −1/720, 1/30240, −1/1209600.
    let corrections = [1.0 / 12.0, -1.0 / 720.0, 1.0 / 30_240.0, -1.0 / 1_209_600.0];
    let mut rising = s * n.powf(-s - 1.0);
    let mut rest = n.powf(1.0 - s) / (s - 1.0) + 0.5 * n.powf(-s);
    for (factor, k) in corrections.iter().zip([1.0, 3.0, 5.0, 7.0]) {
        rest += factor * rising;
        rising *= (s + k) * (s + k + 1.0) / (n * n);
    }
    terms + rest
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::f64::consts::PI;

    #[test]
    fn zeta_is_that_of_the_tables() {
        assert!((zeta(2.0) - PI * PI / 6.0).abs() < 1e-14);
        assert!((zeta(4.0) - PI.powi(4) / 90.0).abs() < 1e-14);
        assert!((zeta(1.4) - 3.105_547_277_977_581).abs() < 1e-13);
    }

    #[test]
    fn impossible_parameters_are_refused() {
        assert_eq!(PolyStitching::new(0.0, 0.0, 1.4, 2.0).unwrap_err().name, "v_min");
        assert_eq!(PolyStitching::new(1.0, 0.0, 1.0, 2.0).unwrap_err().name, "s");
        assert_eq!(DoubleStitching::new(1.0, 0.0, 1.4, 2.0).unwrap_err().name, "delta");
        assert_eq!(DoubleStitching::new(1.0, 0.5, 1.4, f64::NAN).unwrap_err().name, "eta");
    }
}
