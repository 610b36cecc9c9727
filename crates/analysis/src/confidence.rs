//! Confidence sequences, for reports: at every look at once, the truth lies within them except with
//! probability α.
//!
//! Owns the inversion of tests: an interval holds the values that the matching test does not reject,
//! so that what a report shows is never at odds with the verdict's mathematics. Each side of a
//! difference or a quantile has half of α. Refuses to decide: margins are judged by the
//! checks themselves, which spend their α on one side.

mod quantile;
mod two_outcome;

pub use quantile::Quantile;
pub use two_outcome::Difference;

use serde::{Deserialize, Serialize};

use crate::counts::float;
use crate::level::Alpha;
use crate::mixture::BetaBinomial;

/// Where intervals of a rate are tightest, in units.
pub const TUNED_UNITS: f64 = 1_000.0;

/// Halvings of a rate's range: to the last digits of a rare one.
const HALVINGS: u32 = 50;

/// Both ends of a confidence sequence at one look.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Interval {
    /// The smallest value not rejected.
    pub lower: f64,
    /// The largest value not rejected.
    pub upper: f64,
}

/// One arm's rate of an outcome (an answer over the limit, an error) from `with` of `units` units,
/// tightest near `tuned_units` of them: the rates not rejected by the beta-binomial mixture that is
/// made for each (Howard et al. 2021). Without units, every rate.
pub fn rate(with: u64, units: u64, tuned_units: f64, alpha: Alpha) -> Interval {
    let (with, units) = (float(with), float(units));
    if units == 0.0 {
        return Interval { lower: 0.0, upper: 1.0 };
    }
    let rejected = |p: f64| {
        let mixture = BetaBinomial::two_sided(p * (1.0 - p) * tuned_units, (p, 1.0 - p), alpha);
        alpha.rejects(mixture.log_e_of(with, units - with))
    };
    let observed = with / units;
    Interval {
        lower: if with > 0.0 { boundary((0.0, observed), HALVINGS, rejected) } else { 0.0 },
        upper: if with < units { boundary((1.0, observed), HALVINGS, rejected) } else { 1.0 },
    }
}

/// Between `outside`, which is taken for rejected, and `inside`, which is not: the value from which
/// on values are not rejected any more, from outside, so that rounding widens.
fn boundary(
    (mut outside, mut inside): (f64, f64),
    halvings: u32,
    rejected: impl Fn(f64) -> bool,
) -> f64 {
    for _ in 0..halvings {
        let middle = 0.5 * (outside + inside);
        if rejected(middle) { outside = middle } else { inside = middle }
    }
    outside
}
