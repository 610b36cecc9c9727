//! Latency checks, with and without a limit.
//!
//! Owns which test judges what. With a limit L, differences below L carry no evidence: rollback
//! needs "slower" *and* "over the limit too often" (the minimum of two e-values is valid for the
//! union of their nulls), healthy needs "over the limit too often" rejected. Without a limit,
//! rollback compares whole distributions and healthy a quantile's ratio. With a limit and a ratio
//! the candidate is unhealthy only beyond both, so healthy averages the two e-values.

mod bernoulli;
mod edges;
mod healthy;
mod limit;
mod passing;
mod quantile_ratio;
mod reference;
mod shift;
mod slower;
mod staked;

pub use edges::{EdgeIndex, Edges, LogLinear};
pub use limit::Limit;
pub use passing::Passing;
pub use quantile_ratio::QuantileRatio;
pub use slower::Slower;

use crate::counts::{self, ArmHistogram, Pi, Stratum};
use crate::late;
use healthy::Healthy;
use std::borrow::Borrow;

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

/// What a check keeps of the windows' starts.
#[derive(Debug, Clone, PartialEq)]
pub enum Since {
    /// Of one with a limit: of either of the two tests whose minimum it is.
    Limited {
        /// "Slower beyond the limit".
        slower: late::Since,
        /// "Over the limit too often".
        over: late::Since,
    },
    /// Of one relative to the incumbent alone.
    Ratio(late::Since),
}

impl Since {
    /// With later starts of the same check.
    #[must_use]
    pub fn and(&self, later: &Self) -> Self {
        match (self, later) {
            (
                Self::Limited { slower, over },
                Self::Limited { slower: later_slower, over: later_over },
            ) => Self::Limited { slower: slower.and(later_slower), over: over.and(later_over) },
            (Self::Ratio(since), Self::Ratio(later)) => Self::Ratio(since.and(later)),
            (Self::Limited { .. }, Self::Ratio(_)) | (Self::Ratio(_), Self::Limited { .. }) => {
                self.clone()
            }
        }
    }
}

impl Check {
    /// Log e-value against "no slower than the incumbent" (and, with a limit, "or within the
    /// limit"). Give all gates of the rollout. Errors: [`counts::Error::Buckets`].
    pub fn rollback_log_e<C: Borrow<ArmHistogram>>(
        &self,
        strata: &[Stratum<C>],
    ) -> Result<f64, counts::Error> {
        match self {
            Self::Limited(limit) | Self::LimitedRatio(limit, _) => limit.rollback_log_e(strata),
            Self::Ratio(slower, _) => slower.log_e(strata),
        }
    }

    /// What the rollback test keeps of the strata as they were when each window of
    /// [`late`] began. Errors: [`counts::Error::Buckets`].
    pub fn since(&self, starts: &[Vec<Stratum<ArmHistogram>>]) -> Result<Since, counts::Error> {
        Ok(match self {
            Self::Limited(limit) | Self::LimitedRatio(limit, _) => {
                let (slower, over) = limit.since(starts)?;
                Since::Limited { slower, over }
            }
            Self::Ratio(slower, _) => Since::Ratio(late::Since::new(slower, starts)?),
        })
    }

    /// The same null as [`Check::rollback_log_e`], with three tenths of the bet on faults that began with one
    /// of these windows. Of another test's windows: nothing is found. Errors:
    /// [`counts::Error::Buckets`].
    pub fn rollback_log_e_since<C: Borrow<ArmHistogram>>(
        &self,
        strata: &[Stratum<C>],
        since: &Since,
    ) -> Result<f64, counts::Error> {
        match (self, since) {
            (
                Self::Limited(limit) | Self::LimitedRatio(limit, _),
                Since::Limited { slower, over },
            ) => limit.rollback_log_e_since(strata, (slower, over)),
            (Self::Ratio(rows, _), Since::Ratio(since)) => since.log_e(rows, strata),
            (Self::Limited(_) | Self::LimitedRatio(..), Since::Ratio(_))
            | (Self::Ratio(..), Since::Limited { .. }) => Ok(0.0),
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

    /// The log e-value of [`Check::passing`]. Errors: [`counts::Error::Buckets`].
    pub fn healthy_log_e<C: Borrow<ArmHistogram>>(
        &self,
        strata: &[Stratum<C>],
    ) -> Result<f64, counts::Error> {
        Ok(self.passing(strata)?.log_e())
    }

    /// Makes the logarithms of the factors for these shares once, instead of at each look.
    #[must_use]
    pub fn prepared_for(self, shares: &[Pi]) -> Self {
        match self {
            Self::Limited(limit) => Self::Limited(limit.prepared_for(shares)),
            Self::LimitedRatio(limit, ratio) => {
                Self::LimitedRatio(limit.prepared_for(shares), ratio)
            }
            Self::Ratio(slower, ratio) => Self::Ratio(slower.prepared_for(shares), ratio),
        }
    }

    /// The healthy side of one gate's counts, summed once for many scales. Errors:
    /// [`counts::Error::Buckets`].
    fn healthy<C: Borrow<ArmHistogram>>(
        &self,
        strata: &[Stratum<C>],
    ) -> Result<Healthy<'_>, counts::Error> {
        Ok(match self {
            Self::Limited(limit) => Healthy::Limited(limit.within(strata)?),
            Self::LimitedRatio(limit, ratio) => {
                Healthy::Both(limit.within(strata)?, ratio.exceeding(strata)?)
            }
            Self::Ratio(_, ratio) => Healthy::Ratio(ratio.exceeding(strata)?),
        })
    }
}

/// The part q of answers that may exceed a quantile: q = 1 − quantile.
fn exceedance(quantile: f64) -> Result<f64, Error> {
    let inside = quantile > 0.0 && quantile < 1.0;
    if inside { Ok(1.0 - quantile) } else { Err(Error::Quantile(quantile)) }
}
