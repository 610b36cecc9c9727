//! Faults that begin late.
//!
//! Owns the mixture over when a fault began (docs/adr/0016): seven tenths on everything since the start,
//! and the rest spread over the starts of the windows after the first, each with what came since: the
//! k-th of them weighs as 1/(k + 1). A candidate that was fine for hours has built up evidence for
//! itself, which a fault must first use up; a start after the hours does not know them.
//!
//! Starts are fixed beforehand, as are their weights, which sum to one; a start still to come is a
//! bet not made yet, of value 1. Each start's process is an e-process from then on, and so is the
//! weighted mean of all. Rows are mixed for each start by itself: a sum over rows of products over
//! the windows since. Windows are an hour long and, from the seventh on, three twentieths of the time
//! since the canary began, so that [`WINDOWS`] of them reach five days; the last one has no end. The
//! later a fault begins, the longer it takes to be found in any case: so early starts weigh more.
//! No window is ever merged with another: that would forget a start and its part of the weight.

use std::borrow::Borrow;
use std::sync::LazyLock;
use std::time::Duration;

use crate::counts::{self, Pi, Stratum};
use crate::logspace::log_sum_exp;

/// Windows, and so starts, at most.
pub const WINDOWS: usize = 28;

const FIRST_SECONDS: f64 = 3_600.0;
const GROWTH: f64 = 0.15;
/// The weight of everything since the start: it delays what is faulty from there on by as little as the
/// starts' weight lets late faults be found in half the time.
const EVERYTHING: f64 = 0.7;

/// The logarithm of what each window's start weighs; the first's, which is everything's, is not used.
static LOG_WEIGHTS: LazyLock<[f64; WINDOWS]> =
    LazyLock::new(|| std::array::from_fn(|window| weight(window).ln()));

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

    /// Adds the logarithm of each row's factors for these counts of one share, which were checked.
    fn add(&self, totals: &mut [f64], pi: Pi, counts: &Self::Counts);

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
    windows.iter().try_for_each(|strata| check(rows, strata))?;
    let mut since = vec![0.0; rows.rows()];
    let mut starts = vec![0.0; windows.len().min(WINDOWS)];
    for (window, strata) in windows.iter().enumerate().rev() {
        add(rows, &mut since, strata);
        if let Some(start) = starts.get_mut(window) {
            *start = rows.mixed(&since);
        }
    }
    Ok(mixture(rows.mixed(&since), &starts))
}

/// What had been counted when each window began, folded into one number a row.
///
/// Rows are linear in the counts, so what came since a start is everything less what had come before:
/// Σ_r w_r·exp(all_r)·(.7 + Σ_k w_k·exp(−before_kr)), and the bracket changes only with a new start.
#[derive(Debug, Clone, PartialEq)]
pub struct Since {
    /// Each start's sums, by row.
    before: Vec<Vec<f64>>,
    /// The bracket's logarithm, by row; of no row where no window began.
    bracket: Vec<f64>,
    /// The logarithm of what the starts still to come weigh.
    to_come: f64,
}

impl Since {
    /// The strata as they were when each window began, of which the first [`WINDOWS`] are used.
    /// Without any, the plain test. Errors: [`counts::Error::Buckets`].
    pub fn new<R: Rows>(
        rows: &R,
        starts: &[Vec<Stratum<R::Counts>>],
    ) -> Result<Self, counts::Error> {
        starts.iter().try_for_each(|strata| check(rows, strata))?;
        Ok(Self::of_checked(rows, starts))
    }

    pub(crate) fn of_checked<R: Rows>(rows: &R, starts: &[Vec<Stratum<R::Counts>>]) -> Self {
        Self::with(starts.iter().take(WINDOWS).map(|strata| sum(rows, strata)).collect())
    }

    /// With later starts of the same rows; those beyond [`WINDOWS`] are none.
    #[must_use]
    pub fn and(&self, later: &Self) -> Self {
        Self::with(self.before.iter().chain(&later.before).take(WINDOWS).cloned().collect())
    }

