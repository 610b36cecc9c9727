//! Checks on an unbounded number a unit: revenue, session length, score.
//!
//! Owns which test judges what. Rollback: an exact e-process on 64 frozen buckets. Healthy and the
//! effect's size: an asymptotic confidence sequence of the difference of winsorised means, after a
//! burn-in. Everything frozen comes from one [`Reference`], made of the incumbent's values before
//! the first unit of the evidence was assigned (labels of the shadow's requests or of a holdout; or
//! of the first units of the canary, which then are no evidence): values that are both reference
//! and evidence would break the guarantee, a reference that is not like the traffic only costs
//! power.
//!
//! Refuses means of unbounded values: a single one can be larger than all others together.

mod counts;
mod effect;
mod everybody;
mod exact;
mod reference;
mod shape;
mod summary;
mod worse;

pub use counts::{Counts, Values};
pub use effect::Effect;
pub use everybody::BURN_IN_CANDIDATE_UNITS;
pub use reference::{REFERENCE_VALUES_MIN, Reference};
pub use worse::Worse;

use std::borrow::Borrow;

use everybody::Contrast;
use serde::{Deserialize, Serialize};
pub(crate) use summary::{Arm, Summary};

use crate::counts as counters;
use crate::counts::{Pi, Stratum};
use crate::late::Since;
use crate::level::Alpha;
use crate::logspace::log_halves;
use crate::two_outcome::Margin;

/// Buckets at most.
pub const BUCKETS_MAX: usize = 64;

/// What makes no KPI test.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
pub enum Error {
    /// Infinite, or not a number.
    #[error("a value is not a finite number")]
    NotFinite,
    /// Too few values to freeze buckets from.
    #[error("{found} reference values, at least {REFERENCE_VALUES_MIN} are needed")]
    TooFew {
        /// Values given.
        found: usize,
    },
    /// A metric that never differs can't be tested.
    #[error("the reference values are all the same")]
    Constant,
    /// A stored reference whose parts don't fit each other.
    #[error("a frozen reference is damaged")]
    Damaged,
    /// Of "higher is better" a ratio below 1, of "lower is better" one above 1.
    #[error("ratio {0} is not a multiple of the incumbent's mean that is worse than it")]
    Ratio(f64),
    /// A positive difference of means.
    #[error("absolute margin {0} is not a positive number")]
    Absolute(f64),
}

/// Which values are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Better {
    /// Large ones.
    Higher,
    /// Small ones.
    Lower,
}

/// One KPI's tests, with their grids made once.
#[derive(Debug, Clone)]
pub struct Check {
    reference: Reference,
    worse: Worse,
    healthy: Healthy,
}

#[derive(Debug, Clone, Copy)]
enum Healthy {
    One(Contrast),
    Both(Contrast, Contrast),
}

impl Check {
    /// Unhealthy is, of winsorised means: with `Margin::Ratio(r)` a candidate's mean of at most
    /// (`Higher`, r < 1) or at least (`Lower`, r > 1) r times the incumbent's; with
    /// `Margin::Absolute(m)` one that is worse by m or more, in the metric's unit; with both, only
    /// what is beyond both. Where the incumbent's mean is negative a ratio asks for more than "no
    /// worse". Errors: [`Error::Ratio`], [`Error::Absolute`].
    pub fn new(reference: &Reference, better: Better, margin: Margin) -> Result<Self, Error> {
        let ratio = |r| Contrast::within_ratio(better, r);
        let absolute = |m| Contrast::within_absolute(better, m);
        let healthy = match margin {
            Margin::Ratio(r) => Healthy::One(ratio(r)?),
            Margin::Absolute(m) => Healthy::One(absolute(m)?),
            Margin::Both { ratio: r, absolute: m } => Healthy::Both(ratio(r)?, absolute(m)?),
        };
        Ok(Self { reference: reference.clone(), worse: Worse::new(reference, better), healthy })
    }

    /// Makes the logarithms of the factors for these shares once, instead of at each look.
    #[must_use]
    pub fn prepared_for(self, shares: &[Pi]) -> Self {
        Self { worse: self.worse.prepared_for(shares), ..self }
    }

