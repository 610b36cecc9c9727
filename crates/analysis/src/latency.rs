//! Latency checks, with and without a limit.
//!
//! Owns which test judges what. With a limit L, differences below L carry no evidence: rollback
//! needs "slower" *and* "over the limit too often" (the minimum of two e-values is valid for the
//! union of their nulls), healthy needs "over the limit too often" rejected. Without a limit,
//! rollback compares whole distributions and healthy a quantile's ratio. With a limit and a ratio
//! the candidate is unhealthy only beyond both, so healthy averages the two e-values.

mod bernoulli;
mod edges;
mod limit;
mod quantile_ratio;
mod reference;
mod slower;

pub use edges::{EdgeIndex, Edges, LogLinear};
pub use limit::Limit;
pub use quantile_ratio::QuantileRatio;
pub use slower::Slower;

use crate::counts::{self, ArmHistogram, Pi, Stratum};
use crate::logspace::log_halves;

/// A configuration that makes no latency test.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
pub enum Error {
    /// Edges must be at least two, positive and strictly increasing.
    #[error("bucket edges are not positive and strictly increasing")]
    Edges,
    /// No edge lies at or below the limit, so it cannot be rounded down.
    #[error("limit of {0} µs is below the smallest bucket edge")]
    Limit(u64),
    /// A quantile strictly between 0 and 1.
    #[error("quantile {0} is not strictly between 0 and 1")]
    Quantile(f64),
    /// The multiple of the incumbent's quantile that is too slow.
    #[error("ratio {0} is not a number above 1")]
    Ratio(f64),
    /// Scores are made from the incumbent's latencies in staging or shadow; there were none.
    #[error("the reference histogram is empty")]
    EmptyReference,
    /// The reference histogram was counted on other edges.
    #[error(transparent)]
    Counts(#[from] counts::Error),
}

/// One latency metric's tests, with their grids made once.
#[derive(Debug, Clone)]
pub enum Check {
    /// `{limit}`: an absolute bound on a quantile.
    Limited(Limit),
    /// `{limit, margin: {ratio}}`: unhealthy only beyond both.
    LimitedRatio(Limit, QuantileRatio),
    /// `{margin: {ratio}}`: relative to the incumbent alone.
    Ratio(Slower, QuantileRatio),
}

impl Check {
    /// Log e-value against "no slower than the incumbent" (and, with a limit, "or within the
    /// limit"). Give all gates of the rollout. Errors: [`counts::Error::Buckets`].
    pub fn rollback_log_e(&self, strata: &[Stratum<ArmHistogram>]) -> Result<f64, counts::Error> {
        match self {
            Self::Limited(limit) | Self::LimitedRatio(limit, _) => limit.rollback_log_e(strata),
            Self::Ratio(slower, _) => slower.log_e(strata),
        }
    }

    /// The edges that answers are compared with, if they are few: where between two of them an answer
    /// lies changes no e-value. `None`: every edge.
    pub fn edges(&self) -> Option<[EdgeIndex; 3]> {
        match self {
            Self::Limited(limit) => Some(limit.edges()),
            Self::LimitedRatio(..) | Self::Ratio(..) => None,
        }
    }

    /// Log e-value against "too slow". Give this gate's evidence alone. Errors:
    /// [`counts::Error::Buckets`].
    pub fn healthy_log_e(&self, strata: &[Stratum<ArmHistogram>]) -> Result<f64, counts::Error> {
        Ok(self.healthy_log_e_of(&self.pooled(strata)?, 1.0))
    }

    /// Makes the logarithms of the factors for these shares once, instead of at each look.
    #[must_use]
    pub fn prepared_for(self, shares: &[Pi]) -> Self {
        match self {
            Self::Limited(limit) => Self::Limited(limit),
            Self::LimitedRatio(limit, ratio) => Self::LimitedRatio(limit, ratio),
            Self::Ratio(slower, ratio) => Self::Ratio(slower.prepared_for(shares), ratio),
        }
    }

    /// Healthy tests compare each arm with a bound of its own, so shares do not enter and counts of
    /// several strata may be added.
    pub(crate) fn pooled(
        &self,
        strata: &[Stratum<ArmHistogram>],
    ) -> Result<ArmHistogram, counts::Error> {
        let mut pooled = ArmHistogram::empty(self.buckets());
        strata.iter().try_for_each(|stratum| pooled.merge(&stratum.counts))?;
        Ok(pooled)
    }

    /// The healthy log e-value of `scale` times the pooled counts.
    pub(crate) fn healthy_log_e_of(&self, pooled: &ArmHistogram, scale: f64) -> f64 {
        match self {
            Self::Limited(limit) => limit.healthy_log_e_scaled(&pooled.candidate, scale),
            Self::LimitedRatio(limit, ratio) => log_halves(
                limit.healthy_log_e_scaled(&pooled.candidate, scale),
                ratio.log_e_scaled(pooled, scale),
            ),
            Self::Ratio(_, ratio) => ratio.log_e_scaled(pooled, scale),
        }
    }

    fn buckets(&self) -> usize {
        match self {
            Self::Limited(limit) => limit.buckets(),
            Self::LimitedRatio(_, ratio) | Self::Ratio(_, ratio) => ratio.buckets(),
        }
    }
}

/// The part q of answers that may exceed a quantile: q = 1 − quantile.
fn exceedance(quantile: f64) -> Result<f64, Error> {
    let inside = quantile > 0.0 && quantile < 1.0;
    if inside { Ok(1.0 - quantile) } else { Err(Error::Quantile(quantile)) }
}
