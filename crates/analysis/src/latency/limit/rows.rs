//! The two halves of a limit's rollback test, each a mixture of rows.
//!
//! Owns "slower beyond the limit": an errors row on exceeding L, 2L and 4L, averaged; and "over the
//! limit too often": bets on the candidate alone.

use crate::counts::{self, ArmHistogram, Cells, Pi, Stratum, float};
use crate::errors_row::ErrorsRow;
use crate::late::Rows;
use crate::latency::bernoulli::Bernoulli;
use crate::latency::edges::EdgeIndex;
use crate::logspace::log_sum_exp;

/// Does the candidate exceed L, 2L or 4L more often than the incumbent?
#[derive(Debug, Clone)]
pub(super) struct Slower {
    pub(super) buckets: usize,
    pub(super) thresholds: [EdgeIndex; 3],
    pub(super) row: ErrorsRow,
}

/// Does the candidate exceed L more often than it may?
#[derive(Debug, Clone)]
pub(super) struct Over {
    pub(super) buckets: usize,
    pub(super) limit: EdgeIndex,
    pub(super) bets: Bernoulli,
}

impl Slower {
    pub(super) fn prepared_for(self, shares: &[Pi]) -> Self {
        Self { row: self.row.prepared_for(shares), ..self }
    }
}

impl Rows for Slower {
    type Counts = ArmHistogram;

    fn rows(&self) -> usize {
        self.thresholds.len() * self.row.rows()
    }

    fn check(&self, counts: &ArmHistogram) -> Result<(), counts::Error> {
        counts.check(self.buckets)
    }

    fn add(&self, totals: &mut [f64], stratum: &Stratum<ArmHistogram>) {
        let by_threshold = totals.chunks_mut(self.row.rows());
        for (totals, edge) in by_threshold.zip(self.thresholds) {
            self.row.add(totals, &stratum.map(|counts| cells(counts, edge)));
        }
    }

    fn mixed(&self, totals: &[f64]) -> f64 {
        let each: Vec<_> =
            totals.chunks(self.row.rows()).map(|totals| self.row.mixed(totals)).collect();
        log_sum_exp(&each) - float(each.len() as u64).ln()
    }
}

impl Rows for Over {
    type Counts = ArmHistogram;

    fn rows(&self) -> usize {
        Bernoulli::BETS
    }

    fn check(&self, counts: &ArmHistogram) -> Result<(), counts::Error> {
        counts.check(self.buckets)
    }

    fn add(&self, totals: &mut [f64], stratum: &Stratum<ArmHistogram>) {
        let (above, within) = self.limit.split(&stratum.counts.candidate);
        let each = self.bets.each(float(above), float(within));
        totals.iter_mut().zip(each).for_each(|(total, log)| *total += log);
    }

    fn mixed(&self, totals: &[f64]) -> f64 {
        self.bets.mixed(totals)
    }
}

/// "Bad" is an answer slower than the edge.
fn cells(histogram: &ArmHistogram, edge: EdgeIndex) -> Cells {
    let (candidate_bad, candidate_good) = edge.split(&histogram.candidate);
    let (incumbent_bad, incumbent_good) = edge.split(&histogram.incumbent);
    Cells { candidate_bad, candidate_good, incumbent_bad, incumbent_good }
}
