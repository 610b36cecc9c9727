//! Checks on two outcomes: errors, and feedback such as correct or converted.
//!
//! Owns which test judges what: rollback by the errors row (errors) or the betting family
//! (feedback), healthy by the family against the policy's margin. The base rate is unknown and may
//! drift. Refuses to keep a verdict: it is recomputed from counts at each look.

mod contrast;
mod family;

use serde::{Deserialize, Serialize};

use crate::bet::Mixture;
use crate::counts::{Cells, Mass, Pi, Stratum};
use crate::errors_row::ErrorsRow;
use crate::late::Since;
use crate::logspace::log_halves;

pub use contrast::{Contrast, Error};
use family::Lines;
pub use family::{Centres, Family};

/// How much worse a candidate may be and still pass, in bad outcomes.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Margin {
    /// Unhealthy from this multiple of the incumbent's bad rate. Decides nothing when nothing fails.
    Ratio(f64),
    /// Unhealthy from this many more bad outcomes a unit.
    Absolute(f64),
    /// Unhealthy only beyond both.
    Both {
        /// The multiple.
        ratio: f64,
        /// The difference.
        absolute: f64,
    },
}

/// One two-outcome metric's tests, with their grids made once.
#[derive(Debug, Clone)]
pub struct Check {
    rollback: Rollback,
    healthy: Healthy,
}

#[derive(Debug, Clone)]
enum Rollback {
    ErrorsRow(ErrorsRow),
    Family(Family),
}

#[derive(Debug, Clone)]
enum Healthy {
    One(Family),
    Both(Family, Family),
}

/// The evidence of one gate's counts that the check passes, and of more of one stratum.
#[derive(Debug)]
pub(crate) enum Passing {
    One(Lines),
    Both(Lines, Lines),
}

/// How much is staked against either kind of margin.
#[derive(Debug, Clone, Copy)]
struct Mixtures {
    ratio: Mixture,
    absolute: Mixture,
}

impl Check {
    /// Errors: the errors row for rollback; c = 0 for healthy, with ½ on the whole bet against a
    /// difference, which a candidate without a single error is to pass soon. Against a ratio nothing
    /// passes while nothing fails, so there the bets are where rates that are alike are found soonest.
    pub fn errors(margin: Margin) -> Result<Self, Error> {
        let mixtures = Mixtures { ratio: Mixture::WithinRatio, absolute: Mixture::HalfOnWhole };
        let healthy = Healthy::new(margin, &Centres::Errors, mixtures)?;
        Ok(Self { rollback: Rollback::ErrorsRow(ErrorsRow::default()), healthy })
    }

    /// Feedback: the family with seven centres of equal weights, in both directions. "Bad" is the
    /// outcome that is not wanted.
    pub fn feedback(margin: Margin) -> Result<Self, Error> {
        Self::with_centres(margin, &Centres::Feedback)
    }

    /// Feedback with centres of the caller's choice, for example one frozen from shadow labels.
    pub fn with_centres(margin: Margin, centres: &Centres) -> Result<Self, Error> {
        let rollback = Family::new(Contrast::no_worse(), centres, Mixture::Common)?;
        let mixtures = Mixtures { ratio: Mixture::Common, absolute: Mixture::Common };
        let healthy = Healthy::new(margin, centres, mixtures)?;
        Ok(Self { rollback: Rollback::Family(rollback), healthy })
    }

    /// Makes the logarithms of the factors for these shares once, instead of at each look.
    #[must_use]
    pub fn prepared_for(self, shares: &[Pi]) -> Self {
        let rollback = match self.rollback {
            Rollback::ErrorsRow(row) => Rollback::ErrorsRow(row.prepared_for(shares)),
            Rollback::Family(family) => Rollback::Family(family.prepared_for(shares)),
        };
        let gates: Vec<_> = shares.iter().map(|pi| vec![*pi]).collect();
        Self { rollback, ..self }.prepared_for_gates(&gates)
    }

    /// The same for passes of gates with these strata, in place of those of one.
    #[must_use]
    pub fn prepared_for_gates(self, gates: &[Vec<Pi>]) -> Self {
        let healthy = match self.healthy {
            Healthy::One(family) => Healthy::One(family.prepared_for_gates(gates)),
            Healthy::Both(ratio, absolute) => {
                Healthy::Both(ratio.prepared_for_gates(gates), absolute.prepared_for_gates(gates))
            }
        };
        Self { healthy, ..self }
    }

