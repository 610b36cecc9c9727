//! Which slice a unit is counted in.
//!
//! Owns the bound on values: those the plan names, else the first that come. Which value a request
//! has, and which came first, no arm's answer can have moved: the unit is placed when it is routed.

use std::collections::{BTreeMap, BTreeSet};

use seatrial_domain::evidence::{Labels, Slices};

use crate::table::Column;

/// The values of each column that are counted apart, in the order in which they came.
#[derive(Debug, Default)]
pub(super) struct ToldApart(BTreeMap<String, BTreeSet<String>>);

impl ToldApart {
    /// The slices of a request with these values.
    pub(super) fn labels(&mut self, values: Vec<(&Column, String)>) -> Labels {
        let label =
            |(column, value): (&Column, String)| (column.name.clone(), self.label(column, value));
        values.into_iter().map(label).collect()
    }

    /// What a unit whose first request has this value is counted under.
    fn label(&mut self, column: &Column, value: String) -> String {
        let stands_in = value == Slices::NO_VALUE || value == Slices::OTHER;
        if stands_in || column.values.contains(&value) {
            return value;
        }
        let met = self.0.entry(column.name.clone()).or_default();
        let has_place =
            column.values.is_empty() && (met.contains(&value) || met.len() < Slices::VALUES);
        if has_place {
            met.insert(value.clone());
            value
        } else {
            Slices::OTHER.to_owned()
        }
    }
}
