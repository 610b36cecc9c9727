//! How one unit ended, and where that is counted.

use super::{ArmCount, GateCounts, Labels};
use crate::split::Arm;
use seatrial_analysis::Cells;
use seatrial_analysis::latency::Edges;

/// A unit's outcome: the worst of its requests'.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Outcome {
    answered: Answered,
    /// The slowest answer's bucket on the standard edges; the worst one for an error.
    bucket: usize,
}

/// Whether every answer was a good one. The worse is the larger.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Answered {
    Well,
    /// With an error or too late; of the candidate also: by the incumbent in its stead.
    Badly,
}

impl Outcome {
    /// An answer after `micros` microseconds.
    pub fn good(edges: &Edges, micros: u64) -> Self {
        Self { answered: Answered::Well, bucket: edges.bucket_of(micros) }
    }

    /// No answer, or none in time: the slowest of all.
    pub fn bad(edges: &Edges) -> Self {
        Self { answered: Answered::Badly, bucket: edges.worst_bucket() }
    }

    /// First error, worst bucket: the outcome of a unit with both.
    #[must_use]
    pub fn worst(self, other: Self) -> Self {
        Self { answered: self.answered.max(other.answered), bucket: self.bucket.max(other.bucket) }
    }
}

impl GateCounts {
    /// Counts one unit of `arm` whose window is over, in all and in its slices. The histogram must have
    /// the outcome's edges.
    pub fn count(&mut self, arm: Arm, labels: &Labels, outcome: Outcome) {
        let Outcome { answered, bucket } = outcome;
        let mut one = Cells::default();
        let (buckets, cell) = match (arm, answered) {
            (Arm::Candidate, Answered::Badly) => {
                (&mut self.latency.candidate, &mut one.candidate_bad)
            }
            (Arm::Candidate, Answered::Well) => {
                (&mut self.latency.candidate, &mut one.candidate_good)
            }
            (Arm::Incumbent, Answered::Badly) => {
                (&mut self.latency.incumbent, &mut one.incumbent_bad)
            }
            (Arm::Incumbent, Answered::Well) => {
                (&mut self.latency.incumbent, &mut one.incumbent_good)
            }
        };
        *cell = 1;
        if let Some(count) = buckets.get_mut(bucket) {
            *count += 1;
        }
        self.units.add(arm);
        self.errors.merge(&one);
        for (column, value) in labels {
            let of_slice = self.slices.of(column, value);
            of_slice.errors.merge(&one);
            of_slice.latency.add(arm, bucket);
        }
    }

    /// Counts a unit of `arm` whose process was killed with its request. Of its slices nothing is known.
    pub(crate) fn lose(&mut self, arm: Arm, edges: &Edges) {
        self.count(arm, &Labels::new(), Outcome::bad(edges));
        self.lost.add(arm);
    }

    /// Changes who waits for an answer, in all and in the unit's slices: those whose window is over,
    /// and those whose window is open.
    pub(crate) fn wait(&mut self, labels: &Labels, change: impl Fn(&mut ArmCount, &mut ArmCount)) {
        change(&mut self.unanswered, &mut self.waiting);
        for (column, value) in labels {
            let of_slice = self.slices.of(column, value);
            change(&mut of_slice.unanswered, &mut of_slice.waiting);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use seatrial_analysis::ArmHistogram;

    #[test]
    fn one_error_makes_a_unit_bad_and_its_slowest_answer_is_its_latency() {
        let edges = Edges::default();
        let (quick, slow, bad) =
            (Outcome::good(&edges, 3), Outcome::good(&edges, 90_000), Outcome::bad(&edges));
        assert_eq!(quick.worst(slow), slow);
        assert_eq!(slow.worst(quick), slow);
        assert_eq!(quick.worst(bad), bad);
        assert_eq!(bad.worst(slow), bad);
        let latency = ArmHistogram::empty(edges.buckets());
        let mut counts = GateCounts { latency, ..GateCounts::default() };
        let labels = [("client".to_owned(), "mobile".to_owned())].into();
        counts.count(Arm::Candidate, &labels, bad);
        counts.count(Arm::Incumbent, &Labels::new(), slow);
        assert_eq!((counts.errors.candidate_bad, counts.errors.incumbent_good), (1, 1));
        assert_eq!(counts.latency.candidate.last(), Some(&1));
        assert_eq!(counts.slices.0["client"]["mobile"].errors.candidate_bad, 1);
        assert_eq!(counts.latency.incumbent[edges.bucket_of(90_000)], 1);
    }
}
