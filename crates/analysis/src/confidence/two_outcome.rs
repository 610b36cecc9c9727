//! How much larger is the candidate's rate of an outcome than the incumbent's?
//!
//! Owns the differences d that the betting family does not reject: from below with its bets against
//! p₁ ≤ p₀ + d, from above with those against p₁ ≥ p₀ + d. Each bet's factors fall (rise) with d in
//! every cell, for every centre: so what is rejected is an interval, and halving finds its end.
//!
//! Strata keep their own shares and intervals. What is told of several is their differences averaged: the
//! ends averaged alike hold it, whatever the parts are and however they came about, as long as each stratum's
//! interval holds its own difference. A product of the strata's bets would not do: from below it rejects that
//! *every* difference is at most d, from above that every one is at least d, and where they differ it may
//! reject both.

use super::{Interval, boundary};
use crate::bet::Mixture;
use crate::counts::{Cells, Stratum};
use crate::level::Alpha;
use crate::two_outcome::{Centres, Contrast, Error, Family};

/// Halvings of the range: to a ten-millionth of it.
const HALVINGS: u32 = 24;

/// A difference of 1 leaves no room for a bet.
const DIFFERENCE_MAX: f64 = 1.0 - 1e-9;

/// Confidence sequence of the candidate's rate less the incumbent's.
#[derive(Debug, Clone)]
pub struct Difference(Family);

impl Difference {
    /// Centred as the check's own bets are. Errors: [`Error::Centre`].
    pub fn new(centres: &Centres) -> Result<Self, Error> {
        Family::new(Contrast::no_worse(), centres, Mixture::Uniform).map(Self)
    }

    /// Where the average of the strata's differences lies, by their parts, which sum to one. Each stratum is
    /// held at level α, both sides together, so that of k that there may be all are at kα.
    pub fn interval<'a>(
        &self,
        strata: impl IntoIterator<Item = (&'a Stratum<Cells>, f64)>,
        alpha: Alpha,
    ) -> Interval {
        let none = Interval { lower: 0.0, upper: 0.0 };
        let told = strata.into_iter().filter(|(_, part)| *part > 0.0);
        told.fold(none, |sum, (stratum, part)| {
            let Interval { lower, upper } = self.of_one(stratum, alpha);
            Interval { lower: sum.lower + part * lower, upper: sum.upper + part * upper }
        })
    }

    /// One stratum's differences not rejected at level α, both sides together; [−1, 1] without units.
    pub fn of_one(&self, stratum: &Stratum<Cells>, alpha: Alpha) -> Interval {
        let strata = std::slice::from_ref(stratum);
        let half = alpha.halved();
        let below = |d| half.rejects(self.0.log_e_at(Contrast::at_most(d), strata));
        let above = |d| half.rejects(self.0.log_e_at(Contrast::at_least(d), strata));
        let (least, most) = (-DIFFERENCE_MAX, DIFFERENCE_MAX);
        Interval {
            lower: if below(least) { boundary((least, most), HALVINGS, below) } else { -1.0 },
            upper: if above(most) { boundary((most, least), HALVINGS, above) } else { 1.0 },
        }
    }
}
