//! Where a convex log e-value first reaches its threshold.
//!
//! Owns few evaluations: each is a whole mixture. A chord of a convex function lies above it, so where
//! the chord between a point below the threshold and one above reaches it, the function does not yet;
//! and a line through two points below lies under the function beyond them, so where the line reaches
//! the threshold, the function has. The two close in from both sides. What is found rests on the last
//! two evaluations alone, as with halving: enough, and one unit less not.

use super::UNITS_MAX;
use crate::counts::float;
use crate::level::Alpha;

/// How much further the next guess goes while nothing was enough.
const GROWTH: u64 = 16;

/// A number of units and its log e-value.
type Point = (u64, f64);

/// How the next guess between two points is made, in turn. Halving is for what is hardly bent there.
const GUESSES: [Guess; 3] = [Guess::Chord, Guess::Line, Guess::Half];

#[derive(Debug, Clone, Copy)]
enum Guess {
    /// Not beyond the answer.
    Chord,
    /// Not before it.
    Line,
    Half,
}

/// Units that are not enough, the last of those tried before, and units that are.
struct Bracket {
    before: Option<Point>,
    low: Point,
    high: Point,
}

/// The fewest units beyond `known`, which are not enough, whose log e-value is; `None` beyond
/// [`UNITS_MAX`].
pub(super) fn beyond(known: Point, alpha: Alpha, log_e: impl Fn(u64) -> f64) -> Option<u64> {
    let mut bracket = Bracket::around(known, alpha, &log_e)?;
    let mut guesses = GUESSES.into_iter().cycle();
    while let Some(between) = bracket.between(guesses.next(), alpha.log_threshold()) {
        let tried = (between, log_e(between));
        if alpha.rejects(tried.1) {
            bracket.high = tried;
        } else {
            (bracket.before, bracket.low) = (Some(bracket.low), tried);
        }
    }
    Some(bracket.high.0)
}

impl Bracket {
    fn around(known: Point, alpha: Alpha, log_e: impl Fn(u64) -> f64) -> Option<Self> {
        let (mut before, mut low) = (None, known);
        let mut units = known.0.saturating_mul(GROWTH).max(1);
        loop {
            let tried = (units, log_e(units));
            if alpha.rejects(tried.1) {
                return Some(Self { before, low, high: tried });
            }
            if units >= UNITS_MAX {
                return None;
            }
            (before, low) = (Some(low), tried);
            units = units.saturating_mul(GROWTH);
        }
    }

    /// A number strictly between the two; none where there is none.
    fn between(&self, guess: Option<Guess>, threshold: f64) -> Option<u64> {
        let (low, high) = (self.low.0, self.high.0);
        let reached = match guess? {
            Guess::Chord => reached((self.low, self.high), threshold).map(f64::floor),
            Guess::Line => self.before.and_then(|before| reached((before, self.low), threshold)),
            Guess::Half => None,
        };
        let half = low + (high - low) / 2;
        let units = reached.map_or(half, units);
        (high - low > 1).then(|| units.clamp(low + 1, high - 1))
    }
}

/// Where the line through two points reaches the threshold; none where it does not rise.
fn reached(((from, at), (to, then)): (Point, Point), threshold: f64) -> Option<f64> {
    let slope = (then - at) / (float(to) - float(from));
    let units = float(from) + (threshold - at) / slope;
    (slope > 0.0 && units.is_finite()).then_some(units)
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
            let found = beyond((0, log_e(0)), alpha, counted);
            prop_assert_eq!(found, halved(alpha, &log_e));
            prop_assert!(evaluated.get() <= 26, "{} evaluations", evaluated.get());
            let Some(enough) = found else { return Ok(()) };
            let known = (enough / 2, log_e(enough / 2));
            prop_assert_eq!(beyond(known, alpha, &log_e), Some(enough));
        }
    }

    #[test]
    fn what_never_rises_is_never_enough() {
        assert_eq!(beyond((0, -0.1), Alpha::USUAL, |_| -0.1), None);
        assert_eq!(beyond((0, 0.0), Alpha::USUAL, |_| f64::NEG_INFINITY), None);
    }
}
