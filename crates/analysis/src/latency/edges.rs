//! Latency bucket edges, frozen before the canary.
//!
//! Owns the map from microseconds to buckets. Edges are thresholds: bucket b holds the answers in
//! (edge b−1, edge b], so "Y > edge" is exactly a sum of buckets, and bucketing costs no validity.
//! It refuses to change once made: the edges are stored with the evidence counted on them.

use serde::{Deserialize, Serialize};

use super::Error;

/// The recipe of log-linear edges: steps of one microsecond up to `steps_per_octave`, then each
/// octave cut into that many equal steps. The widest bucket is 1/steps_per_octave of its value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogLinear {
    /// Equal steps in each doubling; 40 makes buckets 1.2 to 2.5 % wide.
    pub steps_per_octave: u16,
    /// Doublings beyond `steps_per_octave` microseconds, at most 40.
    pub octaves: u16,
}

impl Default for LogLinear {
    /// 1 µs to 168 s in 920 edges, at most 2.5 % apart.
    fn default() -> Self {
        Self { steps_per_octave: 40, octaves: 22 }
    }
}

/// Strictly increasing thresholds in microseconds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Vec<u64>", into = "Vec<u64>")]
pub struct Edges(Vec<u64>);

/// Which edge, counted from the fastest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct EdgeIndex(usize);

impl Default for Edges {
    fn default() -> Self {
        let LogLinear { steps_per_octave, octaves } = LogLinear::default();
        Self(log_linear(u64::from(steps_per_octave), u32::from(octaves)))
    }
}

impl Edges {
    /// Edges by the recipe. Errors: [`Error::Edges`] where it makes none, or too many octaves.
    pub fn log_linear(recipe: LogLinear) -> Result<Self, Error> {
        if recipe.octaves > 40 {
            return Err(Error::Edges);
        }
        log_linear(u64::from(recipe.steps_per_octave), u32::from(recipe.octaves)).try_into()
    }

    /// Buckets: one more than edges, the last one unbounded.
    pub fn buckets(&self) -> usize {
        self.0.len() + 1
    }

    /// The bucket that counts an answer after `micros` microseconds.
    pub fn bucket_of(&self, micros: u64) -> usize {
        self.0.partition_point(|edge| *edge < micros)
    }

    /// The slowest bucket, where timeouts and missing answers are counted.
    pub fn worst_bucket(&self) -> usize {
        self.0.len()
    }

    /// The largest edge at or below `micros`; `None` below the first.
    pub fn edge_at_or_below(&self, micros: u64) -> Option<EdgeIndex> {
        self.0.partition_point(|edge| *edge <= micros).checked_sub(1).map(EdgeIndex)
    }

    /// The edge's value in microseconds; `None` for an index of other edges.
    pub fn micros(&self, edge: EdgeIndex) -> Option<u64> {
        self.0.get(edge.0).copied()
    }

    /// The thresholds in microseconds, fastest first.
    pub fn thresholds(&self) -> &[u64] {
        &self.0
    }
}

impl EdgeIndex {
    /// The buckets of answers that took longer than the edge, and of those that did not.
    pub(crate) fn split(self, buckets: &[u64]) -> (&[u64], &[u64]) {
        let (within, above) = buckets.split_at((self.0 + 1).min(buckets.len()));
        (above, within)
    }
}

impl TryFrom<Vec<u64>> for Edges {
    type Error = Error;

    fn try_from(edges: Vec<u64>) -> Result<Self, Error> {
        let positive = edges.first().is_some_and(|first| *first > 0) && edges.len() >= 2;
        let increasing = edges.iter().zip(edges.iter().skip(1)).all(|(a, b)| a < b);
        if positive && increasing { Ok(Self(edges)) } else { Err(Error::Edges) }
    }
}

impl From<Edges> for Vec<u64> {
    fn from(edges: Edges) -> Self {
        edges.0
    }
}

fn log_linear(steps: u64, octaves: u32) -> Vec<u64> {
    let octave = |k: u32| (1..=steps).map(move |i| (steps + i) << k);
    (1..=steps).chain((0..octaves).flat_map(octave)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buckets_are_narrow_from_a_microsecond_to_minutes() {
        let edges = Edges::default();
        let thresholds = edges.thresholds();
        assert_eq!(thresholds.first(), Some(&1));
        assert!(*thresholds.last().unwrap() > 120_000_000);
        for pair in thresholds.windows(2).filter(|pair| pair[0] >= 40) {
            assert!((pair[1] - pair[0]) * 40 <= pair[0]);
        }
        assert_eq!(edges.buckets(), 921);
    }

    #[test]
    fn a_bucket_holds_what_is_above_its_lower_and_at_most_its_upper_edge() {
        let edges = Edges::try_from(vec![10, 20, 40]).unwrap();
        let buckets: Vec<_> = [0, 10, 11, 20, 40, 41].map(|y| edges.bucket_of(y)).to_vec();
        assert_eq!(buckets, [0, 0, 1, 1, 2, 3]);
        assert_eq!(edges.worst_bucket(), 3);
    }

    #[test]
    fn limits_are_rounded_down_to_an_edge() {
        let edges = Edges::try_from(vec![10, 20, 40]).unwrap();
        let rounded = |limit| edges.edge_at_or_below(limit).and_then(|edge| edges.micros(edge));
        assert_eq!([9, 10, 39, 1_000].map(rounded), [None, Some(10), Some(20), Some(40)]);
        let (above, within) = edges.edge_at_or_below(20).unwrap().split(&[1, 2, 4, 8]);
        assert_eq!((above, within), (&[4, 8][..], &[1, 2][..]));
    }

    #[test]
    fn frozen_edges_survive_storage_and_bad_ones_do_not() {
        let edges = Edges::default();
        let stored = serde_json::to_string(&edges).unwrap();
        assert_eq!(serde_json::from_str::<Edges>(&stored).unwrap(), edges);
        assert!(serde_json::from_str::<Edges>("[3,2]").is_err());
        assert!(serde_json::from_str::<Edges>("[0,2]").is_err());
    }
}
