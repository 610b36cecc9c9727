//! Pairs of answers to one request, by which of the two did better.

use crate::comparison::is_class;
use crate::telemetry::ClassPair;
use seatrial_analysis::paired::Discordance;
use serde::{Deserialize, Serialize};

/// Pairs by latency.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct LatencyPairs {
    /// The candidate was the slower.
    pub slower: u64,
    /// The candidate was the faster.
    pub faster: u64,
    /// As far as is told apart, neither was.
    pub alike: u64,
}

/// Labelled pairs by who was right.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct LabelledPairs {
    pub both: u64,
    pub candidate_only: u64,
    pub incumbent_only: u64,
    pub neither: u64,
}

/// Pairs of one value of a slice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct PairedCounts {
    #[serde(default, skip_serializing_if = "LatencyPairs::is_empty")]
    pub latency: LatencyPairs,
    #[serde(default, skip_serializing_if = "LabelledPairs::is_empty")]
    pub labelled: LabelledPairs,
}

impl PairedCounts {
    /// Adds another's counts.
    pub fn merge(&mut self, other: Self) {
        self.latency.merge(other.latency);
        self.labelled.merge(other.labelled);
    }
}

impl LatencyPairs {
    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Adds another's counts.
    pub fn merge(&mut self, other: Self) {
        self.slower += other.slower;
        self.faster += other.faster;
        self.alike += other.alike;
    }
}

impl LabelledPairs {
    /// One pair, with the class that was right.
    #[must_use]
    pub fn of(pair: &ClassPair, class: f64) -> Self {
        let mut one = Self::default();
        let count = match (is_class(&pair.candidate, class), is_class(&pair.incumbent, class)) {
            (true, true) => &mut one.both,
            (true, false) => &mut one.candidate_only,
            (false, true) => &mut one.incumbent_only,
            (false, false) => &mut one.neither,
        };
        *count = 1;
        one
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// All of them.
    #[must_use]
    pub const fn pairs(&self) -> u64 {
        self.both + self.candidate_only + self.incumbent_only + self.neither
    }

    /// Those in which one alone was right.
    #[must_use]
    pub const fn discordance(&self) -> Discordance {
        Discordance {
            pairs: self.pairs(),
            candidate_only: self.candidate_only,
            incumbent_only: self.incumbent_only,
        }
    }

    /// Adds another's counts.
    pub fn merge(&mut self, other: Self) {
        self.both += other.both;
        self.candidate_only += other.candidate_only;
        self.incumbent_only += other.incumbent_only;
        self.neither += other.neither;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::RolloutId;

    #[test]
    fn a_label_says_who_of_a_pair_was_right() {
        let of = |incumbent: &str, candidate: &str, class| {
            let (incumbent, candidate) = (incumbent.to_owned(), candidate.to_owned());
            let (rollout, slices) = (RolloutId(1), Default::default());
            let pair = ClassPair { request: 1, rollout, incumbent, candidate, slices };
            LabelledPairs::of(&pair, class)
        };
        let none = LabelledPairs::default();
        assert_eq!(of("7", "7", 7.0), LabelledPairs { both: 1, ..none });
        assert_eq!(of("7", "1", 7.0), LabelledPairs { incumbent_only: 1, ..none });
        assert_eq!(of("7", "1", 1.0), LabelledPairs { candidate_only: 1, ..none });
        assert_eq!(of("7", "1", 2.0), LabelledPairs { neither: 1, ..none });
        assert_eq!(of("true", "false", 1.0), LabelledPairs { incumbent_only: 1, ..none });
        assert_eq!(of("true", "false", 0.0), LabelledPairs { candidate_only: 1, ..none });
        assert_eq!(of("(none)", "cat", 0.0), LabelledPairs { neither: 1, ..none });
    }
}
