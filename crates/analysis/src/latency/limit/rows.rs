//! The two halves of a limit's rollback test, each a mixture of rows.
//!
//! Owns "slower beyond the limit": an errors row on exceeding L, 2L and 4L, averaged; and "over the
//! limit too often": bets on the candidate alone. Both know of the answers what [`Beyond`] keeps.

use crate::counts::{ArmHistogram, Pi, float};
use crate::errors_row::ErrorsRow;
use crate::late::Rows;
use crate::latency::bernoulli::Bernoulli;
use crate::latency::edges::EdgeIndex;
use crate::logspace::log_sum_exp;

/// How many answers took longer than L, 2L and 4L, and how many of the candidate's did not take longer
/// than L.
#[derive(Debug, Clone, Copy)]
pub(super) struct Beyond {
    candidate: [u64; 3],
    incumbent: [u64; 3],
    candidate_within: u64,
}

/// Does the candidate exceed L, 2L or 4L more often than the incumbent?
#[derive(Debug, Clone)]
pub(super) struct Slower(pub(super) ErrorsRow);

/// Does the candidate exceed L more often than it may?
#[derive(Debug, Clone)]
pub(super) struct Over(pub(super) Bernoulli);

impl Beyond {
    /// Of counts that were checked; thresholds rise.
    pub(super) fn of(counts: &ArmHistogram, thresholds: [EdgeIndex; 3]) -> Self {
        let [limit, ..] = thresholds;
        let (_, within) = limit.split(&counts.candidate);
        Self {
            candidate: above(&counts.candidate, thresholds),
            incumbent: above(&counts.incumbent, thresholds),
            candidate_within: within.iter().sum(),
        }
    }

    /// The candidate's answers above the limit and not above it.
    pub(super) fn candidate(&self) -> (u64, u64) {
        let [above, ..] = self.candidate;
        (above, self.candidate_within)
    }
}

/// Each bucket is looked at once.
fn above(arm: &[u64], thresholds: [EdgeIndex; 3]) -> [u64; 3] {
    let [limit, double, fourfold] = thresholds.map(|edge| edge.split(arm).0);
    let between = |lower: &[u64], upper: &[u64]| -> u64 {
        lower.iter().take(lower.len().saturating_sub(upper.len())).sum()
    };
    let over_fourfold: u64 = fourfold.iter().sum();
    let over_double = between(double, fourfold) + over_fourfold;
    [between(limit, double) + over_double, over_double, over_fourfold]
}

impl Rows for Slower {
    type Counts = Beyond;

    fn rows(&self) -> usize {
        3 * self.0.rows()
    }

    fn add(&self, totals: &mut [f64], pi: Pi, counts: &Beyond) {
        let by_threshold = counts.candidate.into_iter().zip(counts.incumbent);
        for (totals, above) in totals.chunks_mut(self.0.rows()).zip(by_threshold) {
            self.0.add_bad(totals, pi, above);
        }
    }

    fn mixed(&self, totals: &[f64]) -> f64 {
        let each: Vec<_> =
            totals.chunks(self.0.rows()).map(|totals| self.0.mixed(totals)).collect();
        log_sum_exp(&each) - float(each.len() as u64).ln()
    }
}

impl Rows for Over {
    type Counts = Beyond;

    fn rows(&self) -> usize {
        Bernoulli::BETS
    }

    fn add(&self, totals: &mut [f64], _pi: Pi, counts: &Beyond) {
        let (above, within) = counts.candidate();
        let each = self.0.each(float(above), float(within));
        totals.iter_mut().zip(each).for_each(|(total, log)| *total += log);
    }

    fn mixed(&self, totals: &[f64]) -> f64 {
        self.0.mixed(totals)
    }
}
