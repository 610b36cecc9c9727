//! Faults that begin late.
//!
//! Owns the mixture over when a fault began: ½ everything since the start, and ½ spread over the
//! windows' starts, each with what came since. A candidate that was fine for hours has built up
//! evidence for itself, which a fault must first use up; a start after the hours does not know them.
//!
//! Starts are fixed beforehand, as are their weights, which sum to one; a start still to come is a
//! bet not made yet, of value 1. Each start's process is an e-process from then on, and so is the
//! weighted mean of all. Rows are mixed for each start by itself: a sum over rows of products over
//! the windows since. Windows are an hour long and, from the seventh on, three twentieths of the time
//! since the canary began, so that [`WINDOWS`] of them reach five days; the last one has no end. Fewer
//! and longer windows have more weight each, and waste less of it on what was before the fault.
//! No window is ever merged with another: that would forget a start and its part of the weight.

use std::time::Duration;

use crate::counts::{self, Stratum};
use crate::logspace::{log_halves, log_sum_exp};

/// Windows, and so starts, at most.
pub const WINDOWS: usize = 28;

const FIRST_SECONDS: f64 = 3_600.0;
const GROWTH: f64 = 0.15;

/// A mixture of rows, each a product over units.
pub trait Rows {
    /// What is counted of a stratum.
    type Counts;

    /// How many rows.
    fn rows(&self) -> usize;

    /// Whether these counts are of the kind the rows were made for. Errors:
    /// [`counts::Error::Buckets`].
    fn check(&self, _counts: &Self::Counts) -> Result<(), counts::Error> {
        Ok(())
    }

    /// Adds the logarithm of each row's factors for these counts, which were checked.
    fn add(&self, totals: &mut [f64], stratum: &Stratum<Self::Counts>);

    /// The log e-value of rows with these sums.
    fn mixed(&self, totals: &[f64]) -> f64;
}

/// Which window a unit belongs to that was assigned this long after the canary began.
pub fn window_at(since_start: Duration) -> usize {
    let seconds = since_start.as_secs_f64();
    (1..WINDOWS).zip(starts().skip(1)).take_while(|(_, start)| *start <= seconds).count()
}

/// Seconds after the canary began at which each window starts.
fn starts() -> impl Iterator<Item = f64> {
    std::iter::successors(Some(0.0), |start: &f64| Some(start + FIRST_SECONDS.max(GROWTH * start)))
}

/// Log e-value of the late-fault mixture. Each window has the strata counted in it, in any order;
/// windows beyond [`WINDOWS`] count as the last. Errors: [`counts::Error::Buckets`].
pub fn log_e<R: Rows>(rows: &R, windows: &[Vec<Stratum<R::Counts>>]) -> Result<f64, counts::Error> {
    windows.iter().flatten().try_for_each(|stratum| rows.check(&stratum.counts))?;
    let mut since = vec![0.0; rows.rows()];
    let mut starts = Vec::new();
    for (window, strata) in windows.iter().enumerate().rev() {
        strata.iter().for_each(|stratum| rows.add(&mut since, stratum));
        if window < WINDOWS {
            starts.push(rows.mixed(&since));
        }
    }
    Ok(mixture(rows.mixed(&since), starts))
}

/// The same from what is kept: everything counted so far, and what had been counted when each window
/// began, at most [`WINDOWS`] of them. Errors:
/// [`counts::Error::Buckets`].
pub fn log_e_since<R: Rows>(
    rows: &R,
    so_far: &[Stratum<R::Counts>],
    starts: &[Vec<Stratum<R::Counts>>],
) -> Result<f64, counts::Error> {
    let all = so_far.iter().chain(starts.iter().flatten());
    all.map(|stratum| &stratum.counts).try_for_each(|counts| rows.check(counts))?;
    Ok(since(rows, so_far, starts))
}

/// Rows are linear in the counts, so what came since a start is the difference of two sums.
pub(crate) fn since<R: Rows>(
    rows: &R,
    so_far: &[Stratum<R::Counts>],
    starts: &[Vec<Stratum<R::Counts>>],
) -> f64 {
    let sum = |strata: &[Stratum<R::Counts>]| {
        let mut totals = vec![0.0; rows.rows()];
        strata.iter().for_each(|stratum| rows.add(&mut totals, stratum));
        totals
    };
    let all = sum(so_far);
    let since = |before: &Vec<Stratum<R::Counts>>| {
        let left = all.iter().zip(sum(before));
        rows.mixed(&left.map(|(all, before)| left_of(*all, before)).collect::<Vec<_>>())
    };
    mixture(rows.mixed(&all), starts.iter().take(WINDOWS).map(since).collect())
}

/// A row that was ruined (−∞) stays so, before the start or since.
fn left_of(all: f64, before: f64) -> f64 {
    if before.is_finite() { all - before } else { before }
}

/// ½ everything and ½ spread evenly over [`WINDOWS`] starts; those still to come are worth 1.
fn mixture(everything: f64, mut starts: Vec<f64>) -> f64 {
    let to_come = WINDOWS.saturating_sub(starts.len()) as f64;
    starts.push(to_come.ln());
    log_halves(everything, log_sum_exp(&starts) - (WINDOWS as f64).ln())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_grow_with_the_time_since_the_start_and_reach_days() {
        let minutes = |minutes: u64| window_at(Duration::from_secs(60 * minutes));
        assert_eq!([0, 59, 60, 359, 360].map(minutes), [0, 0, 1, 5, 6]);
        assert_eq!(minutes(1 << 30), WINDOWS - 1);
        let last = starts().nth(WINDOWS - 1).unwrap();
        assert!((4.0..6.0).contains(&(last / 86_400.0)), "{last}");
    }
}
