//! Prediction drift: which of ten classes a unit's prediction falls into.
//!
//! An effect moves units into the first class, from all others in proportion. What changes with time is
//! how large that class is, on both arms alike.

use super::cell::Cell;
use super::information;
use super::outcomes::{Block, Outcomes};
use crate::distribution::multinomial;
use crate::rng::Rng;
use seatrial_analysis::Stratum;
use seatrial_analysis::drift;
use seatrial_analysis::sample_ratio::Assigned;
use seatrial_domain::split::Arm;

const CLASSES: usize = 10;
/// The first class stays below this, however high the traffic's level.
const PART_MAX: f64 = 0.95;

/// Probabilities of the classes.
type Mix = [f64; CLASSES];

#[derive(Debug)]
pub(super) struct Drift {
    /// The candidate's and the incumbent's, by level.
    mixes: Vec<(Mix, Mix)>,
}

impl Drift {
    pub(super) fn new(cell: &Cell, levels: &[f64]) -> Self {
        let mixes = |level: &f64| {
            let incumbent = (cell.base * level).min(PART_MAX);
            (mix((incumbent + cell.effect).clamp(0.0, 1.0)), mix(incumbent))
        };
        Self { mixes: levels.iter().map(mixes).collect() }
    }
}

fn mix(first: f64) -> Mix {
    let mut mix = [(1.0 - first) / (CLASSES - 1) as f64; CLASSES];
    mix[0] = first;
    mix
}

impl Outcomes for Drift {
    type Counts = [Assigned; CLASSES];

    fn none(&self) -> Self::Counts {
        Self::Counts::default()
    }

    fn draw(&self, rng: &mut Rng, arm: Arm, block: Block, into: &mut Self::Counts) {
        let Some((candidate, incumbent)) = self.mixes.get(block.level) else { return };
        let mix = match arm {
            Arm::Candidate => candidate,
            Arm::Incumbent => incumbent,
        };
        // What is lost of one in the sum of ten parts is the last one's.
        let mut drawn = [0; CLASSES];
        multinomial(rng, block.units, mix.get(..CLASSES - 1).unwrap_or(mix), &mut drawn);
        drawn[CLASSES - 1] = block.units - drawn.iter().sum::<u64>();
        for (class, units) in into.iter_mut().zip(drawn) {
            match arm {
                Arm::Candidate => class.candidate += units,
                Arm::Incumbent => class.incumbent += units,
            }
        }
    }

    fn merge(&self, from: &Self::Counts, into: &mut Self::Counts) {
        into.iter_mut().zip(from).for_each(|(into, from)| into.merge(*from));
    }

    fn log_e(&self, strata: &[Stratum<Self::Counts>]) -> f64 {
        strata.iter().map(|stratum| drift::log_e_of(stratum.pi, stratum.counts)).sum()
    }

    /// No rule of others is played on classes.
    fn z(&self, _strata: &[Stratum<Self::Counts>]) -> f64 {
        f64::NAN
    }

    fn values(&self, _window: &Self::Counts) -> Option<(f64, f64)> {
        None
    }

    fn threshold(&self) -> f64 {
        1.0
    }

    fn information(&self, pi: f64, level: usize) -> f64 {
        let cells = self.mixes.get(level).map(|(candidate, incumbent)| {
            information::mutual(pi, candidate.iter().copied().zip(incumbent.iter().copied()))
        });
        cells.unwrap_or_default()
    }

    /// A planned test would have to know the class.
    fn fixed_horizon(&self, _pi: f64, _alpha: f64) -> Option<f64> {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_effect_is_on_the_candidates_classes() {
        let drift = Drift::new(&Cell { base: 0.1, effect: 0.05, ..Cell::default() }, &[1.0]);
        let first = |arm: Arm| {
            let mut counts = drift.none();
            drift.draw(&mut Rng::new(1), arm, Block { level: 0, units: 100_000 }, &mut counts);
            (counts[0].candidate, counts[0].incumbent)
        };
        // Six standard deviations.
        let ((candidate, none), (nobody, incumbent)) =
            (first(Arm::Candidate), first(Arm::Incumbent));
        assert!(candidate.abs_diff(15_000) < 680 && incumbent.abs_diff(10_000) < 570);
        assert_eq!((none, nobody), (0, 0));
    }
}
