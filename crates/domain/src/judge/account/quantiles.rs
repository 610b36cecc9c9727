//! Where both arms' latency quantiles lie.
//!
//! Owns those of an arm whose strata are weighed as the other's: at each edge the strata's own confidence
//! sequences of "slower than this", each with its part of α, weighed and added up. Added up without their
//! weights the answers would be those of another mix.
//!
//! The other arm is told as it was counted, with all of α. Its strata's rates p differ, and their mix changes; at
//! one edge its sequence holds the average p all the same: ln(1 − p + p·exp(λ)) is concave in p, so a bet on the
//! average has never more than the product of the strata's own bets, which is a martingale.

use crate::judge::latency::{Answers, Latency};
use crate::mix::{self, By};
use seatrial_analysis::confidence::{self, Interval, Quantile, TUNED_UNITS};
use seatrial_analysis::{Alpha, Stratum};

/// One stratum's answers slower than each edge, of so many, and its part.
struct Slower {
    than: Vec<u64>,
    units: u64,
    part: f64,
}

impl Latency {
    /// The candidate's quantile and the incumbent's, in microseconds, at level α each, with so much of it for
    /// each stratum. None where no stratum has answers of both.
    pub(super) fn quantiles(
        &self,
        (strata, by): (&[Stratum<Answers<'_>>], By),
        (alpha, each): (Alpha, Alpha),
    ) -> Option<(Interval, Interval)> {
        let parts = mix::parts(&self.by_stratum(strata, &[]), by)?;
        let told = strata.iter().zip(parts).filter(|(_, part)| *part > 0.0);
        let (mut as_counted, mut weighed) = (vec![0_u64; self.buckets()], Vec::new());
        for (stratum, part) in told {
            let (candidate, incumbent) = (&stratum.counts.candidate, &stratum.counts.incumbent);
            let [one, other] = match by {
                By::Candidate => [candidate, incumbent],
                By::Incumbent => [incumbent, candidate],
            };
            as_counted.iter_mut().zip(one).for_each(|(sum, count)| *sum += count);
            weighed.push((other, part));
        }
        let of_one = Quantile::new(self.quantile).ok()?;
        let as_counted = of_one.interval(&self.edges, &as_counted, alpha)?;
        let weighed = match weighed.as_slice() {
            [(arm, _)] => of_one.interval(&self.edges, arm, each)?,
            several => {
                let slower = several.iter().map(|(arm, part)| Slower::of(arm, *part));
                self.of_mix(&slower.collect::<Vec<_>>(), each)
            }
        };
        Some(match by {
            By::Candidate => (as_counted, weighed),
            By::Incumbent => (weighed, as_counted),
        })
    }

    /// Above the last edge that surely too many are slower than, and at most the first that surely too
    /// few are.
    fn of_mix(&self, strata: &[Slower], alpha: Alpha) -> Interval {
        let slower = |edge: usize, end: fn(Interval) -> f64| -> f64 {
            let rate = |stratum: &Slower| {
                let than = stratum.than.get(edge).copied().unwrap_or_default();
                confidence::rate(than, stratum.units, TUNED_UNITS, alpha)
            };
            strata.iter().map(|stratum| stratum.part * end(rate(stratum))).sum()
        };
        let q = 1.0 - self.quantile;
        let edges: Vec<usize> = (0..self.edges.thresholds().len()).collect();
        let surely_more = edges.partition_point(|edge| slower(*edge, |rate| rate.lower) > q);
        let maybe_more = edges.partition_point(|edge| slower(*edge, |rate| rate.upper) >= q);
        let micros =
            |edge: usize| self.edges.thresholds().get(edge).map(|micros| mix::float(*micros));
        Interval {
            lower: surely_more.checked_sub(1).and_then(micros).unwrap_or(0.0),
            upper: micros(maybe_more).unwrap_or(f64::INFINITY),
        }
    }
}

impl Slower {
    fn of(arm: &[u64], part: f64) -> Self {
        let units = arm.iter().sum();
        let mut left: u64 = units;
        let than = arm.iter().map(|count| {
            left -= count;
            left
        });
        Self { than: than.collect(), units, part }
    }
}
