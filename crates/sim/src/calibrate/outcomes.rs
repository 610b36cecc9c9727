//! What the engine needs to know of a metric.

use crate::distribution::binomial;
use crate::rng::Rng;
use seatrial_analysis::Stratum;
use seatrial_domain::split::Arm;

/// One metric's truth and its tests.
pub(super) trait Outcomes: Send + Sync {
    /// What is counted under one share.
    type Counts: Clone;

    fn none(&self) -> Self::Counts;

    /// Adds the outcomes of units that were assigned to `arm`.
    fn draw(&self, rng: &mut Rng, arm: Arm, block: Block, into: &mut Self::Counts);

    fn merge(&self, from: &Self::Counts, into: &mut Self::Counts);

    /// Log of the e-value that is asked for, times its weight of α: of all gates for harm, of one gate's
    /// strata for its pass.
    fn log_e(&self, strata: &[Stratum<Self::Counts>]) -> f64;

    /// The statistic of a one-sided test of one look: large where the candidate is worse, standard
    /// normal where it is not.
    fn z(&self, strata: &[Stratum<Self::Counts>]) -> f64;

    /// The metric in one window: the candidate's and the incumbent's. None where one has no units.
    fn values(&self, window: &Self::Counts) -> Option<(f64, f64)>;

    /// From which multiple of the incumbent's value on the candidate breaches a threshold.
    fn threshold(&self) -> f64;

    /// Nats a unit at this share and level that any test can gain for the answer that is true: zero
    /// where there is none to be found.
    fn information(&self, pi: f64, level: usize) -> f64;

    /// What of the information is left to a test with a score that does not fall with badness.
    fn monotone_information(&self, pi: f64, level: usize) -> f64 {
        self.information(pi, level)
    }

    /// Units that a test of one planned look needs for a power of 90 %.
    fn fixed_horizon(&self, pi: f64, alpha: f64) -> Option<f64>;

    /// How many of one unit of this arm's are the candidate's.
    fn candidate_units(&self, arm: Arm) -> u64 {
        match arm {
            Arm::Candidate => 1,
            Arm::Incumbent => 0,
        }
    }

    /// The probability with which a gate of share `pi` really assigns.
    fn assigned(&self, pi: f64) -> f64 {
        pi
    }

    /// Adds units of both arms under a gate; answers how many were the candidate's.
    fn draw_both(&self, rng: &mut Rng, pi: f64, block: Block, into: &mut Self::Counts) -> u64 {
        let candidate = binomial(rng, block.units, self.assigned(pi));
        self.draw(rng, Arm::Candidate, Block { units: candidate, ..block }, into);
        self.draw(rng, Arm::Incumbent, Block { units: block.units - candidate, ..block }, into);
        candidate
    }
}

/// Units that came while the base was at one level.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Block {
    pub(super) level: usize,
    pub(super) units: u64,
}

/// A count as a float: exact up to 2^53.
pub(super) fn float(count: u64) -> f64 {
    count as f64
}