    /// Log e-value against "stochastically no worse than the incumbent". Give all gates of the
    /// rollout. Errors: [`counters::Error::Buckets`].
    pub fn rollback_log_e<C: Borrow<Counts>>(
        &self,
        strata: &[Stratum<C>],
    ) -> Result<f64, counters::Error> {
        self.worse.log_e(strata)
    }

    /// What the rollback test keeps of the strata as they were when each window of
    /// [`late`](crate::late) began. Errors: [`counters::Error::Buckets`].
    pub fn since(&self, starts: &[Vec<Stratum<Counts>>]) -> Result<Since, counters::Error> {
        Since::new(&self.worse, starts)
    }

    /// The same null as [`Check::rollback_log_e`], with three tenths of the bet on faults that began with one
    /// of these windows. Errors: [`counters::Error::Buckets`].
    pub fn rollback_log_e_since<C: Borrow<Counts>>(
        &self,
        strata: &[Stratum<C>],
        since: &Since,
    ) -> Result<f64, counters::Error> {
        since.log_e(&self.worse, strata)
    }

    /// Log e-value against "worse by the margin or more" for all units of the gate: 0 until the burn-in is
    /// over. Asymptotic: its guarantee nears α as the burn-in grows. Give this gate's evidence alone. Errors:
    /// [`counters::Error::Buckets`].
    pub fn healthy_log_e<C: Borrow<Counts>>(
        &self,
        strata: &[Stratum<C>],
    ) -> Result<f64, counters::Error> {
        Ok(self.healthy_log_e_of(&self.summaries(strata)?))
    }

    /// Both arms' winsorised means over all units of a [gate](crate::gate) and a confidence sequence of their
    /// difference, at level `alpha` on both sides together: of what the pass rests on, so give it the same
    /// evidence. `None` until both arms have units in one stratum. Errors: [`counters::Error::Buckets`].
    pub fn effect<C: Borrow<Counts>>(
        &self,
        strata: &[Stratum<C>],
        alpha: Alpha,
    ) -> Result<Option<Effect>, counters::Error> {
        Ok(effect::of_gate(&self.summaries(strata)?, self.reference.range(), alpha))
    }

    /// The same over strata of several gates, averaged with the least error: what a fail is told by.
    pub fn effect_over_gates<C: Borrow<Counts>>(
        &self,
        strata: &[Stratum<C>],
        alpha: Alpha,
    ) -> Result<Option<Effect>, counters::Error> {
        Ok(effect::over_gates(&self.summaries(strata)?, alpha))
    }

    /// The incumbent's units in strata of which too few, or too few that differ, were counted on an arm to
    /// tell its mean: the pass takes them at the worst that values go to. Errors:
    /// [`counters::Error::Buckets`].
    pub fn unmeasured<C: Borrow<Counts>>(
        &self,
        strata: &[Stratum<C>],
    ) -> Result<u64, counters::Error> {
        let known = self.summaries(strata)?;
        let of = strata.iter().zip(&known).filter(|(_, known)| !known.counts.is_measured());
        Ok(of.map(|(stratum, _)| stratum.counts.borrow().incumbent.units()).sum())
    }

    pub(crate) fn summaries<C: Borrow<Counts>>(
        &self,
        strata: &[Stratum<C>],
    ) -> Result<Vec<Stratum<Summary>>, counters::Error> {
        let summary = |stratum: &Stratum<C>| {
            let counts = stratum.counts.borrow();
            counts.check(self.reference.buckets())?;
            Ok(stratum.map(|_| Summary::new(counts, &self.reference)))
        };
        strata.iter().map(summary).collect()
    }

    pub(crate) fn healthy_log_e_of(&self, strata: &[Stratum<Summary>]) -> f64 {
        let log_e = |contrast: &Contrast| contrast.log_e(strata, self.reference.range());
        match &self.healthy {
            Healthy::One(contrast) => log_e(contrast),
            Healthy::Both(ratio, absolute) => log_halves(log_e(ratio), log_e(absolute)),
        }
    }
}
