//! The frozen buckets, scores and range of one KPI.
//!
//! Owns the map from a value to what is counted. Edges are quantiles of the reference values, atoms
//! (a value many units share, such as nought) in buckets of their own, so that any sign and scale
//! works. It refuses to change once made: it is stored with the evidence counted on it.

use serde::{Deserialize, Serialize};

use super::{BUCKETS_MAX, Error, exact, shape};
use crate::counts::float;
use crate::normal;

/// The fewest values a reference is made of.
pub const REFERENCE_VALUES_MIN: usize = 200;

/// Steps from the lower to the upper end of the range. Squares of 2^32 units fit a counter.
pub(super) const STEPS: u64 = 1 << 16;

/// The part of the values above (and, where some are negative, below) the range.
const WINSORISED: f64 = 0.01;

/// Buckets, their scores and the range of winsorised values, all frozen.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Stored", into = "Stored")]
pub struct Reference {
    edges: Vec<f64>,
    shape: Vec<f64>,
    ranks: Vec<f64>,
    low: f64,
    high: f64,
}

#[derive(Serialize, Deserialize)]
struct Stored {
    /// Strictly increasing; bucket b holds the values in (edge b−1, edge b].
    #[serde(with = "exact")]
    edges: Vec<f64>,
    /// By bucket, non-decreasing: the score that is best against a change of the values' scale.
    #[serde(with = "exact")]
    shape: Vec<f64>,
    /// By bucket, non-decreasing: normal scores of the mid-ranks.
    #[serde(with = "exact")]
    ranks: Vec<f64>,
    /// The ends of the range: what is outside counts as its end.
    #[serde(with = "exact")]
    range: Vec<f64>,
}

/// What is counted of one value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Scored {
    pub(super) bucket: usize,
    pub(super) steps: u64,
}

impl Reference {
    /// Freezes what is counted from the incumbent's values, in any order. Errors:
    /// [`Error::NotFinite`], [`Error::TooFew`], [`Error::Constant`].
    pub fn freeze(values: &[f64]) -> Result<Self, Error> {
        if values.len() < REFERENCE_VALUES_MIN {
            return Err(Error::TooFew { found: values.len() });
        }
        if values.iter().any(|value| !value.is_finite()) {
            return Err(Error::NotFinite);
        }
        let mut sorted = values.to_vec();
        sorted.sort_by(f64::total_cmp);
        let edges = quantile_edges(&sorted);
        let (low, high) = range(&sorted).ok_or(Error::Constant)?;
        let mut counts = vec![0_u64; edges.len() + 1];
        for value in &sorted {
            if let Some(count) = counts.get_mut(bucket(&edges, *value)) {
                *count += 1;
            }
        }
        let shape = shape::scores(&sorted, &edges, &counts);
        let ranks = ranks(&counts);
        Stored { edges, shape, ranks, range: vec![low, high] }.try_into()
    }

    /// Buckets counted: at most [`BUCKETS_MAX`].
    pub fn buckets(&self) -> usize {
        self.edges.len() + 1
    }

    /// The bucket of a finite value. Errors: [`Error::NotFinite`].
    pub fn bucket_of(&self, value: f64) -> Result<usize, Error> {
        self.score(value).map(|scored| scored.bucket)
    }

    /// The range in which values are averaged: the least, where some reference value was negative,
    /// and the largest hundredth count as its ends.
    pub fn range(&self) -> (f64, f64) {
        (self.low, self.high)
    }

    pub(super) fn score(&self, value: f64) -> Result<Scored, Error> {
        if !value.is_finite() {
            return Err(Error::NotFinite);
        }
        let part = (value.clamp(self.low, self.high) - self.low) / self.width();
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "between 0 and 2^16"
        )]
        let steps = (part * float(STEPS)).round() as u64;
        Ok(Scored { bucket: bucket(&self.edges, value), steps })
    }

    /// The value that `steps` (an average of them) stand for.
    pub(super) fn value_at(&self, steps: f64) -> f64 {
        self.low + self.step() * steps
    }

    /// One step in the metric's unit.
    pub(super) fn step(&self) -> f64 {
        self.width() / float(STEPS)
    }

    /// By bucket: the shape's score and the rank's.
    pub(super) fn scores(&self) -> impl Iterator<Item = (f64, f64)> {
        self.shape.iter().copied().zip(self.ranks.iter().copied())
    }

    fn width(&self) -> f64 {
        self.high - self.low
    }
}

