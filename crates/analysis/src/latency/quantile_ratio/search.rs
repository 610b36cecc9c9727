//! The bucket that is refuted least, without trying each.
//!
//! Owns a branch and bound. From bucket to bucket fewer answers exceed the edges, so the candidate's
//! bets and the incumbent's lower ones never win less, and the incumbent's upper ones never more: over
//! a run of buckets the e-value is at least that of the first's winners and the last's. A run whose
//! bound is not below the least value known is left out whole. A mixture is at least its largest term,
//! which takes no exponential: mostly that is bound enough. What is found is the least value itself, to
//! the bit.

use super::{Binding, Exceeding};
use crate::logspace::{largest, log_sum_exp};

/// By how much a bound of mixtures is above that of their largest terms at most: of eight bets on the
/// candidate, and of three parts of which two are eight bets on the incumbent.
const MIXED_MAX: f64 = 5.3;

impl Exceeding<'_> {
    /// The bucket that `scale` times these counts refute least: all others are refuted at least as
    /// much.
    pub(crate) fn least(&self, scale: f64) -> Binding {
        let last = self.test.buckets - 1;
        let guess = self.guess().clamp(1, last - 1);
        let mut least = Binding { bucket: guess, log_e: self.log_e(guess, scale) };
        // The first and the last bucket lack a bet each, so the bound of a run is not for them.
        let mut runs = vec![(0, 0), (last, last), (1, guess - 1), (guess + 1, last - 1)];
        while let Some(run @ (first, last)) = runs.pop() {
            if first > last {
                continue;
            }
            let roughly = self.mixed_by(largest, run, scale);
            if roughly >= least.log_e {
                continue;
            }
            // Far below, mixing would not make it enough.
            if first == last || roughly + MIXED_MAX >= least.log_e {
                let bound = self.mixed_by(log_sum_exp, run, scale);
                if bound >= least.log_e {
                    continue;
                }
                if first == last {
                    least = Binding { bucket: first, log_e: bound };
                    continue;
                }
            }
            let middle = first + (last - first) / 2;
            // What is refuted least is next to the guess: that half first.
            let (lower, upper) = ((first, middle), (middle + 1, last));
            runs.extend(if last < guess { [lower, upper] } else { [upper, lower] });
        }
        least
    }

    /// Where the incumbent's quantile seems to be: what is refuted least is near it.
    fn guess(&self) -> usize {
        let allowed = self.incumbent.total * self.test.exceedance;
        self.incumbent.above.partition_point(|above| *above > allowed)
    }
}
