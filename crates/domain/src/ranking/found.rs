//! The numbers of one slice: rates or means, how they differ, and the least that they do.
//!
//! Each is none with fewer than [`UNITS_MIN`] units, or without anything to compare with.

use super::lift::{self, Apart, difference, ratio};
use super::{Lift, Means, UNITS_MIN};
use crate::evidence::PairCount;
use crate::mix;
use crate::plan::Better;
use crate::verdict::Counts;

/// As in [`super::RankedSlice`].
#[derive(Debug, Clone, Copy)]
pub(super) struct Found {
    pub(super) kind: Lift,
    pub(super) candidate: f64,
    pub(super) against: f64,
    pub(super) lift: f64,
    pub(super) at_least: f64,
    pub(super) beyond_rest: Option<f64>,
    pub(super) units: u64,
}

pub(super) fn of_pairs(here: PairCount, all: PairCount) -> Option<Found> {
    let rest = PairCount {
        pairs: all.pairs.saturating_sub(here.pairs),
        disagree: all.disagree.saturating_sub(here.disagree),
    };
    let bound = ratio((here.disagree, here.pairs), (rest.disagree, rest.pairs));
    let enough = here.pairs >= UNITS_MIN && rest.pairs >= UNITS_MIN;
    Some(Found {
        kind: Lift::Disagreement,
        candidate: here.rate()?,
        against: rest.rate()?,
        lift: bound.estimate,
        at_least: bound.lower,
        beyond_rest: None,
        units: here.pairs,
    })
    .filter(|_| enough)
}

/// Both by the same strata.
pub(super) fn of_arms(here: &[Counts], all: &[Counts]) -> Option<Found> {
    let apart = difference(here)?;
    let rest = difference(&without(all, here));
    let beyond_rest = rest.map(|rest| apart.bound.estimate - rest.bound.estimate);
    let units = mix::sum(here).candidate_total;
    enough(units).then_some(Found { beyond_rest, ..rates(apart, Lift::Difference, units) })
}

/// A mean of nothing has no parts.
pub(super) fn of_means(means: &Means) -> Option<Found> {
    let Means { candidate, incumbent, error, better, units } = *means;
    let worse = match better {
        Better::Higher => incumbent - candidate,
        Better::Lower => candidate - incumbent,
    };
    let bound = lift::normal(worse, error);
    let part = |amount: f64| amount / incumbent.abs();
    (enough(units) && incumbent != 0.0).then(|| Found {
        kind: Lift::Mean,
        candidate,
        against: incumbent,
        lift: part(bound.estimate),
        at_least: part(bound.lower),
        beyond_rest: None,
        units,
    })
}

/// The answer that the candidate gives more often, or all others, is what is counted.
pub(super) fn of_answers(here: &[Counts]) -> Option<Found> {
    let told = difference(here)?;
    let more = told.bound.estimate >= 0.0;
    let others = || here.iter().map(others).collect::<Vec<_>>();
    let bound = if more { told.bound } else { difference(&others())?.bound };
    let units = mix::sum(here).candidate_total;
    enough(units).then(|| rates(Apart { bound, ..told }, Lift::Answers, units))
}

const fn enough(units: u64) -> bool {
    units >= UNITS_MIN
}

fn rates(apart: Apart, kind: Lift, units: u64) -> Found {
    let Apart { candidate, incumbent, bound } = apart;
    Found {
        kind,
        candidate,
        against: incumbent,
        lift: bound.estimate,
        at_least: bound.lower,
        beyond_rest: None,
        units,
    }
}

/// Stratum by stratum.
fn without(all: &[Counts], here: &[Counts]) -> Vec<Counts> {
    let less = |(all, here): (&Counts, &Counts)| Counts {
        candidate_bad: all.candidate_bad.saturating_sub(here.candidate_bad),
        candidate_total: all.candidate_total.saturating_sub(here.candidate_total),
        incumbent_bad: all.incumbent_bad.saturating_sub(here.incumbent_bad),
        incumbent_total: all.incumbent_total.saturating_sub(here.incumbent_total),
    };
    all.iter().zip(here).map(less).collect()
}

const fn others(counts: &Counts) -> Counts {
    Counts {
        candidate_bad: counts.candidate_total.saturating_sub(counts.candidate_bad),
        incumbent_bad: counts.incumbent_total.saturating_sub(counts.incumbent_bad),
        ..*counts
    }
}
