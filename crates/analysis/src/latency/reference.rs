//! The incumbent's latencies before the canary, as ranks.
//!
//! Owns the scores' raw material: every bucket's normal score in a frozen reference histogram.
//! Scores of ranks fit any unit and shape, and are bounded beyond the slowest answer seen. Buckets
//! that the reference cannot tell apart (runs of empty ones) share a class, which keeps tables small.

use super::Error;
use crate::counts::float;
use crate::normal;

/// Buckets grouped into classes of equal rank.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Reference {
    class_of: Vec<usize>,
    classes: Vec<Class>,
    total: f64,
}

#[derive(Debug, Clone, PartialEq)]
struct Class {
    below: f64,
    count: f64,
}

impl Reference {
    pub(super) fn new(histogram: &[u64]) -> Result<Self, Error> {
        let total: u64 = histogram.iter().sum();
        if total == 0 {
            return Err(Error::EmptyReference);
        }
        let mut reference = Self { class_of: Vec::new(), classes: Vec::new(), total: float(total) };
        let mut below = 0;
        for count in histogram {
            reference.push(float(below), float(*count));
            below += count;
        }
        Ok(reference)
    }

    fn push(&mut self, below: f64, count: f64) {
        let next = Class { below, count };
        if self.classes.last() != Some(&next) {
            self.classes.push(next);
        }
        self.class_of.push(self.classes.len() - 1);
    }

    pub(super) fn buckets(&self) -> usize {
        self.class_of.len()
    }

    /// The class of each bucket, non-decreasing.
    pub(super) fn class_of(&self) -> &[usize] {
        &self.class_of
    }

    pub(super) fn classes(&self) -> usize {
        self.classes.len()
    }

    /// Normal score of each class's mid-rank, half a unit away from 0 and 1.
    pub(super) fn scores(&self) -> Vec<f64> {
        let score = |class: &Class| {
            normal::quantile((class.below + 0.5 * class.count + 0.5) / (self.total + 1.0))
        };
        self.classes.iter().map(score).collect()
    }

    /// The class that holds the p-quantile; slower classes are above it.
    pub(super) fn class_at(&self, p: f64) -> usize {
        self.classes.partition_point(|class| class.below + class.count < p * self.total)
    }

    /// The bucket that holds the p-quantile.
    pub(super) fn bucket_at(&self, p: f64) -> usize {
        let class = self.class_at(p);
        self.class_of.partition_point(|of| *of < class)
    }

    /// Counts by class. The caller has checked the number of buckets.
    pub(super) fn by_class(&self, buckets: &[u64]) -> Vec<u64> {
        let mut classes = vec![0; self.classes.len()];
        for (class, count) in self.class_of.iter().zip(buckets) {
            if let Some(sum) = classes.get_mut(*class) {
                *sum += count;
            }
        }
        classes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buckets_the_reference_cannot_tell_apart_share_a_class() {
        let reference = Reference::new(&[0, 0, 5, 5, 0, 0, 0, 10, 0]).unwrap();
        assert_eq!(reference.class_of, [0, 0, 1, 2, 3, 3, 3, 4, 5]);
        assert_eq!(reference.by_class(&[1; 9]), [2, 1, 1, 3, 1, 1]);
        assert_eq!([0.25, 0.5, 0.51].map(|p| reference.class_at(p)), [1, 2, 4]);
    }

    #[test]
    fn scores_rise_with_latency_and_stay_finite() {
        let scores = Reference::new(&[0, 3, 0, 9, 1, 0]).unwrap().scores();
        assert!(scores.windows(2).all(|pair| pair[0] < pair[1]), "{scores:?}");
        assert!(scores.iter().all(|score| score.is_finite()));
        assert_eq!(Reference::new(&[0, 0]), Err(Error::EmptyReference));
    }
}