impl TryFrom<Stored> for Reference {
    type Error = Error;

    fn try_from(stored: Stored) -> Result<Self, Error> {
        let Stored { edges, shape, ranks, range } = stored;
        let &[low, high] = range.as_slice() else { return Err(Error::Damaged) };
        let rises = |list: &[f64]| list.windows(2).all(|pair| matches!(pair, [a, b] if a <= b));
        let strictly = edges.windows(2).all(|pair| matches!(pair, [a, b] if a < b));
        let finite =
            [&edges, &shape, &ranks].into_iter().flatten().all(|number| number.is_finite());
        let fits = shape.len() == edges.len() + 1 && ranks.len() == shape.len();
        let sized = (2..=BUCKETS_MAX).contains(&shape.len());
        let wide = low < high && (high - low).is_finite();
        if strictly && finite && fits && sized && wide && rises(&shape) && rises(&ranks) {
            Ok(Self { edges, shape, ranks, low, high })
        } else {
            Err(Error::Damaged)
        }
    }
}

impl From<Reference> for Stored {
    fn from(reference: Reference) -> Self {
        let Reference { edges, shape, ranks, low, high } = reference;
        Self { edges, shape, ranks, range: vec![low, high] }
    }
}

fn bucket(edges: &[f64], value: f64) -> usize {
    edges.partition_point(|edge| *edge < value)
}

/// Cuts what is left into equal parts, again after each: an atom larger than a part takes one
/// bucket, and the rest share the others.
fn quantile_edges(sorted: &[f64]) -> Vec<f64> {
    let mut edges = Vec::new();
    let mut taken = 0;
    for parts in (2..=BUCKETS_MAX).rev() {
        let next = taken + ((sorted.len() - taken) / parts).max(1);
        let Some(edge) = sorted.get(next - 1).copied() else { break };
        taken = sorted.partition_point(|value| *value <= edge);
        if taken >= sorted.len() {
            break;
        }
        edges.push(edge);
    }
    if edges.is_empty() {
        // All but a few are the largest value, and the few are less than a part: they are told apart.
        let largest = sorted.last().copied().unwrap_or_default();
        let below = sorted.partition_point(|value| *value < largest);
        edges.extend(below.checked_sub(1).and_then(|index| sorted.get(index)));
    }
    edges
}

/// From nought (or p1 where a value is negative) to p99. Where p99 is not above the lower end, as
/// of a metric that is nought for nearly every unit, p99 of the values above it; where there are none
/// either, from p1 of the values below it. `None` if all are alike.
fn range(sorted: &[f64]) -> Option<(f64, f64)> {
    let low = match sorted.first() {
        Some(least) if *least < 0.0 => quantile(sorted, WINSORISED)?,
        Some(_) => 0.0,
        None => return None,
    };
    let high = quantile(sorted, 1.0 - WINSORISED)?;
    let above = sorted.get(sorted.partition_point(|value| *value <= low)..)?;
    let range = match quantile(above, 1.0 - WINSORISED) {
        _ if high > low => (low, high),
        Some(highest) => (low, highest),
        None => {
            let below = sorted.get(..sorted.partition_point(|value| *value < low))?;
            (quantile(below, WINSORISED)?, low)
        }
    };
    (sorted.first() < sorted.last()).then_some(range)
}

/// The smallest value with at least a part p of all at or below it.
fn quantile(sorted: &[f64], p: f64) -> Option<f64> {
    let below = |index: usize| float(index as u64 + 1) < p * float(sorted.len() as u64);
    let index = (0..sorted.len()).collect::<Vec<_>>().partition_point(|index| below(*index));
    sorted.get(index).copied()
}

/// Normal scores of each bucket's mid-rank, half a unit away from 0 and 1.
fn ranks(counts: &[u64]) -> Vec<f64> {
    let total = float(counts.iter().sum());
    let mut below = 0;
    let rank = |count: &u64| {
        let middle = float(below) + 0.5 * float(*count) + 0.5;
        below += count;
        normal::quantile(middle / (total + 1.0))
    };
    shape::standardised(counts.iter().map(rank).collect(), counts)
}
