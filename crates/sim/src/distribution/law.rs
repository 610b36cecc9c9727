//! Laws of one outcome, such as a latency or a value: how to draw it, and how probable it is.

use super::gamma;
use crate::rng::Rng;
use rand_distr::{Distribution, Gamma, StandardNormal};
use seatrial_analysis::normal;

/// A law whose parameters make none.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
pub enum Error {
    /// A median, mean, shape or spread that must be positive and finite.
    #[error("{0} is not a positive number")]
    NotPositive(f64),
    /// A number so far from one, or a spread so wide, that outcomes could not be counted.
    #[error("{0} is too large or too small a number")]
    Extreme(f64),
    /// Parts of a mixture, which are not negative and sum to one.
    #[error("the parts of a mixture sum to {0}, not to one")]
    Parts(f64),
}

/// Numbers of a law are at most this, and those that must be positive at least one part of it.
const LARGEST: f64 = 1e100;
/// The widest spread of logarithms: forty of them from a median are still a finite number.
const SIGMA_MAX: f64 = 10.0;

/// How one outcome is distributed. Units are the caller's.
#[derive(Debug, Clone, PartialEq)]
pub enum Law {
    /// Always this.
    Constant(f64),
    /// Mean and standard deviation.
    Normal { mean: f64, sd: f64 },
    /// The logarithm is normal around that of the median with standard deviation sigma.
    LogNormal { median: f64, sigma: f64 },
    /// By its mean; shape 1 is the exponential law, larger shapes are narrower.
    Gamma { mean: f64, shape: f64 },
    /// This law, this much later.
    Shifted { by: f64, law: Box<Self> },
    /// Each part with its probability.
    Mixture(Vec<(f64, Self)>),
}

impl Law {
    /// Exponentially distributed with this mean.
    pub const fn exponential(mean: f64) -> Self {
        Self::Gamma { mean, shape: 1.0 }
    }

    /// Checks the parameters. Errors: [`Error`].
    pub fn checked(self) -> Result<Self, Error> {
        match &self {
            Self::Constant(value) => countable(*value)?,
            Self::Normal { mean, sd } => countable(*mean).and(positive(*sd))?,
            Self::LogNormal { median, sigma } if *sigma <= SIGMA_MAX => {
                [*median, *sigma].into_iter().try_for_each(positive)?
            }
            Self::LogNormal { sigma, .. } => positive(*sigma).and(Err(Error::Extreme(*sigma)))?,
            Self::Gamma { mean, shape } => [*mean, *shape].into_iter().try_for_each(positive)?,
            Self::Shifted { by, law } => {
                countable(*by)?;
                drop(law.as_ref().clone().checked()?);
            }
            Self::Mixture(parts) => {
                let sum: f64 = parts.iter().map(|(part, _)| part).sum();
                let one = (sum - 1.0).abs() <= 1e-9;
                if !one || parts.iter().any(|(part, _)| *part < 0.0) {
                    return Err(Error::Parts(sum));
                }
                for (_, law) in parts {
                    law.clone().checked()?;
                }
            }
        }
        Ok(self)
    }

    /// The law of `factor` times the outcome, for factors above 0.
    #[must_use]
    pub fn scaled(&self, factor: f64) -> Self {
        match self {
            Self::Constant(value) => Self::Constant(factor * value),
            Self::Normal { mean, sd } => Self::Normal { mean: factor * mean, sd: factor * sd },
            Self::LogNormal { median, sigma } => {
                Self::LogNormal { median: factor * median, sigma: *sigma }
            }
            Self::Gamma { mean, shape } => Self::Gamma { mean: factor * mean, shape: *shape },
            Self::Shifted { by, law } => {
                Self::Shifted { by: factor * by, law: Box::new(law.scaled(factor)) }
            }
            Self::Mixture(parts) => {
                Self::Mixture(parts.iter().map(|(part, law)| (*part, law.scaled(factor))).collect())
            }
        }
    }

