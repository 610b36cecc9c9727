//! The assignment itself: units by arm, against the share that was stated.

use super::cell::{Cell, Error, Question};
use super::fixed_horizon;
use super::information;
use super::outcomes::{Block, Outcomes, float};
use crate::rng::Rng;
use seatrial_analysis::Stratum;
use seatrial_analysis::sample_ratio::{self, Assigned};
use seatrial_domain::split::Arm;

#[derive(Debug)]
pub(super) struct SampleRatio {
    /// The real share as a multiple of the stated one.
    effect: f64,
}

impl SampleRatio {
    pub(super) fn new(cell: &Cell) -> Result<Self, Error> {
        if cell.question != Question::Rollback {
            return Err(Error::Unanswered("an assignment is asked for harm alone"));
        }
        Ok(Self { effect: cell.effect })
    }
}

impl Outcomes for SampleRatio {
    type Counts = Assigned;

    fn none(&self) -> Assigned {
        Assigned::default()
    }

    fn draw(&self, _rng: &mut Rng, arm: Arm, block: Block, into: &mut Assigned) {
        match arm {
            Arm::Candidate => into.candidate += block.units,
            Arm::Incumbent => into.incumbent += block.units,
        }
    }

    fn merge(&self, from: &Assigned, into: &mut Assigned) {
        into.candidate += from.candidate;
        into.incumbent += from.incumbent;
    }

    fn log_e(&self, strata: &[Stratum<Assigned>]) -> f64 {
        sample_ratio::log_e(strata)
    }

    /// Units that the candidate lacks or has too many, whichever the cell is about.
    fn z(&self, strata: &[Stratum<Assigned>]) -> f64 {
        let (mut excess, mut variance) = (0.0, 0.0);
        for Stratum { pi, counts } in strata {
            let (pi, all) = (pi.get(), float(counts.candidate + counts.incumbent));
            excess += float(counts.candidate) - pi * all;
            variance += pi * (1.0 - pi) * all;
        }
        let wanted = if self.effect > 1.0 { excess } else { -excess };
        wanted / variance.sqrt()
    }

    fn values(&self, _window: &Assigned) -> Option<(f64, f64)> {
        None
    }

    fn threshold(&self) -> f64 {
        1.0
    }

    fn information(&self, pi: f64, _level: usize) -> f64 {
        information::coins(self.assigned(pi), pi)
    }

    fn fixed_horizon(&self, pi: f64, alpha: f64) -> Option<f64> {
        fixed_horizon::proportion(self.assigned(pi), pi, alpha)
    }

    fn assigned(&self, pi: f64) -> f64 {
        (pi * self.effect).min(1.0)
    }
}
