//! How many more candidate units until a healthy verdict, if things stay as expected?
//!
//! Owns planning and progress: expected counts are put through the *same* e-functions that decide,
//! so there is no second copy of the mathematics to disagree with. It refuses to promise: real
//! counts scatter around expected ones. Log e-values are log-sums of functions linear in the counts,
//! hence convex: from below, the threshold is crossed at most once.

mod crossing;

use std::borrow::Borrow;

use crate::counts::{ArmHistogram, Cells, Error, Mass, Pi, Stratum, float};
use crate::gate;
use crate::kpi;
use crate::latency;
use crate::level::Alpha;
use crate::two_outcome;

/// Beyond this many candidate units the answer is "never at these rates".
pub const UNITS_MAX: u64 = 1 << 40;

/// Rates that are expected to hold from now on, at the share of the gate.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Expected {
    /// The candidate's assignment probability.
    pub pi: Pi,
    /// The candidate's rate of bad outcomes, 0..=1.
    pub candidate_bad: f64,
    /// The incumbent's rate of bad outcomes, 0..=1.
    pub incumbent_bad: f64,
}

impl Expected {
    /// "The same as so far." `None` until both arms have units.
    pub fn observed(stratum: &Stratum<Cells>) -> Option<Self> {
        let Cells { candidate_bad, incumbent_bad, .. } = stratum.counts;
        let (candidate, incumbent) = (stratum.counts.candidate(), stratum.counts.incumbent());
        (candidate > 0 && incumbent > 0).then(|| Self {
            pi: stratum.pi,
            candidate_bad: float(candidate_bad) / float(candidate),
            incumbent_bad: float(incumbent_bad) / float(incumbent),
        })
    }

    /// Expected cells for one candidate unit and the incumbent units that come with it.
    fn cells(&self) -> Stratum<Mass> {
        let incumbent = (1.0 - self.pi.get()) / self.pi.get();
        let counts = Mass([
            self.candidate_bad,
            1.0 - self.candidate_bad,
            incumbent * self.incumbent_bad,
            incumbent * (1.0 - self.incumbent_bad),
        ]);
        Stratum { pi: self.pi, counts }
    }
}

/// Means that are expected to hold, at the share of the gate.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ExpectedKpi {
    /// The candidate's assignment probability.
    pub pi: Pi,
    /// The candidate's values.
    pub candidate: ExpectedValues,
    /// The incumbent's values.
    pub incumbent: ExpectedValues,
}

/// One arm's values, winsorised, in the metric's unit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ExpectedValues {
    /// Their mean.
    pub mean: f64,
    /// Their standard deviation.
    pub deviation: f64,
}

impl ExpectedValues {
    fn of(self, units: f64) -> kpi::Arm {
        kpi::Arm { units, varied: units, mean: self.mean, variance: self.deviation.powi(2) }
    }
}

/// Candidate units still needed by an errors or feedback check, beyond the gate's evidence `so_far`: every
/// stratum that the gate may have, counted or not.
/// Zero when it is healthy now; `None` when it never will be at these rates.
pub fn two_outcome(
    check: &two_outcome::Check,
    so_far: &[Stratum<Cells>],
    expected: &Expected,
    alpha: Alpha,
) -> Option<u64> {
    let passing = check.passing(so_far, Some(&expected.cells()));
    smallest(alpha, |more| passing.log_e(float(more)))
}

/// Candidate answers that are expected before a limit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ExpectedAnswers {
    /// The assignment probability of their stratum.
    pub pi: Pi,
    /// The part of them above the limit, 0..=1.
    pub exceeding: f64,
}

/// Candidate units still needed by a latency limit, if those to come are of one stratum. `so_far` is every
/// stratum that the gate may have, counted or not: they have their say in the [stakes](crate::gate). Errors:
/// [`Error::Buckets`].
pub fn latency_limit(
    limit: &latency::Limit,
    so_far: &[Stratum<ArmHistogram>],
    ExpectedAnswers { pi, exceeding }: ExpectedAnswers,
    alpha: Alpha,
) -> Result<Option<u64>, Error> {
    let part = gate::stake_beside(so_far, pi);
    let so_far = limit.within(so_far)?;
    Ok(smallest(alpha, |more| {
        let more = float(more);
        so_far.log_e_with(part, (more * exceeding, more * (1.0 - exceeding)))
    }))
}

/// Candidate units still needed by any latency check, if both arms go on exactly as before. `None` also
/// while the candidate has no units.
pub fn latency(so_far: &latency::Passing<'_>, alpha: Alpha) -> Option<u64> {
    if so_far.is_empty() {
        return None;
    }
    // Each bucket that the incumbent's quantile may lie in is refuted from some number on, and all are
    // from the largest of these on. The one refuted least is often the last: so few are tried.
    let mut more = 0;
    loop {
        let least = so_far.least(more);
        if alpha.rejects(least.log_e) {
            return Some(more);
        }
        let refuted = |more: u64| so_far.log_e_of(least.bucket, more);
        more = crossing::beyond(more, alpha, refuted)?;
    }
}

/// Candidate units still needed by a KPI check, if both arms go on exactly as in `so_far`; at least
/// those of the burn-in. `None` also while the candidate has no units. Errors: [`Error::Buckets`].
pub fn kpi<C: Borrow<kpi::Counts>>(
    check: &kpi::Check,
    so_far: &[Stratum<C>],
    alpha: Alpha,
) -> Result<Option<u64>, Error> {
    let summaries = check.summaries(so_far)?;
    let units: f64 = summaries.iter().map(|stratum| stratum.counts.candidate.units).sum();
    if units == 0.0 {
        return Ok(None);
    }
    Ok(smallest(alpha, |more| {
        let scale = 1.0 + float(more) / units;
        let scaled: Vec<_> =
            summaries.iter().map(|stratum| stratum.map(|counts| counts.scaled(scale))).collect();
        check.healthy_log_e_of(&scaled)
    }))
}

/// Candidate units needed by a KPI check from nothing, if the arms' winsorised means and standard
/// deviations are as given. `None` where it never passes.
pub fn kpi_expected(check: &kpi::Check, expected: &ExpectedKpi, alpha: Alpha) -> Option<u64> {
    smallest(alpha, |units| {
        let candidate = float(units);
        let pi = expected.pi;
        let incumbent = candidate * (1.0 - pi.get()) / pi.get();
        let counts = kpi::Summary {
            candidate: expected.candidate.of(candidate),
            incumbent: expected.incumbent.of(incumbent),
        };
        check.healthy_log_e_of(&[Stratum { pi, counts }])
    })
}

/// The fewest more units whose log e-value is enough, where that is a convex function of them and not
/// enough at first; zero where it is enough at once, `None` beyond [`UNITS_MAX`].
fn smallest(alpha: Alpha, log_e: impl Fn(u64) -> f64) -> Option<u64> {
    if alpha.rejects(log_e(0)) { Some(0) } else { crossing::beyond(0, alpha, log_e) }
}
