//! When requests come: a Poisson process, whose rate may follow the day.
//!
//! Owns the one draw that replaces a second-by-second count: the time of the n-th request from now is
//! a gamma variable in units of expected requests, what came before it within any part of that time is
//! binomial, and what comes after it is Poisson. So the first whole second in which n requests have
//! come, and how many have by then, are drawn exactly.

use super::load::Rhythm;
use crate::distribution::{Law, binomial, poisson};
use crate::rng::Rng;
use seatrial_domain::Timestamp;
use std::f64::consts::TAU;
use std::time::Duration;

const DAY: f64 = 86_400.0;
const DAY_MICROS: i64 = 86_400_000_000;

/// The process, in whole seconds since the start.
#[derive(Debug, Clone, Copy)]
pub(super) struct Arrivals {
    /// A second, on average.
    rate: f64,
    rhythm: Rhythm,
    /// How far into its day the start is, in seconds.
    from: f64,
}

/// A look that is waited for: so many more requests, and not before this second.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Awaited {
    pub(super) requests: u64,
    pub(super) not_before: u64,
}

impl Arrivals {
    /// From this instant on.
    pub(super) fn new(rate: f64, rhythm: Rhythm, start: Timestamp) -> Self {
        let micros = start.as_micros().rem_euclid(DAY_MICROS);
        Self { rate, rhythm, from: Duration::from_micros(micros.unsigned_abs()).as_secs_f64() }
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
                let waved = |at: f64| swing * (angle * at).sin() / angle;
                self.rate * (seconds - waved(self.from + seconds) + waved(self.from))
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
                let most = 2.0 * swing * DAY / TAU;
                let (mut low, mut high) = (flat - most, flat + most);
                for _ in 0..60 {
                    let middle = 0.5 * (low + high);
                    if self.expected(middle) < expected { low = middle } else { high = middle }
                }
                high
            }
        }
    }

    /// The second after `from` within which so many more are expected; none that is told apart from never.
    pub(super) fn after(self, from: u64, expected: f64) -> Option<u64> {
        let at = self.inverse(self.expected(float(from)) + expected);
        #[expect(clippy::cast_possible_truncation, reason = "below the largest")]
        #[expect(clippy::cast_sign_loss, reason = "after the start")]
        let second = (at < 1e15).then_some(at as u64);
        second.map(|second| second.max(from))
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

#[cfg(test)]
mod tests {
    use super::*;

    /// A start at nine: the hour from the next midnight on has the least, that from noon on the most.
    #[test]
    fn a_daily_rhythm_follows_the_calendar_and_not_the_start() {
        let nine = Timestamp::from_micros(DAY_MICROS * 5 + 9 * 3_600_000_000);
        let arrivals = Arrivals::new(2.0, Rhythm::Diurnal(0.5), nine);
        let hour = |after: u64| arrivals.between((after - 9) * 3_600, (after - 8) * 3_600);
        let around = (9..33).map(hour);
        let (least, most) =
            around.fold((f64::MAX, 0.0), |(least, most), it| (it.min(least), it.max(most)));
        assert!((hour(24) - least).abs() < 1e-6 && (hour(12) - most).abs() < 1e-6);
        assert!((arrivals.between(0, 86_400) - 172_800.0).abs() < 1e-6);
        let there = arrivals.expected(50_000.0);
        assert!((arrivals.inverse(there) - 50_000.0).abs() < 1e-3);
    }
}
