//! The healthy side of one gate's latencies, for these counts and multiples of them.
//!
//! Owns how a limit's evidence and a ratio's come together: their average, taken bucket by bucket, so
//! that its least is at the bucket that the ratio refutes least.

use super::limit::Within;
use super::quantile_ratio::{Binding, Exceeding};
use crate::logspace::log_halves;

/// What the healthy test of a check needs of its counts.
#[derive(Debug)]
pub(crate) enum Healthy<'a> {
    Limited(Within<'a>),
    Both(Within<'a>, Exceeding<'a>),
    Ratio(Exceeding<'a>),
}

impl Healthy<'_> {
    /// The log e-value of `scale` times the counts, and which bucket of the incumbent's quantile it is
    /// of; a limit alone has none, and says the first.
    pub(crate) fn least(&self, scale: f64) -> Binding {
        match self {
            Self::Limited(within) => Binding { bucket: 0, log_e: within.log_e(scale) },
            Self::Both(within, ratio) => {
                let Binding { bucket, log_e } = ratio.least(scale);
                Binding { bucket, log_e: log_halves(within.log_e(scale), log_e) }
            }
            Self::Ratio(ratio) => ratio.least(scale),
        }
    }

    /// The log e-value if the incumbent's quantile is known to be in one bucket: at `scale` nought it is
    /// 0, and it is convex in the scale.
    pub(crate) fn log_e(&self, bucket: usize, scale: f64) -> f64 {
        match self {
            Self::Limited(within) => within.log_e(scale),
            Self::Both(within, ratio) => {
                log_halves(within.log_e(scale), ratio.log_e(bucket, scale))
            }
            Self::Ratio(ratio) => ratio.log_e(bucket, scale),
        }
    }
}
