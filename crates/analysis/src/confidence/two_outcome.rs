//! How much larger is the candidate's rate of an outcome than the incumbent's?
//!
//! Owns the differences d and the ratios r that the betting family does not reject: from below with
//! its bets against p₁ ≤ p₀ + d, from above with those against p₁ ≥ p₀ + d. Each bet's factors fall
//! (rise) with d in every cell, for every centre, and with r for the centre 0: so what is rejected
//! is an interval, and halving finds its end.
//!
//! Strata keep their own shares. Where their differences differ, the interval is about all of them:
//! its lower end is below the largest one, and its upper end above the smallest.

use super::{Interval, boundary};
use crate::bet::Mixture;
use crate::counts::{Cells, Stratum};
use crate::level::Alpha;
use crate::two_outcome::{Centres, Contrast, Error, Family};

/// Halvings of the range: to a ten-millionth of it.
const HALVINGS: u32 = 24;

/// A difference of 1 leaves no room for a bet.
const DIFFERENCE_MAX: f64 = 1.0 - 1e-9;

/// The largest ratio looked for, and the inverse of the smallest.
const RATIO_MAX: f64 = 1_000.0;

/// Confidence sequence of the candidate's rate less the incumbent's.
#[derive(Debug, Clone)]
pub struct Difference(Family);

/// Confidence sequence of the candidate's rate over the incumbent's.
#[derive(Debug, Clone)]
pub struct Ratio(Family);

impl Difference {
    /// Centred as the check's own bets are. Errors: [`Error::Centre`].
    pub fn new(centres: &Centres) -> Result<Self, Error> {
        Family::new(Contrast::no_worse(), centres, Mixture::Uniform).map(Self)
    }

    /// The differences not rejected at level α, both sides together; [−1, 1] without units.
    pub fn interval(&self, strata: &[Stratum<Cells>], alpha: Alpha) -> Interval {
        let half = alpha.halved();
        let below = |d| half.rejects(self.0.log_e_at(Contrast::at_most(1.0, d), strata));
        let above = |d| half.rejects(self.0.log_e_at(Contrast::at_least(1.0, d), strata));
        let (least, most) = (-DIFFERENCE_MAX, DIFFERENCE_MAX);
        Interval {
            lower: if below(least) { boundary((least, most), HALVINGS, below) } else { -1.0 },
            upper: if above(most) { boundary((most, least), HALVINGS, above) } else { 1.0 },
        }
    }
}

impl Ratio {
    /// For rare outcomes: bets are centred on 0. Errors: [`Error::Centre`], never.
    pub fn new() -> Result<Self, Error> {
        Family::new(Contrast::no_worse(), &Centres::Errors, Mixture::Uniform).map(Self)
    }

    /// The ratios not rejected at level α, both sides together, looked for between a thousandth and
    /// a thousand; from 0 and up to ∞ where these are not rejected either, as without outcomes.
    pub fn interval(&self, strata: &[Stratum<Cells>], alpha: Alpha) -> Interval {
        let half = alpha.halved();
        let below =
            |log: f64| half.rejects(self.0.log_e_at(Contrast::at_most(log.exp(), 0.0), strata));
        let above =
            |log: f64| half.rejects(self.0.log_e_at(Contrast::at_least(log.exp(), 0.0), strata));
        let (least, most) = (-RATIO_MAX.ln(), RATIO_MAX.ln());
        let lower = if below(least) { boundary((least, most), HALVINGS, below).exp() } else { 0.0 };
        let upper = if above(most) {
            boundary((most, least), HALVINGS, above).exp()
        } else {
            f64::INFINITY
        };
        Interval { lower, upper }
    }
}