    /// One outcome.
    pub fn sample(&self, rng: &mut Rng) -> f64 {
        match self {
            Self::Constant(value) => *value,
            Self::Normal { mean, sd } => mean + sd * standard(rng),
            Self::LogNormal { median, sigma } => median * (sigma * standard(rng)).exp(),
            Self::Gamma { mean, shape } if (*shape - 1.0).abs() < f64::EPSILON => {
                rng.exponential(*mean)
            }
            Self::Gamma { mean, shape } => {
                Gamma::new(*shape, mean / shape).map_or(f64::NAN, |law| law.sample(rng))
            }
            Self::Shifted { by, law } => by + law.sample(rng),
            Self::Mixture(parts) => {
                let mut at = rng.unit();
                let chosen = parts.iter().find(|(part, _)| {
                    at -= part;
                    at < 0.0
                });
                chosen.or(parts.last()).map_or(f64::NAN, |(_, law)| law.sample(rng))
            }
        }
    }

    /// The probability of an outcome of at most `x`.
    pub fn cdf(&self, x: f64) -> f64 {
        match self {
            Self::Constant(value) => f64::from(u8::from(x >= *value)),
            Self::Normal { mean, sd } => normal::cdf((x - mean) / sd),
            Self::LogNormal { .. } if x <= 0.0 => 0.0,
            Self::LogNormal { median, sigma } => normal::cdf((x / median).ln() / sigma),
            Self::Gamma { mean, shape } => gamma::lower(*shape, x * shape / mean),
            Self::Shifted { by, law } => law.cdf(x - by),
            Self::Mixture(parts) => parts.iter().map(|(part, law)| part * law.cdf(x)).sum(),
        }
    }

    /// The expected outcome.
    pub fn mean(&self) -> f64 {
        match self {
            Self::Constant(value) => *value,
            Self::Normal { mean, .. } | Self::Gamma { mean, .. } => *mean,
            Self::LogNormal { median, sigma } => median * (sigma * sigma / 2.0).exp(),
            Self::Shifted { by, law } => by + law.mean(),
            Self::Mixture(parts) => parts.iter().map(|(part, law)| part * law.mean()).sum(),
        }
    }

    /// The expected squared distance from the mean.
    pub fn variance(&self) -> f64 {
        match self {
            Self::Constant(_) => 0.0,
            Self::Normal { sd, .. } => sd * sd,
            Self::LogNormal { sigma, .. } => self.mean().powi(2) * (sigma * sigma).exp_m1(),
            Self::Gamma { mean, shape } => mean * mean / shape,
            Self::Shifted { law, .. } => law.variance(),
            Self::Mixture(parts) => {
                let square = |law: &Self| law.variance() + law.mean().powi(2);
                let squares: f64 = parts.iter().map(|(part, law)| part * square(law)).sum();
                squares - self.mean().powi(2)
            }
        }
    }

    /// The smallest outcome that a part `p` (0..1) is at most, by bisection to the last bit.
    pub fn quantile(&self, p: f64) -> f64 {
        let (mut low, mut high) = (-1.0, 1.0);
        while self.cdf(low) >= p && low > f64::MIN / 4.0 {
            low *= 2.0;
        }
        while self.cdf(high) < p && high < f64::MAX / 4.0 {
            high *= 2.0;
        }
        for _ in 0..200 {
            let middle = 0.5 * (low + high);
            if self.cdf(middle) < p { low = middle } else { high = middle }
        }
        high
    }
}

fn standard(rng: &mut Rng) -> f64 {
    StandardNormal.sample(rng)
}

fn countable(value: f64) -> Result<(), Error> {
    if value.abs() <= LARGEST { Ok(()) } else { Err(Error::Extreme(value)) }
}

fn positive(value: f64) -> Result<(), Error> {
    match value {
        value if !(value > 0.0 && value.is_finite()) => Err(Error::NotPositive(value)),
        value if value < LARGEST.recip() => Err(Error::Extreme(value)),
        value => countable(value),
    }
}
