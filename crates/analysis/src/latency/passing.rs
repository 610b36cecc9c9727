//! One gate's evidence that a latency check passes, summed once: what it is now, and of more of the same.

use super::Check;
use super::healthy::Healthy;
use super::quantile_ratio::Binding;
use crate::counts::{self, ArmHistogram, Stratum, float};
use std::borrow::Borrow;

/// The evidence of a gate's counts. Log e-values are natural logarithms.
#[derive(Debug)]
pub struct Passing<'a> {
    healthy: Healthy<'a>,
    /// The candidate's.
    units: f64,
    now: Binding,
}

impl Check {
    /// The evidence against "too slow" for the units of the gate, all together. Give this gate's counts
    /// alone, and every stratum that the gate may have, counted or not: the least of their π fixes the
    /// [stakes](crate::gate). Errors: [`counts::Error::Buckets`].
    pub fn passing<C: Borrow<ArmHistogram>>(
        &self,
        strata: &[Stratum<C>],
    ) -> Result<Passing<'_>, counts::Error> {
        let healthy = self.healthy(strata)?;
        let units = strata.iter().map(|stratum| stratum.counts.borrow().candidate_units()).sum();
        Ok(Passing { now: healthy.least(1.0), units: float(units), healthy })
    }
}

impl Passing<'_> {
    /// The log e-value.
    pub const fn log_e(&self) -> f64 {
        self.now.log_e
    }

    /// Whether the candidate has no units.
    pub(crate) fn is_empty(&self) -> bool {
        self.units == 0.0
    }

    /// The bucket that is refuted least of these counts and `more` of the candidate's units.
    pub(crate) fn least(&self, more: u64) -> Binding {
        if more == 0 { self.now } else { self.healthy.least(self.scale(more)) }
    }

    /// The log e-value of one bucket, likewise.
    pub(crate) fn log_e_of(&self, bucket: usize, more: u64) -> f64 {
        self.healthy.log_e(bucket, self.scale(more))
    }

    fn scale(&self, more: u64) -> f64 {
        1.0 + float(more) / self.units
    }
}
