//! The bucket that is refuted least, without trying each.
//!
//! Owns a branch and bound. From bucket to bucket fewer answers exceed the edges, so the candidate's
//! bets and the incumbent's lower ones never win less, and the incumbent's upper ones never more: over
//! a run of buckets the e-value is at least that of the first's winners and the last's. A run whose
//! bound is not below the least value known is left out whole. What is found is the least value itself,
//! to the bit.

use super::{Binding, Exceeding};

/// The first and the last of neighbouring buckets.
type Run = (usize, usize);

impl Exceeding<'_> {
    /// The bucket that `scale` times these counts refute least: all others are refuted at least as
    /// much.
    pub(crate) fn least(&self, scale: f64) -> Binding {
        let binding = |bucket| Binding { bucket, log_e: self.log_e(bucket, scale) };
        let less = |a: Binding, b: Binding| if b.log_e < a.log_e { b } else { a };
        // The first and the last bucket lack a bet each, so the bound is not for them.
        let last = self.test.buckets - 1;
        let mut least = less(binding(0), binding(last));
        let guess = self.guess().clamp(1, last - 1);
        least = less(least, binding(guess));
        let mut runs = vec![(1, guess - 1), (guess + 1, last - 1)];
        while let Some((first, last)) = runs.pop() {
            if first > last || self.bound((first, last), scale) >= least.log_e {
                continue;
            }
            let middle = first + (last - first) / 2;
            least = less(least, binding(middle));
            runs.extend([(first, middle - 1), (middle + 1, last)]);
        }
        least
    }

    /// Where the incumbent's quantile seems to be: what is refuted least is near it.
    fn guess(&self) -> usize {
        let allowed = self.incumbent.total * self.test.exceedance;
        self.incumbent.above.partition_point(|above| *above > allowed)
    }

    /// What no bucket of the run is below.
    fn bound(&self, (first, last): Run, scale: f64) -> f64 {
        let upper = self.at_upper_edge(last, scale);
        self.of_candidate(first, scale) + self.averaged(upper, self.at_lower_edge(first, scale))
    }
}
