//! The contrast p₁ − a·p₀ − t and the side of it that is tested.
//!
//! Owns the four values a unit can contribute. With V = Z/π − a(1−Z)/(1−π) and
//! X_c = (y−c)·V − [t − c(1−a)], E X_c = p₁ − a·p₀ − t for every base rate p₀ and every centre c.

use crate::counts::Pi;
use crate::gate;

/// A margin or centre that makes no test.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
pub enum Error {
    /// The multiple of the incumbent's rate must be positive and finite.
    #[error("ratio {0} is not a positive number")]
    Ratio(f64),
    /// The difference of two rates.
    #[error("absolute margin {0} is not at least 0 and below 1")]
    Absolute(f64),
    /// Centres are guesses of a rate.
    #[error("centre {0} is not a rate between 0 and 1")]
    Centre(f64),
}

/// The sign of the bet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    /// Null p₁ ≤ a·p₀ + t: bets that the candidate is worse.
    Rollback,
    /// Null p₁ ≥ a·p₀ + t: bets that the candidate is within the margin.
    Healthy,
}

/// A null hypothesis on the rates of the bad outcome, p₁ the candidate's and p₀ the incumbent's.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Contrast {
    side: Side,
    a: f64,
    t: f64,
}

impl Contrast {
    /// Null p₁ ≤ p₀: the rollback null.
    pub fn no_worse() -> Self {
        Self { side: Side::Rollback, a: 1.0, t: 0.0 }
    }

    /// Null p₁ ≤ a·p₀ + t: none of a check's, which tolerate no trifles (docs/adr/0017); what the laws ask
    /// the ends of confidence sequences by. Errors: ratio or difference out of range.
    pub fn no_worse_than(a: f64, t: f64) -> Result<Self, Error> {
        Self::checked(Side::Rollback, a, t)
    }

    /// Null p₁ ≥ r·p₀: rejected when the candidate is within the ratio. Errors: [`Error::Ratio`].
    pub fn within_ratio(r: f64) -> Result<Self, Error> {
        Self::checked(Side::Healthy, r, 0.0)
    }

    /// Null p₁ ≥ p₀ + m: rejected when the candidate is within the difference. Errors:
    /// [`Error::Absolute`].
    pub fn within_absolute(m: f64) -> Result<Self, Error> {
        Self::checked(Side::Healthy, 1.0, m)
    }

    /// Null p₁ ≤ p₀ + d, for −1 < d < 1: confidence sequences ask for any of them.
    pub(crate) const fn at_most(d: f64) -> Self {
        Self { side: Side::Rollback, a: 1.0, t: d }
    }

    /// Null p₁ ≥ p₀ + d, for −1 < d < 1.
    pub(crate) const fn at_least(d: f64) -> Self {
        Self { side: Side::Healthy, a: 1.0, t: d }
    }

    fn checked(side: Side, a: f64, t: f64) -> Result<Self, Error> {
        if !(a > 0.0 && a.is_finite()) {
            return Err(Error::Ratio(a));
        }
        if !(0.0..1.0).contains(&t) {
            return Err(Error::Absolute(t));
        }
        Ok(Self { side, a, t })
    }

    /// ±X_c in the four cells (candidate bad, candidate good, incumbent bad, incumbent good),
    /// signed so that the bet is 1 + λ·value, and divided by the largest possible loss: factors are
    /// then 1 + f·value, exactly zero at worst for f = 1.
    pub(crate) fn stakes(self, pi: Pi, centre: f64) -> [f64; 4] {
        let values = self.values(pi, centre);
        let largest_loss = largest_loss(values);
        values.map(|value| value / largest_loss)
    }

    /// How much a unit may lose, times the units it [stands for](crate::gate).
    pub(crate) fn loss_of_all(self, pi: Pi, centre: f64) -> f64 {
        gate::stands_for(pi) * largest_loss(self.values(pi, centre))
    }

    fn values(self, pi: Pi, centre: f64) -> [f64; 4] {
        let (pi, a) = (pi.get(), self.a);
        let shift = self.t - centre * (1.0 - a);
        let x = [
            (1.0 - centre) / pi - shift,
            -centre / pi - shift,
            -a * (1.0 - centre) / (1.0 - pi) - shift,
            a * centre / (1.0 - pi) - shift,
        ];
        match self.side {
            Side::Rollback => x,
            Side::Healthy => x.map(|value| -value),
        }
    }
}

/// E X_c = −a − t where every candidate unit is good and every incumbent unit bad, below 0 for
/// t > −a, and 1 − t > 0 in the opposite case, so on either side some cell loses: it is > 0.
fn largest_loss(values: [f64; 4]) -> f64 {
    values.iter().fold(f64::NEG_INFINITY, |most, value| most.max(-value))
}
