//! Where a candidate is worse: slices ordered by how much worse it is there at the least.
//!
//! Owns the lifts. In the shadow, how many times as often as elsewhere the candidate disagrees in a
//! slice. On live traffic, how much more often its units end badly, how much worse their number is, or
//! how far their answers are apart from the incumbent's *in the same slice*; of bad ends and answers for as
//! many units in each stratum, so that a mix of slices or strata that differs by arm moves nothing (Simpson),
//! and with how much that is beyond the same difference among all other units. The order is by a lower confidence
//! bound: a slice of a few unlucky units does not lead. It is the bound of one look at a fixed time, to
//! order by; refuses to decide anything, which is the checks' to do.

mod found;
mod lift;

#[cfg(test)]
mod tests;

use crate::evidence::PairCount;
use crate::plan::Better;
use crate::verdict::{Counts, SliceLabel, significant};
use found::Found;
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
#[derive(Debug, Clone, PartialEq)]
pub enum Of {
    /// Mirrored pairs, against those of all other slices.
    Pairs { here: PairCount, all: PairCount },
    /// Units of both arms, bad ones counted, against each other; both by the same strata.
    Arms { here: Vec<Counts>, all: Vec<Counts> },
    /// Means of both arms, against each other.
    Means(Means),
    /// Units of both arms by stratum; counted as bad are those with the answer whose part differs most.
    Answers(Vec<Counts>),
}

/// Both arms' mean of a number.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Means {
    pub candidate: f64,
    pub incumbent: f64,
    /// The standard error of their difference.
    pub error: f64,
    pub better: Better,
    /// Candidate units with a value.
    pub units: u64,
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
    /// The candidate's rate of disagreement, of bad outcomes or of one answer, or its mean, in the slice.
    pub candidate: f64,
    /// What it is compared with: the rate of disagreement elsewhere, or the incumbent's rate or mean in
    /// the same slice.
    pub against: f64,
    /// Estimate: a multiple for disagreement, a difference for outcomes and answers, a part of the
    /// incumbent's mean for means.
    pub lift: f64,
    /// The one-sided 97.5 % lower bound of it.
    pub at_least: f64,
    /// The difference beyond that of all other units; of outcomes alone, and none where there are none.
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
    /// Worse than the incumbent's mean in the same slice, as a part of that; 0 is no lift.
    Mean,
    /// How far the arms' parts of one answer are apart in the slice; 0 is no lift.
    Answers,
}

impl RankedSlice {
    /// Whether even the lower bound says worse.
    pub fn stands_out(&self) -> bool {
        self.at_least
            > match self.kind {
                Lift::Disagreement => 1.0,
                Lift::Difference | Lift::Mean | Lift::Answers => 0.0,
            }
    }

    /// `client=mobile: bad 40.0 % vs 9.0 %, worse by at least 24.9 points`.
    pub fn in_words(&self) -> String {
        format!("{}: {}, {}", self.slice, self.compared(), self.least())
    }

    /// Both numbers: `bad 40.0 % vs 9.0 %`.
    pub fn compared(&self) -> String {
        let percent = |rate: f64| format!("{:.1} %", rate * 100.0);
        let (here, against) = (percent(self.candidate), percent(self.against));
        match self.kind {
            Lift::Disagreement => format!("{here} vs {against} elsewhere"),
            Lift::Difference => format!("bad {here} vs {against}"),
            Lift::Mean => {
                format!("{} vs {}", significant(self.candidate), significant(self.against))
            }
            Lift::Answers => format!("an answer {here} vs {against}"),
        }
    }

    /// The lower bound: `worse by at least 24.9 points`.
    pub fn least(&self) -> String {
        let least = 100.0 * self.at_least;
        match self.kind {
            Lift::Disagreement => format!("at least ×{:.1}", self.at_least),
            Lift::Difference => format!("worse by at least {least:.1} points"),
            Lift::Mean => format!("worse by at least {least:.1} %"),
            Lift::Answers => format!("apart by at least {least:.1} points"),
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
    let found = match &sample.of {
        Of::Pairs { here, all } => found::of_pairs(*here, *all),
        Of::Arms { here, all } => found::of_arms(here, all),
        Of::Means(means) => found::of_means(means),
        Of::Answers(counts) => found::of_answers(counts),
    }?;
    let Found { kind, candidate, against, lift, at_least, beyond_rest, units } = found;
    Some(RankedSlice {
        slice: sample.slice.clone(),
        check: sample.check.clone(),
        metric: sample.metric.clone(),
        kind,
        candidate,
        against,
        lift,
        at_least,
        beyond_rest,
        units,
    })
}
