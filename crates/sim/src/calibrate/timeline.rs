//! When the truth changes, when a look is taken, and when a window ends, in units.

use super::cell::{Cell, Traffic};
use crate::rng::Rng;
use std::f64::consts::TAU;

/// Pieces in which traffic that changes is constant, in each gate.
const PIECES: u32 = 100;
const DAYS: f64 = 7.0;
/// Windows in a run, as minutes in an hour.
pub(super) const WINDOWS: u64 = 60;
/// The base at incidents, as a multiple.
const INCIDENT: f64 = 20.0;
const INCIDENT_PART: f64 = 0.05;
/// Parts of the users and their multiples of the base, whose mean is one: a few of them are far worse
/// off than the others.
const USER_LEVELS: [(f64, f64); 2] = [(0.994, 0.1), (0.006, 150.1)];
/// The same of new units and of those that were there before.
const RETURNING_LEVELS: [(f64, f64); 2] = [(0.5, 0.4), (0.5, 1.6)];

/// Levels of the base that a cell knows, and what they are at which time.
#[derive(Debug, Clone)]
pub(super) struct Timeline {
    traffic: Traffic,
    gates: usize,
    max_units: u64,
    onset: u64,
    levels: Vec<f64>,
}

/// Whether the cell's effect has begun.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Effect {
    ToCome,
    Begun,
}

/// Units of one gate at one level: up to `end`, counted from the run's beginning.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Segment {
    pub(super) gate: usize,
    pub(super) level: usize,
    pub(super) end: u64,
    pub(super) effect: Effect,
}

impl Timeline {
    pub(super) fn new(cell: &Cell) -> Self {
        let pieces = PIECES * u32::try_from(cell.shares.len()).unwrap_or(1);
        let at = |piece: u32| (f64::from(piece) + 0.5) / f64::from(pieces);
        let levels = match cell.traffic {
            Traffic::Constant => vec![1.0],
            Traffic::Ramp => (0..pieces).map(|piece| 1.0 + 7.0 * at(piece)).collect(),
            Traffic::Diurnal => {
                (0..pieces).map(|piece| 1.0 + 0.8 * (TAU * DAYS * at(piece)).sin()).collect()
            }
            Traffic::Bursty => vec![1.0, INCIDENT],
            Traffic::Users | Traffic::Returning => kinds(cell.traffic).map(|it| it.1).to_vec(),
        };
        let (traffic, gates, max_units) = (cell.traffic, cell.shares.len(), cell.max_units);
        Self { traffic, gates, max_units, onset: cell.onset, levels }
    }

    /// Multiples of the base.
    pub(super) fn levels(&self) -> &[f64] {
        &self.levels
    }

    /// One run's segments, in order.
    pub(super) fn segments(&self, rng: &mut Rng) -> Vec<Segment> {
        let pieces = match self.traffic {
            Traffic::Constant | Traffic::Users | Traffic::Returning => 1,
            Traffic::Ramp | Traffic::Diurnal | Traffic::Bursty => u64::from(PIECES),
        };
        let all = pieces * self.gates as u64;
        let of_gate = |gate: usize| (0..pieces).map(move |piece| (gate, piece));
        let segment = |(gate, piece): (usize, u64)| {
            let index = gate as u64 * pieces + piece;
            let level = match self.traffic {
                Traffic::Constant | Traffic::Users | Traffic::Returning => 0,
                Traffic::Ramp | Traffic::Diurnal => usize::try_from(index).unwrap_or_default(),
                Traffic::Bursty => usize::from(rng.chance(INCIDENT_PART)),
            };
            let end = part(self.max_units, index + 1, all);
            Segment { gate, level, end, effect: Effect::Begun }
        };
        let whole: Vec<_> = (0..self.gates).flat_map(of_gate).map(segment).collect();
        self.cut_at_onset(whole)
    }

    /// The segment in which the effect begins as two: up to there, and from there on.
    fn cut_at_onset(&self, whole: Vec<Segment>) -> Vec<Segment> {
        let (mut begin, mut cut) = (0, Vec::with_capacity(whole.len() + 1));
        for segment in whole {
            if begin < self.onset {
                let end = self.onset.min(segment.end);
                cut.push(Segment { end, effect: Effect::ToCome, ..segment });
            }
            if segment.end > self.onset {
                cut.push(segment);
            }
            begin = segment.end;
        }
        cut
    }

    /// The level of one user.
    pub(super) fn of_user(traffic: Traffic, rng: &mut Rng) -> usize {
        let [(first, _), _] = kinds(traffic);
        usize::from(!rng.chance(first))
    }

    /// The end of the window that holds the unit after `at`.
    pub(super) fn window_end(&self, at: u64) -> u64 {
        let length = (self.max_units / WINDOWS).max(1);
        (at / length + 1) * length
    }
}

/// The two kinds of users: their parts, and their multiples of the base.
pub(super) const fn kinds(traffic: Traffic) -> [(f64, f64); 2] {
    match traffic {
        Traffic::Users => USER_LEVELS,
        Traffic::Returning => RETURNING_LEVELS,
        Traffic::Constant | Traffic::Ramp | Traffic::Diurnal | Traffic::Bursty => {
            [(1.0, 1.0), (0.0, 1.0)]
        }
    }
}

/// `numerator` parts of `all`, rounded down, without overflow.
fn part(units: u64, numerator: u64, all: u64) -> u64 {
    let wide = u128::from(units) * u128::from(numerator) / u128::from(all.max(1));
    u64::try_from(wide).unwrap_or(units)
}

/// The unit after which the next look is taken, when one was taken after `at`.
pub(super) fn next_look(at: u64, growth: f64) -> u64 {
    #[expect(clippy::cast_possible_truncation, reason = "a part of a count")]
    #[expect(clippy::cast_sign_loss, reason = "growth is checked to be at least 0")]
    let step = (at as f64 * growth) as u64;
    at.saturating_add(step.max(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_segment_of_the_onset_is_cut_there_and_none_is_there_twice() {
        let of = |onset: u64| {
            let shares = vec![0.1, 0.25, 0.5];
            let timeline =
                Timeline::new(&Cell { shares, max_units: 300, onset, ..Cell::default() });
            let segments = timeline.segments(&mut Rng::new(1)).into_iter();
            segments.map(|it| (it.gate, it.end, it.effect)).collect::<Vec<_>>()
        };
        let (come, begun) = (Effect::ToCome, Effect::Begun);
        assert_eq!(of(0), [(0, 100, begun), (1, 200, begun), (2, 300, begun)]);
        assert_eq!(of(150), [(0, 100, come), (1, 150, come), (1, 200, begun), (2, 300, begun)]);
        assert_eq!(of(200), [(0, 100, come), (1, 200, come), (2, 300, begun)]);
    }
}
