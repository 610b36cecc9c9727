//! Units by latency bucket, of the buckets that were met: what a slice and a window's start keep, of which
//! there are many.

use crate::split::Arm;
use seatrial_analysis::counts::ArmHistogram;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Units of both arms by latency bucket of the standard edges.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Buckets {
    pub candidate: Met,
    pub incumbent: Met,
}

/// Units of one arm by bucket, rising; a bucket nobody met is not there. Stored as a map. In one list, as
/// each look goes through all of it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(from = "BTreeMap<usize, u64>", into = "BTreeMap<usize, u64>")]
pub struct Met(Vec<(usize, u64)>);

impl Buckets {
    /// The buckets of a histogram that were met.
    pub fn of(histogram: &ArmHistogram) -> Self {
        let met = |arm: &[u64]| {
            let counted = arm.iter().copied().enumerate().filter(|(_, count)| *count > 0);
            Met(counted.collect())
        };
        Self { candidate: met(&histogram.candidate), incumbent: met(&histogram.incumbent) }
    }

    /// Counts a unit of `arm` in `bucket`.
    pub fn add(&mut self, arm: Arm, bucket: usize) {
        let met = match arm {
            Arm::Candidate => &mut self.candidate,
            Arm::Incumbent => &mut self.incumbent,
        };
        met.add([(bucket, 1)]);
    }

    pub(super) fn merge(&mut self, other: &Self) {
        self.candidate.add(other.candidate.iter());
        self.incumbent.add(other.incumbent.iter());
    }

    /// All buckets, met or not. One beyond `buckets` makes them more: a histogram of other edges,
    /// which the tests refuse.
    pub fn histogram(&self, buckets: usize) -> ArmHistogram {
        ArmHistogram {
            candidate: self.candidate.histogram(buckets),
            incumbent: self.incumbent.histogram(buckets),
        }
    }
}

impl Met {
    /// Adds units to their buckets, in whatever order; rising ones in one pass.
    pub fn add(&mut self, units: impl IntoIterator<Item = (usize, u64)>) {
        let mut at = 0;
        for (bucket, count) in units {
            let rising = self.0.get(..at).and_then(<[_]>::last).is_none_or(|it| it.0 < bucket);
            let from = if rising { at } else { 0 };
            let later = self.0.get(from..).unwrap_or_default();
            // Of two histograms side by side it is mostly the very next one.
            let next = later.first().is_none_or(|it| it.0 >= bucket);
            let skipped = if next { 0 } else { later.partition_point(|it| it.0 < bucket) };
            at = from + skipped;
            match self.0.get_mut(at) {
                Some((it, sum)) if *it == bucket => *sum += count,
                Some(_) | None => self.0.insert(at, (bucket, count)),
            }
            at += 1;
        }
    }

    /// Bucket and units, rising.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (usize, u64)> {
        self.0.iter().copied()
    }

    fn histogram(&self, buckets: usize) -> Vec<u64> {
        let last = self.0.last().map_or(0, |(bucket, _)| bucket + 1);
        let mut all = vec![0; buckets.max(last)];
        for (bucket, count) in self.iter() {
            if let Some(slot) = all.get_mut(bucket) {
                *slot = count;
            }
        }
        all
    }
}

impl From<BTreeMap<usize, u64>> for Met {
    fn from(map: BTreeMap<usize, u64>) -> Self {
        Self(map.into_iter().collect())
    }
}

impl From<Met> for BTreeMap<usize, u64> {
    fn from(met: Met) -> Self {
        met.0.into_iter().collect()
    }
}

impl FromIterator<(usize, u64)> for Met {
    fn from_iter<I: IntoIterator<Item = (usize, u64)>>(units: I) -> Self {
        let mut met = Self::default();
        met.add(units);
        met
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// Whatever comes in whatever order, in one go or several, is counted as by a map.
        #[test]
        fn units_are_counted_as_in_a_map(
            parts in proptest::collection::vec(
                proptest::collection::vec((0..12_usize, 0..5_u64), 0..9), 0..4),
        ) {
            let (mut met, mut map) = (Met::default(), BTreeMap::<usize, u64>::new());
            for part in parts {
                part.iter().for_each(|(bucket, count)| *map.entry(*bucket).or_default() += count);
                met.add(part);
            }
            prop_assert_eq!(&BTreeMap::from(met.clone()), &map);
            prop_assert_eq!(serde_json::to_value(&met).unwrap(), serde_json::to_value(&map).unwrap());
            let read: Met = serde_json::from_value(serde_json::to_value(&map).unwrap()).unwrap();
            prop_assert_eq!(read, met);
        }
    }
}
