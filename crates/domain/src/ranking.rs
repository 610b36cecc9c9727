//! Where a candidate is worse: slices ordered by how much worse it is there at the least.
//!
//! Owns two lifts. In the shadow, how many times as often as elsewhere the candidate disagrees in a
//! slice. On live traffic, how much more often its units end badly than the incumbent's *in the same
//! slice*, so that a mix of slices that differs by arm moves nothing (Simpson); and, beside it, how
//! much that is beyond the same difference among all other units. The order is by a lower confidence
//! bound: a slice of a few unlucky units does not lead. It is the bound of one look at a fixed time, to
//! order by; refuses to decide anything, which is the checks' to do.

mod lift;

#[cfg(test)]
mod tests;

use crate::evidence::PairCount;
use crate::verdict::{Counts, SliceLabel};
use lift::{difference, ratio};
use serde::{Deserialize, Serialize};

/// Candidate units (pairs, in the shadow) below which a slice is not ranked.
pub const UNITS_MIN: u64 = 20;

/// Slices told of one check, the worst first.
pub const TOLD: usize = 5;

/// One slice's counts beside those of everything, under one check or comparison.
#[derive(Debug, Clone, PartialEq)]
pub struct Sample {
    pub slice: SliceLabel,
    /// The check's or comparison's name.
    pub check: String,
    /// What is counted, in words.
    pub metric: String,
    pub of: Of,
}

/// What is compared.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Of {
    /// Mirrored pairs, against those of all other slices.
    Pairs { here: PairCount, all: PairCount },
    /// Units of both arms, bad ones counted, against each other.
    Arms { here: Counts, all: Counts },
}

/// How much worse a candidate is in one slice, by one check.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RankedSlice {
    #[serde(flatten)]
    pub slice: SliceLabel,
    /// The check's or comparison's name.
    pub check: String,
    pub metric: String,
    pub kind: Lift,
    /// The candidate's rate of disagreement or of bad outcomes in the slice.
    pub candidate: f64,
    /// What it is compared with: the rate of disagreement elsewhere, or the incumbent's rate of bad
    /// outcomes in the same slice.
    pub against: f64,
    /// Estimate: a multiple for disagreement, a difference for outcomes.
    pub lift: f64,
    /// The one-sided 97.5 % lower bound of it.
    pub at_least: f64,
    /// The difference beyond that of all other units; none for disagreement, and where there are none.
    pub beyond_rest: Option<f64>,
    /// Candidate units or pairs in the slice.
    pub units: u64,
}

/// What the numbers of a lift are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Lift {
    /// Times as often as elsewhere; 1 is no lift.
    Disagreement,
    /// More often than the incumbent in the same slice; 0 is no lift.
    Difference,
}

impl RankedSlice {
    /// Whether even the lower bound says worse.
    pub fn stands_out(&self) -> bool {
        self.at_least
            > match self.kind {
                Lift::Disagreement => 1.0,
                Lift::Difference => 0.0,
            }
    }

    /// `client=mobile: 40.0 % vs 9.0 % bad`, or, of disagreement, `… vs 9.0 % elsewhere`.
    pub fn in_words(&self) -> String {
        let percent = |rate: f64| format!("{:.1} %", rate * 100.0);
        let (here, against) = (percent(self.candidate), percent(self.against));
        match self.kind {
            Lift::Disagreement => {
                format!(
                    "{}: {here} vs {against} elsewhere, at least ×{:.1}",
                    self.slice, self.at_least
                )
            }
            Lift::Difference => {
                let least = 100.0 * self.at_least;
                format!("{}: bad {here} vs {against}, at least {least:+.1} points", self.slice)
            }
        }
    }
}

/// The samples with units enough, by check in their order, the worst slice of each first; at most
/// [`TOLD`] of each.
#[must_use]
pub fn rank(samples: &[Sample]) -> Vec<RankedSlice> {
    let mut checks: Vec<&str> = Vec::new();
    for sample in samples {
        if !checks.contains(&sample.check.as_str()) {
            checks.push(&sample.check);
        }
    }
    checks.into_iter().flat_map(|check| of_check(check, samples)).collect()
}

fn of_check(check: &str, samples: &[Sample]) -> Vec<RankedSlice> {
    let of_it = samples.iter().filter(|sample| sample.check == check);
    let mut ranked: Vec<_> = of_it.filter_map(ranked).collect();
    ranked.sort_by(|one, other| {
        other.at_least.total_cmp(&one.at_least).then_with(|| one.slice.cmp(&other.slice))
    });
    ranked.truncate(TOLD);
    ranked
}

/// None with too few units, or without anything to compare with.
fn ranked(sample: &Sample) -> Option<RankedSlice> {
    let Sample { slice, check, metric, of } = sample.clone();
    let blank = RankedSlice {
        slice,
        check,
        metric,
        kind: Lift::Difference,
        candidate: 0.0,
        against: 0.0,
        lift: 0.0,
        at_least: 0.0,
        beyond_rest: None,
        units: 0,
    };
    match of {
        Of::Pairs { here, all } => {
            let rest = PairCount {
                pairs: all.pairs.saturating_sub(here.pairs),
                disagree: all.disagree.saturating_sub(here.disagree),
            };
            let bound = ratio((here.disagree, here.pairs), (rest.disagree, rest.pairs));
            (here.pairs >= UNITS_MIN && rest.pairs >= UNITS_MIN).then_some(RankedSlice {
                kind: Lift::Disagreement,
                candidate: here.rate()?,
                against: rest.rate()?,
                lift: bound.estimate,
                at_least: bound.lower,
                units: here.pairs,
                ..blank
            })
        }
        Of::Arms { here, all } => {
            let bound = difference(&here)?;
            let beyond_rest =
                difference(&without(&all, &here)).map(|rest| bound.estimate - rest.estimate);
            (here.candidate_total >= UNITS_MIN).then_some(RankedSlice {
                candidate: lift::rate(here.candidate_bad, here.candidate_total),
                against: lift::rate(here.incumbent_bad, here.incumbent_total),
                lift: bound.estimate,
                at_least: bound.lower,
                beyond_rest,
                units: here.candidate_total,
                ..blank
            })
        }
    }
}

fn without(all: &Counts, here: &Counts) -> Counts {
    Counts {
        candidate_bad: all.candidate_bad.saturating_sub(here.candidate_bad),
        candidate_total: all.candidate_total.saturating_sub(here.candidate_total),
        incumbent_bad: all.incumbent_bad.saturating_sub(here.incumbent_bad),
        incumbent_total: all.incumbent_total.saturating_sub(here.incumbent_total),
    }
}