    /// Log e-value against "no worse than the incumbent". Give all gates of the rollout.
    pub fn rollback_log_e(&self, strata: &[Stratum<Cells>]) -> f64 {
        match &self.rollback {
            Rollback::ErrorsRow(row) => row.log_e(strata),
            Rollback::Family(family) => family.log_e(strata),
        }
    }

    /// What the rollback test keeps of the strata as they were when each window of [`late`](crate::late) began.
    pub fn since(&self, starts: &[Vec<Stratum<Cells>>]) -> Since {
        match &self.rollback {
            Rollback::ErrorsRow(row) => Since::of_checked(row, starts),
            Rollback::Family(family) => Since::of_checked(family, starts),
        }
    }

    /// The same null, with three tenths of the bet on faults that began with one of these windows.
    pub fn rollback_log_e_since(&self, strata: &[Stratum<Cells>], since: &Since) -> f64 {
        match &self.rollback {
            Rollback::ErrorsRow(row) => since.log_e_of_checked(row, strata),
            Rollback::Family(family) => since.log_e_of_checked(family, strata),
        }
    }

    /// Log e-value against "worse by the margin or more" for the units of the gate, all
    /// [together](crate::gate). Give this gate's evidence alone, and every stratum that the gate may have,
    /// counted or not.
    pub fn healthy_log_e(&self, strata: &[Stratum<Cells>]) -> f64 {
        self.passing(strata, None).log_e(0.0)
    }

    /// The same of these strata and so many times one more, summed once for any number.
    pub(crate) fn passing(
        &self,
        strata: &[Stratum<Cells>],
        more: Option<&Stratum<Mass>>,
    ) -> Passing {
        let lines = |family: &Family| family.lines(strata, more);
        match &self.healthy {
            Healthy::One(family) => Passing::One(lines(family)),
            Healthy::Both(ratio, absolute) => Passing::Both(lines(ratio), lines(absolute)),
        }
    }
}

impl Passing {
    /// The log e-value with so many times the stratum more.
    pub(crate) fn log_e(&self, times: f64) -> f64 {
        match self {
            Self::One(lines) => lines.log_e(times),
            Self::Both(ratio, absolute) => log_halves(ratio.log_e(times), absolute.log_e(times)),
        }
    }
}

impl Healthy {
    fn new(margin: Margin, centres: &Centres, mixtures: Mixtures) -> Result<Self, Error> {
        let ratio = |r| Family::new(Contrast::within_ratio(r)?, centres, mixtures.ratio);
        let absolute = |m| Family::new(Contrast::within_absolute(m)?, centres, mixtures.absolute);
        Ok(match margin {
            Margin::Ratio(r) => Self::One(ratio(r)?),
            Margin::Absolute(m) => Self::One(absolute(m)?),
            Margin::Both { ratio: r, absolute: m } => Self::Both(ratio(r)?, absolute(m)?),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn cells(most: u64) -> impl Strategy<Value = Cells> {
        let count = move || prop_oneof![1 => Just(0), 3 => 0..=most];
        (count(), count(), count(), count()).prop_map(|of| Cells {
            candidate_bad: of.0,
            candidate_good: of.1,
            incumbent_bad: of.2,
            incumbent_good: of.3,
        })
    }

    proptest! {
        #[test]
        fn so_many_times_one_more_stratum_are_what_counting_them_says(
            so_far in cells(2_000), other in cells(500), each in cells(9), times in 0..400_u64,
        ) {
            let stratum = |pi, counts| Stratum::new(pi, counts).unwrap();
            let many = Cells {
                candidate_bad: times * each.candidate_bad,
                candidate_good: times * each.candidate_good,
                incumbent_bad: times * each.incumbent_bad,
                incumbent_good: times * each.incumbent_good,
            };
            let margin = Margin::Both { ratio: 2.0, absolute: 0.02 };
            for check in [Check::errors(margin).unwrap(), Check::feedback(margin).unwrap()] {
                let known = [stratum(0.25, so_far), stratum(0.1, other)];
                let [one, two] = known.clone();
                let counted = check.healthy_log_e(&[one, two, stratum(0.25, many)]);
                let passing = check.passing(&known, Some(&stratum(0.25, each).map(Cells::mass)));
                let found = passing.log_e(times as f64);
                let same = found.total_cmp(&counted).is_eq() || (found - counted).abs() <= 1e-9 * counted.abs().max(1.0);
                prop_assert!(same, "{found} {counted}");
            }
        }
    }
}
