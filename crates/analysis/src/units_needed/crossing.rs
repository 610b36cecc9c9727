//! Where a convex log e-value first reaches its threshold.
//!
//! Owns few evaluations: each is a whole mixture. The line through two points of a convex function lies
//! under it on either side of them. So where the line through two numbers of units that are enough comes
//! down to the threshold, the units are enough still: the search comes from above, where few terms of a
//! mixture count, and nears the answer ever faster. What is found rests on the last two evaluations alone,
//! as with halving: enough, and one unit less not.

use super::UNITS_MAX;
use crate::counts::float;
use crate::level::Alpha;

/// A number of units and its log e-value.
type Point = (u64, f64);

/// The fewest units beyond `known`, which are not enough, whose log e-value is; `None` beyond
/// [`UNITS_MAX`].
pub(super) fn beyond(known: u64, alpha: Alpha, log_e: impl Fn(u64) -> f64) -> Option<u64> {
    let (mut low, mut high) = (known, (UNITS_MAX, log_e(UNITS_MAX)));
    if low >= high.0 || !alpha.rejects(high.1) {
        return None;
    }
    let mut next = Some(high.0 / 2);
    while high.0 - low > 1 {
        // Halving is for where the last one was not enough: next to the answer, or by rounding.
        let half = low + (high.0 - low) / 2;
        let units = next.unwrap_or(half).clamp(low + 1, high.0 - 1);
        let tried = (units, log_e(units));
        if alpha.rejects(tried.1) {
            next = reached((tried, high), alpha.log_threshold());
            high = tried;
        } else {
            (next, low) = (None, units);
        }
    }
    Some(high.0)
}

/// Where the line through two points reaches the threshold; none where it does not rise.
fn reached(((from, at), (to, then)): (Point, Point), threshold: f64) -> Option<u64> {
    let slope = (then - at) / (float(to) - float(from));
    let reached = float(from) + (threshold - at) / slope;
    (slope > 0.0 && reached.is_finite()).then(|| units(reached))
}

#[expect(clippy::cast_possible_truncation, reason = "brought between two counts afterwards")]
#[expect(clippy::cast_sign_loss, reason = "brought between two counts afterwards")]
fn units(reached: f64) -> u64 {
    reached.ceil() as u64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::logspace::log_sum_exp;
    use proptest::prelude::*;
    use std::cell::Cell;

    /// A mixture of rows, each so much at first and so much more with each unit.
    fn mixture(rows: &[(f64, f64)]) -> impl Fn(u64) -> f64 {
        move |units| {
            let of = |(at_first, each): &(f64, f64)| at_first + float(units) * each;
            log_sum_exp(&rows.iter().map(of).collect::<Vec<_>>())
        }
    }

    fn halved(alpha: Alpha, log_e: impl Fn(u64) -> f64) -> Option<u64> {
        let (mut low, mut high) = (0, UNITS_MAX);
        while high - low > 1 {
            let middle = low + (high - low) / 2;
            if alpha.rejects(log_e(middle)) { high = middle } else { low = middle }
        }
        alpha.rejects(log_e(high)).then_some(high)
    }

    fn rows() -> impl Strategy<Value = Vec<(f64, f64)>> {
        let row = (-6.0..0.0_f64, -1.0..1.0_f64, -7.0..0.0_f64);
        prop::collection::vec(row, 1..20).prop_map(|rows| {
            let each = 1.0 / rows.len() as f64;
            let row = |(weight, sign, size): (f64, f64, f64)| {
                ((each * weight.exp()).ln(), sign * 10.0_f64.powf(size))
            };
            rows.into_iter().map(row).collect()
        })
    }

    proptest! {
        #[test]
        fn what_is_found_is_what_halving_finds_within_a_third_of_its_evaluations(rows in rows()) {
            let (alpha, evaluated) = (Alpha::USUAL, Cell::new(0_u32));
            let log_e = mixture(&rows);
            let counted = |units| {
                evaluated.set(evaluated.get() + 1);
                log_e(units)
            };
            let found = beyond(0, alpha, counted);
            prop_assert_eq!(found, halved(alpha, &log_e));
            prop_assert!(evaluated.get() <= 13, "{} evaluations", evaluated.get());
            let Some(enough) = found else { return Ok(()) };
            prop_assert_eq!(beyond(enough / 2, alpha, &log_e), Some(enough));
        }
    }

    #[test]
    fn what_never_rises_is_never_enough() {
        assert_eq!(beyond(0, Alpha::USUAL, |_| -0.1), None);
        assert_eq!(beyond(0, Alpha::USUAL, |_| f64::NEG_INFINITY), None);
    }

    #[test]
    fn each_number_of_units_is_told_from_one_less() {
        let alpha = Alpha::USUAL;
        for enough in 1..=300_u64 {
            for slope in [0.003, 1.0, 40.0] {
                let log_e =
                    |units| alpha.log_threshold() + slope * (float(units) - float(enough) + 0.5);
                assert_eq!(beyond(0, alpha, log_e), Some(enough), "{slope}");
                // No line: it rises at once, and no further.
                let step = |units| if units < enough { 0.0 } else { 4.0 };
                assert_eq!(beyond(0, alpha, step), Some(enough));
            }
        }
    }
}
