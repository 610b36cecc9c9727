//! One stratum's arms, as far as their means are known.
//!
//! Owns when a mean and its error can be taken from the values themselves. Where they can't, an arm's mean
//! is only known to lie where the reference's values do.

use super::counts::{Counts, Values};
use super::reference::Reference;
use crate::counts::{Pi, Stratum, float};

/// Units an arm needs in a stratum for its variance to be trusted.
const UNITS_MIN: f64 = 100.0;

/// Of these, so many outside the bucket that has the most: an arm in which a rare value has not come yet
/// shows no variance, and would be taken for certain.
const VARIED_UNITS_MIN: f64 = 30.0;

/// One stratum's arms in the metric's unit.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Summary {
    pub(crate) candidate: Arm,
    pub(crate) incumbent: Arm,
}

/// Units, winsorised mean and variance.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Arm {
    pub(crate) units: f64,
    /// Those outside the bucket that has the most.
    pub(crate) varied: f64,
    pub(crate) mean: f64,
    pub(crate) variance: f64,
}

impl Summary {
    pub(super) fn new(counts: &Counts, reference: &Reference) -> Self {
        let arm = |values: &Values| Arm::new(values, reference);
        Self { candidate: arm(&counts.candidate), incumbent: arm(&counts.incumbent) }
    }

    /// The same means and variances with `scale` times the units.
    pub(crate) fn scaled(&self, scale: f64) -> Self {
        let arm = |arm: Arm| Arm { units: scale * arm.units, varied: scale * arm.varied, ..arm };
        Self { candidate: arm(self.candidate), incumbent: arm(self.incumbent) }
    }

    /// Whether both arms' means are known.
    pub(super) fn is_measured(&self) -> bool {
        self.candidate.is_measured() && self.incumbent.is_measured()
    }

    pub(super) fn units(&self) -> f64 {
        self.candidate.units + self.incumbent.units
    }
}

impl Arm {
    fn new(values: &Values, reference: &Reference) -> Self {
        let units = float(values.units());
        if units == 0.0 {
            return Self { units, varied: 0.0, mean: 0.0, variance: 0.0 };
        }
        let varied = units - float(values.buckets.iter().copied().max().unwrap_or(0));
        let mean = float(values.sum) / units;
        let spread = (float(values.squares) / units - mean * mean).max(0.0);
        let variance = spread * reference.step().powi(2) * units / (units - 1.0).max(1.0);
        Self { units, varied, mean: reference.value_at(mean), variance }
    }

    /// Whether it has units enough, and a variance.
    fn is_measured(&self) -> bool {
        self.units >= UNITS_MIN && self.varied >= VARIED_UNITS_MIN && self.variance > 0.0
    }

    /// Its mean and that mean's squared error; of one that is not measured, this end of where it may lie.
    pub(super) fn mean_or(&self, end: f64) -> (f64, f64) {
        if self.is_measured() { (self.mean, self.variance / self.units) } else { (end, 0.0) }
    }
}

/// w²·n with w² = 4π(1 − π): a stratum's units as those of a half-and-half split.
pub(super) fn balanced_units(stratum: &Stratum<Summary>) -> f64 {
    4.0 * split(stratum.pi) * stratum.counts.units()
}

/// π(1 − π).
fn split(pi: Pi) -> f64 {
    pi.get() * (1.0 - pi.get())
}