    fn with(before: Vec<Vec<f64>>) -> Self {
        let bracket = |row: usize| {
            let worth =
                before.iter().zip(LOG_WEIGHTS.iter()).skip(1).filter_map(|(sums, weight)| {
                    // A row that was ruined (−∞) before a start is worth nothing since.
                    let sum = sums.get(row).filter(|sum| sum.is_finite())?;
                    Some(weight - sum)
                });
            log_sum_exp(&std::iter::once(EVERYTHING.ln()).chain(worth).collect::<Vec<_>>())
        };
        let rows = before.first().map_or(0, Vec::len);
        let to_come: f64 = later().skip(before.len().saturating_sub(1)).map(weight).sum();
        Self { bracket: (0..rows).map(bracket).collect(), to_come: to_come.ln(), before }
    }

    /// Log e-value of the late-fault mixture of everything counted so far. Errors:
    /// [`counts::Error::Buckets`].
    pub fn log_e<R: Rows, C: Borrow<R::Counts>>(
        &self,
        rows: &R,
        so_far: &[Stratum<C>],
    ) -> Result<f64, counts::Error> {
        check(rows, so_far)?;
        Ok(self.log_e_of_checked(rows, so_far))
    }

    pub(crate) fn log_e_of_checked<R: Rows, C: Borrow<R::Counts>>(
        &self,
        rows: &R,
        so_far: &[Stratum<C>],
    ) -> f64 {
        if self.before.is_empty() {
            return plain(rows, so_far);
        }
        let mut totals = self.bracket.clone();
        add(rows, &mut totals, so_far);
        log_sum_exp(&[rows.mixed(&totals), self.to_come])
    }
}

/// Log e-value without a bet on a later start, of counts that were checked.
pub(crate) fn plain<R: Rows, C: Borrow<R::Counts>>(rows: &R, strata: &[Stratum<C>]) -> f64 {
    rows.mixed(&sum(rows, strata))
}

/// Errors: [`counts::Error::Buckets`].
pub(crate) fn check<R: Rows, C: Borrow<R::Counts>>(
    rows: &R,
    strata: &[Stratum<C>],
) -> Result<(), counts::Error> {
    strata.iter().try_for_each(|stratum| rows.check(stratum.counts.borrow()))
}

fn sum<R: Rows, C: Borrow<R::Counts>>(rows: &R, strata: &[Stratum<C>]) -> Vec<f64> {
    let mut totals = vec![0.0; rows.rows()];
    add(rows, &mut totals, strata);
    totals
}

fn add<R: Rows, C: Borrow<R::Counts>>(rows: &R, totals: &mut [f64], strata: &[Stratum<C>]) {
    strata.iter().for_each(|stratum| rows.add(totals, stratum.pi, stratum.counts.borrow()));
}

/// Everything, and what came since the start of each window, in their order; a start still to come is
/// worth 1. Since the first window is since the start, which has its weight already. For tests that are
/// no [`Rows`]: log e-values.
pub fn mixture(everything: f64, since: &[f64]) -> f64 {
    let since = since.iter().copied().chain(std::iter::repeat(0.0));
    let started = LOG_WEIGHTS.iter().zip(since).skip(1).map(|(weight, log_e)| weight + log_e);
    log_sum_exp(&std::iter::once(EVERYTHING.ln() + everything).chain(started).collect::<Vec<_>>())
}

/// The windows after the first.
fn later() -> std::ops::Range<usize> {
    1..WINDOWS
}

/// What the start of a window after the first weighs, in all 1 − [`EVERYTHING`].
fn weight(window: usize) -> f64 {
    let part = |window: usize| 1.0 / (window as f64 + 1.0);
    (1.0 - EVERYTHING) * part(window) / later().map(part).sum::<f64>()
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

    #[test]
    fn weights_sum_to_one_and_fall_with_the_start() {
        assert!(mixture(0.0, &[]).abs() < 1e-12 && mixture(0.0, &[0.0; WINDOWS]).abs() < 1e-12);
        let alone = |window: usize| {
            let mut since = [f64::NEG_INFINITY; WINDOWS];
            since[window] = 0.0;
            mixture(f64::NEG_INFINITY, &since).exp()
        };
        assert!(alone(0).abs() < 1e-12, "the first window's start is everything");
        assert!((alone(1) / alone(3) - 2.0).abs() < 1e-12);
        assert!(later().all(|window| alone(window) > 0.003 && alone(window) <= alone(1)));
    }
}
