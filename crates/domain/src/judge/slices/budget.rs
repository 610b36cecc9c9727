//! How a check's error budget is shared out over the whole and the slices.
//!
//! Owns the split, a function of the plan alone: no value that comes, and no order in which values
//! come, moves any of it. So the parts of all tests that can roll back sum to at most the check's
//! weight, and weighted Bonferroni over all checks stays within alpha. Values that only warn roll
//! nothing back; they have a budget beside it, which bounds false warnings of a column by alpha.

use crate::evidence::{ShadowCounts, Slices};
use crate::plan::{LiveSlice, ShadowSlice};

/// What stands for other values and for none.
const STAND_INS: usize = 2;

/// What the slices that gate the shadow have of each of its tests' parts, together: as much as a live
/// slice that enforces has where its policy does not say.
const GATING_PART: f64 = 0.5;

/// Parts of each check's weight.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::judge) struct Budget {
    /// All units together.
    pub(in crate::judge) whole: f64,
    /// Of each value, by slice.
    pub(in crate::judge) each: Vec<f64>,
}

impl Budget {
    /// None where the slices leave nothing for the whole, or one that enforces names no value.
    pub(in crate::judge) fn of(slices: &[LiveSlice]) -> Option<Self> {
        let named = |slice: &LiveSlice| slice.weight.is_none() || !slice.values.is_empty();
        slices.iter().all(named).then(|| Self::split(slices.iter().map(live)))?
    }

    /// Of the shadow's slices, whose values are whatever is told apart.
    pub(in crate::judge) fn of_shadow(slices: &[ShadowSlice]) -> Option<Self> {
        let gating = slices.iter().filter(|slice| slice.max_disagreement.is_some()).count();
        let tests = ShadowCounts::SLICE_VALUES + STAND_INS;
        Self::split(slices.iter().map(|slice| Part {
            weight: slice.max_disagreement.map(|_| GATING_PART / count(gating.max(1))),
            tests,
        }))
    }

    /// None where nothing is left for the whole.
    fn split(slices: impl Iterator<Item = Part>) -> Option<Self> {
        let (mut given, mut each) = (0.0, Vec::new());
        for Part { weight, tests } in slices {
            given += weight.unwrap_or(0.0);
            each.push(weight.unwrap_or(1.0) / count(tests.max(1)));
        }
        (given < 1.0).then_some(Self { whole: 1.0 - given, each })
    }
}

/// One slice's.
#[derive(Debug, Clone, Copy)]
struct Part {
    /// None: it warns, beside the budget.
    weight: Option<f64>,
    /// Over all looks.
    tests: usize,
}

/// A slice that enforces tests exactly the values it names; one that warns, any that is told apart.
fn live(slice: &LiveSlice) -> Part {
    let told_apart = if slice.values.is_empty() { Slices::VALUES } else { slice.values.len() };
    let tests = match slice.weight {
        Some(_) => slice.values.len(),
        None => told_apart + STAND_INS,
    };
    Part { weight: slice.weight, tests }
}

fn count(values: usize) -> f64 {
    f64::from(u32::try_from(values).unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::KeySource;
    use proptest::prelude::*;

    fn slice(values: usize, weight: Option<f64>) -> LiveSlice {
        let values = (0..values).map(|value| value.to_string()).collect();
        LiveSlice { key: KeySource::Parameter("client".to_owned()), values, weight }
    }

    #[test]
    fn without_slices_the_whole_has_it_all() {
        assert_eq!(Budget::of(&[]), Some(Budget { whole: 1.0, each: Vec::new() }));
    }

    #[test]
    fn a_slice_that_warns_takes_nothing_from_the_whole() {
        let budget = Budget::of(&[slice(0, None), slice(3, None)]).unwrap();
        assert!((budget.whole - 1.0).abs() < 1e-12);
        assert!((budget.each[1] - 0.2).abs() < 1e-12);
    }

    #[test]
    fn a_split_that_leaves_nothing_or_tests_what_it_does_not_name_is_none() {
        assert_eq!(Budget::of(&[slice(2, Some(0.6)), slice(2, Some(0.4))]), None);
        assert_eq!(Budget::of(&[slice(0, Some(0.5))]), None);
    }

    #[test]
    fn the_shadows_gating_slices_have_half_between_them_whatever_values_come() {
        let key = || KeySource::Parameter("client".to_owned());
        let slice = |limit| ShadowSlice { key: key(), max_disagreement: limit };
        let budget = Budget::of_shadow(&[slice(Some(0.2)), slice(None), slice(Some(0.3))]).unwrap();
        let each = vec![0.25 / 52.0, 1.0 / 52.0, 0.25 / 52.0];
        assert_eq!(budget, Budget { whole: 0.5, each });
        let each = vec![1.0 / 52.0];
        assert_eq!(Budget::of_shadow(&[slice(None)]), Some(Budget { whole: 1.0, each }));
    }

    proptest! {
        #[test]
        fn what_can_roll_back_never_has_more_than_the_whole_budget(
            slices in prop::collection::vec((1..17_usize, prop::option::of(0.0001..0.24)), 0..5),
        ) {
            let slices: Vec<_> = slices.iter().map(|(n, weight)| slice(*n, *weight)).collect();
            let budget = Budget::of(&slices).unwrap();
            let enforced = slices.iter().zip(&budget.each).filter(|(it, _)| it.weight.is_some());
            let tests: f64 = enforced.map(|(it, each)| it.values.len() as f64 * each).sum();
            prop_assert!(budget.whole > 0.0 && budget.whole + tests <= 1.0 + 1e-12);
        }
    }
}
