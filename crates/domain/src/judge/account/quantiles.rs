//! Where both arms' latency quantiles lie.
//!
//! Owns the incumbent's over several strata, which is that of its answers weighed as the candidate's: at
//! each edge the strata's own confidence sequences of "slower than this", each with its part of α,
//! weighed and added up. Added up without their weights the answers would be those of another mix.

use crate::judge::latency::{Answers, Latency};
use crate::mix;
use seatrial_analysis::confidence::{self, Interval, Quantile, TUNED_UNITS};
use seatrial_analysis::{Alpha, ArmHistogram, Stratum};

/// One stratum's answers slower than each edge, of so many, and its part.
struct Slower {
    than: Vec<u64>,
    units: u64,
    part: f64,
}

impl Latency {
    /// The candidate's quantile and the incumbent's, in microseconds, at level α each; of at most so
    /// many strata. None where no stratum has answers of both.
    pub(super) fn quantiles(
        &self,
        strata: &[Stratum<Answers<'_>>],
        (strata_max, alpha): (usize, Alpha),
    ) -> Option<(Interval, Interval)> {
        let parts = mix::parts(&self.by_stratum(strata, &[]))?;
        let told = strata.iter().zip(parts).filter(|(_, part)| *part > 0.0);
        let told: Vec<_> = told.map(|(stratum, part)| (&*stratum.counts, part)).collect();
        let mut candidate = vec![0_u64; self.buckets()];
        for (counts, _) in &told {
            candidate.iter_mut().zip(&counts.candidate).for_each(|(sum, count)| *sum += count);
        }
        let of_one = Quantile::new(self.quantile).ok()?;
        let candidate = of_one.interval(&self.edges, &candidate, alpha)?;
        let incumbent = match told.as_slice() {
            [(counts, _)] => of_one.interval(&self.edges, &counts.incumbent, alpha)?,
            several => {
                #[expect(clippy::cast_precision_loss, reason = "strata are few")]
                let each = Alpha::new(alpha.get() / strata_max.max(several.len()) as f64).ok()?;
                let slower = several.iter().map(|(counts, part)| Slower::of(counts, *part));
                self.of_mix(&slower.collect::<Vec<_>>(), each)
            }
        };
        Some((candidate, incumbent))
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
    /// The incumbent's.
    fn of(counts: &ArmHistogram, part: f64) -> Self {
        let units = counts.incumbent.iter().sum();
        let mut left: u64 = units;
        let than = counts.incumbent.iter().map(|count| {
            left -= count;
            left
        });
        Self { than: than.collect(), units, part }
    }
}
