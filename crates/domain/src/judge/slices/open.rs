//! Which values of a slice that names none are tests.
//!
//! Owns that over all looks they are at most as many as the budget is for: the first
//! [`Slices::VALUES`] and what stands for the others and for none, whatever gateways, gates and
//! restarts tell apart. What an earlier look took stays, since the evidence's maxima tell of it; a
//! free place goes to the earliest gate's, in the order of names. Values beyond are not judged:
//! folded into the others they would change of whom these were counted.

use crate::evidence::{GateCounts, Slices};
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
    let met = |counts: &GateCounts| -> Vec<String> {
        counts.slices.0.get(column).into_iter().flatten().map(|(value, _)| value.clone()).collect()
    };
    // Oldest gate first.
    for value in look.strata(|_| true, met).into_iter().flat_map(|stratum| stratum.counts) {
        told.take(column, value);
    }
    told
}

impl ToldApart {
    fn take(&mut self, column: &str, value: String) {
        let places = self.values.iter().filter(|value| !stands_in(value)).count();
        if (stands_in(&value) || places < Slices::VALUES) && self.values.insert(value.clone()) {
            self.new.push(SliceLabel { column: column.to_owned(), value });
        }
    }
}

fn stands_in(value: &str) -> bool {
    value == Slices::OTHER || value == Slices::NO_VALUE
}
