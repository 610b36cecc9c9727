//! Whether the evidence itself can be trusted, as `explain` tells it beside the checks that rest on it:
//! how units were split, and how many have the labels they are judged by. Where it can't, passes are
//! void. Computed by `judge` when asked, from the same tests that decide; not stored.

mod words;

use super::{Budget, Next};
use crate::evidence::{ArmCount, GateIndex};
use serde::{Deserialize, Serialize};

/// What passes are void without.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Trust {
    /// None in the shadow, which splits nothing.
    pub split: Option<Split>,
    /// Of each enforced check on labels.
    pub labels: Vec<Labelled>,
}

/// How units were split between the arms, against what their gates asked for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Split {
    /// By stratum, the canary first.
    pub strata: Vec<SplitStratum>,
    /// `analysis.sampleRatio.alpha`, of which no check has a part. Of the evidence at this moment.
    pub budget: Budget,
    /// A mismatch if so many of the next units of this gate, of either arm, are the candidate's; none: it
    /// is one already, or not even if all are.
    pub mismatch_at: Option<Next>,
    /// A mismatch also if no more than so many of the next units are the candidate's, since the test looks
    /// both ways; none: it is one already, or not even if none are.
    #[serde(default)]
    pub mismatch_below: Option<Next>,
    /// All of this in sentences.
    pub words: Vec<String>,
}

/// Units that had one probability to be the candidate's, answered or not.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct SplitStratum {
    pub gate: GateIndex,
    /// The candidate's probability: the gate's share, given what earlier gates had shown.
    pub share: f64,
    pub units: ArmCount,
}

/// How many of this gate's units whose label is due have one, and whether labels come alike on both
/// arms.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Labelled {
    pub check: String,
    /// Assigned at least `lateBy` ago.
    pub due: ArmCount,
    pub labelled: ArmCount,
    /// The least part that must have one, on each arm.
    pub least: f64,
    /// More labels of units that are due until each arm has its least part.
    pub missing: ArmCount,
    /// Of the test that labels depend on the arm, at this moment.
    pub budget: Budget,
    /// All of this in sentences.
    pub words: Vec<String>,
}

impl Split {
    /// Whether the units are split as their gates asked for.
    #[must_use]
    pub fn is_plausible(&self) -> bool {
        self.budget.spent < 1.0
    }

    /// The same with its sentences.
    #[must_use]
    pub fn in_words(mut self) -> Self {
        self.words = words::of_split(&self);
        self
    }
}

impl Labelled {
    /// Whether labels have been seen to depend on the arm.
    #[must_use]
    pub fn depend_on_arm(&self) -> bool {
        self.budget.spent >= 1.0
    }

    /// The same with its sentences.
    #[must_use]
    pub fn in_words(mut self) -> Self {
        self.words = words::of_labels(&self);
        self
    }
}
