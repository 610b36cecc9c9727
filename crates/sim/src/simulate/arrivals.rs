//! When requests come: a Poisson process, whose rate may follow the day.
//!
//! Owns the one draw that replaces a second-by-second count: the time of the n-th request from now is
//! a gamma variable in units of expected requests, what came before it within any part of that time is
//! binomial, and what comes after it is Poisson. So the first whole second in which n requests have
//! come, and how many have by then, are drawn exactly.

use super::load::Rhythm;
use crate::distribution::{Law, binomial, poisson};
use crate::rng::Rng;
use std::f64::consts::TAU;

const DAY: f64 = 86_400.0;

/// The process, in whole seconds since the start.
#[derive(Debug, Clone, Copy)]
pub(super) struct Arrivals {
    /// A second, on average.
    rate: f64,
    rhythm: Rhythm,
}

/// A look that is waited for: so many more requests, and not before this second.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Awaited {
    pub(super) requests: u64,
    pub(super) not_before: u64,
}

impl Arrivals {
    pub(super) const fn new(rate: f64, rhythm: Rhythm) -> Self {
        Self { rate, rhythm }
    }

    /// A thinned copy: each request is kept with this probability.
    pub(super) fn part(self, probability: f64) -> Self {
        Self { rate: self.rate * probability, ..self }
    }

    /// Requests expected from the start up to a time in seconds.
    fn expected(self, seconds: f64) -> f64 {
        match self.rhythm {
            Rhythm::Constant => self.rate * seconds,
            // Lowest at the start of the day: the integral of 1 − swing·cos.
            Rhythm::Diurnal(swing) => {
                let angle = TAU / DAY;
                self.rate * (seconds - swing * (angle * seconds).sin() / angle)
            }
        }
    }

    /// Requests expected between two seconds.
    pub(super) fn between(self, from: u64, to: u64) -> f64 {
        self.expected(float(to)) - self.expected(float(from))
    }

    /// The same between two instants.
    pub(super) fn expected_between(self, from: f64, to: f64) -> f64 {
        self.expected(to) - self.expected(from)
    }

    /// The least rate at any time.
    pub(super) fn least(self) -> f64 {
        match self.rhythm {
            Rhythm::Constant => self.rate,
            Rhythm::Diurnal(swing) => self.rate * (1.0 - swing),
        }
    }

    /// When so many are expected since the start; by bisection where the rhythm has no inverse.
    fn inverse(self, expected: f64) -> f64 {
        let flat = expected / self.rate;
        match self.rhythm {
            Rhythm::Constant => flat,
            Rhythm::Diurnal(swing) => {
                let most = swing * DAY / TAU;
                let (mut low, mut high) = (flat - most, flat + most);
                for _ in 0..60 {
                    let middle = 0.5 * (low + high);
                    if self.expected(middle) < expected { low = middle } else { high = middle }
                }
                high
            }
        }
    }

    /// How many come between two seconds.
    pub(super) fn count(self, rng: &mut Rng, from: u64, to: u64) -> u64 {
        poisson(rng, self.between(from, to))
    }

    /// The first second after `from` in which the look can be taken, but `to` at the latest, and how
    /// many requests have come since `from`.
    pub(super) fn until(
        self,
        rng: &mut Rng,
        (from, to): (u64, u64),
        awaited: Awaited,
    ) -> (u64, u64) {
        let needed = float(awaited.requests.max(1));
        let waited = Law::Gamma { mean: needed, shape: needed }.sample(rng);
        let start = self.expected(float(from));
        let reached = self.inverse(start + waited);
        #[expect(clippy::cast_possible_truncation, reason = "saturates, far beyond any horizon")]
        #[expect(clippy::cast_sign_loss, reason = "after the start")]
        let second = (reached.ceil() as u64).max(from + 1).max(awaited.not_before).min(to);
        let here = self.expected(float(second)) - start;
        let count = if here >= waited {
            awaited.requests.max(1) + poisson(rng, here - waited)
        } else {
            binomial(rng, awaited.requests.max(1) - 1, here / waited)
        };
        (second, count)
    }
}

/// A count as a float: exact up to 2^53.
#[expect(clippy::cast_precision_loss, reason = "seconds and requests are far below 2^53")]
pub(super) const fn float(count: u64) -> f64 {
    count as f64
}
