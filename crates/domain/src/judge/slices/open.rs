//! Which values of a slice that names none are tests.
//!
//! Owns that over all looks they are at most as many as the budget is for: the first
//! [`Slices::VALUES`] and what stands for the others and for none, whatever gateways, gates and
//! restarts tell apart. What an earlier look took stays, since the evidence's maxima tell of it; a
//! free place goes to the earliest gate's, in the order of names. Values beyond are not judged:
//! folded into the others they would change of whom these were counted.

use crate::evidence::Slices;
use crate::judge::look::Look;
use crate::verdict::SliceLabel;
use std::collections::BTreeSet;

/// A column's values that are tests.
#[derive(Debug, Default)]
pub(super) struct ToldApart {
    pub(super) values: BTreeSet<String>,
    /// Those of them that were none at any look before.
    pub(super) new: Vec<SliceLabel>,
}

pub(super) fn told_apart(column: &str, look: &Look<'_>) -> ToldApart {
    let kept = look.evidence.maxima.keys().filter_map(|name| SliceLabel::kept(name, column));
    let mut told = ToldApart { values: kept.map(|it| it.value).collect(), new: Vec::new() };
    // Oldest gate first.
    for stratum in look.strata(|_| true, |seen| seen) {
        stratum.counts.told_apart(column).for_each(|value| told.take(column, value));
    }
    told
}

impl ToldApart {
    fn take(&mut self, column: &str, value: &str) {
        let places = self.values.iter().filter(|value| !stands_in(value)).count();
        let room = stands_in(value) || places < Slices::VALUES;
        if room && self.values.insert(value.to_owned()) {
            self.new.push(SliceLabel { column: column.to_owned(), value: value.to_owned() });
        }
    }
}

fn stands_in(value: &str) -> bool {
    value == Slices::OTHER || value == Slices::NO_VALUE
}
