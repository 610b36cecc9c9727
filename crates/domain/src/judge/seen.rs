//! What was counted of one stratum, as a look at all units or at one slice's sees it.
//!
//! Owns that both are the same to every check. Nothing is copied: a look reads a few numbers of what may
//! be thousands.

use crate::evidence::{
    ArmCount, GateCounts, Matured, MaturedValues, Predictions, SliceCounts, Slices,
};
use seatrial_analysis::{ArmHistogram, Cells, kpi};
use std::borrow::Cow;
use std::collections::BTreeMap;

/// Whose units.
#[derive(Debug, Clone, Copy)]
pub(super) enum Seen<'a> {
    All(&'a GateCounts),
    /// Of one slice; none where it has no units here.
    Slice(Option<&'a SliceCounts>),
}

/// Units without an answer.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Missing {
    /// Not yet.
    pub(super) unanswered: ArmCount,
    /// Lost with their process; counted as bad ones.
    pub(super) lost: ArmCount,
}

impl Missing {
    pub(super) const fn is_none(&self) -> bool {
        self.unanswered.is_none() && self.lost.is_none()
    }
}

impl<'a> Seen<'a> {
    /// Units that were answered.
    pub(super) fn units(self) -> ArmCount {
        match self {
            Self::All(counts) => counts.units,
            Self::Slice(counts) => counts.map(SliceCounts::units).unwrap_or_default(),
        }
    }

    /// Units whose window is over and that have no answer yet.
    pub(super) fn unanswered(self) -> ArmCount {
        match self {
            Self::All(counts) => counts.unanswered,
            Self::Slice(counts) => counts.map(|counts| counts.unanswered).unwrap_or_default(),
        }
    }

    /// Of the answered ones, those whose answer was lost with its process; slices tell of none.
    pub(super) fn lost(self) -> ArmCount {
        match self {
            Self::All(counts) => counts.lost,
            Self::Slice(_) => ArmCount::default(),
        }
    }

    /// Both.
    pub(super) fn missing(self) -> Missing {
        Missing { unanswered: self.unanswered(), lost: self.lost() }
    }

    /// Units that were routed; of a slice without those whose window is open, which it does not tell.
    pub(super) fn assigned(self) -> ArmCount {
        match self {
            Self::All(counts) => counts.assigned(),
            Self::Slice(_) => {
                let mut units = self.units();
                units.merge(self.unanswered());
                units
            }
        }
    }

    pub(super) fn errors(self) -> Cells {
        match self {
            Self::All(counts) => counts.errors,
            Self::Slice(counts) => counts.map(|counts| counts.errors).unwrap_or_default(),
        }
    }

    /// Answers over the standard edges, which make so many buckets; an arm without any has not answered
    /// yet.
    pub(super) fn latency(self, buckets: usize) -> Cow<'a, ArmHistogram> {
        match self {
            Self::All(counts) => filled(&counts.latency, buckets),
            Self::Slice(Some(counts)) => Cow::Owned(counts.latency.histogram(buckets)),
            Self::Slice(None) => Cow::Owned(ArmHistogram::empty(buckets)),
        }
    }

    /// Labelled units of a metric.
    pub(super) fn feedback(self, metric: &str) -> Cells {
        self.of(metric, |counts| &counts.feedback, |counts| &counts.feedback)
            .copied()
            .unwrap_or_default()
    }

    /// Units whose label is no longer waited for.
    pub(super) fn matured(self, metric: &str) -> Matured {
        self.of(metric, |counts| &counts.matured, |counts| &counts.matured)
            .copied()
            .unwrap_or_default()
    }

    /// Units and their values of a metric; none where there are none.
    pub(super) fn values(self, metric: &str) -> Option<&'a kpi::Counts> {
        self.of(metric, |counts| &counts.values, |counts| &counts.values)
    }

    /// Units whose value is no longer waited for.
    pub(super) fn matured_values(self, metric: &str) -> Option<&'a MaturedValues> {
        self.of(metric, |counts| &counts.matured_values, |counts| &counts.matured_values)
    }

    /// Answered units by their outcome, under one check.
    pub(super) fn predictions(self, check: &str) -> Option<&'a Predictions> {
        self.of(check, |counts| &counts.predictions, |counts| &counts.predictions)
    }

    fn of<T>(
        self,
        name: &str,
        all: impl Fn(&'a GateCounts) -> &'a BTreeMap<String, T>,
        slice: impl Fn(&'a SliceCounts) -> &'a BTreeMap<String, T>,
    ) -> Option<&'a T> {
        match self {
            Self::All(counts) => all(counts).get(name),
            Self::Slice(counts) => slice(counts?).get(name),
        }
    }

    /// The values of a column that are told apart here.
    pub(super) fn told_apart(self, column: &str) -> impl Iterator<Item = &'a String> {
        let slices: Option<&Slices> = match self {
            Self::All(counts) => Some(&counts.slices),
            Self::Slice(_) => None,
        };
        slices.and_then(|slices| slices.0.get(column)).into_iter().flat_map(BTreeMap::keys)
    }
}

fn filled(counts: &ArmHistogram, buckets: usize) -> Cow<'_, ArmHistogram> {
    if !counts.candidate.is_empty() && !counts.incumbent.is_empty() {
        return Cow::Borrowed(counts);
    }
    let mut counts = counts.clone();
    for arm in [&mut counts.candidate, &mut counts.incumbent] {
        if arm.is_empty() {
            arm.resize(buckets, 0);
        }
    }
    Cow::Owned(counts)
}
