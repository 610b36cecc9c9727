//! What a look is at, judged; and the part of the evidence that the verdict is computed on.

use super::Judge;
use crate::evidence::{Evidence, LabelledPairs, LatencyPairs, MirrorCounts, ShadowCounts};
use crate::looks::Subject;
use crate::verdict::Verdict;
use std::collections::BTreeMap;

impl Judge {
    /// What the evidence says about `subject`: [`Judge::shadow`] or [`Judge::gate`].
    pub fn look(&self, subject: Subject, evidence: &Evidence) -> Verdict {
        match subject {
            Subject::Shadow => self.shadow(&evidence.shadow),
            Subject::Gate(gate) => self.gate(evidence, gate),
        }
    }
}

impl Subject {
    /// The part of the evidence that its verdict is computed on, and no payload. The verdict on this
    /// part is the verdict on the whole; a law holds that.
    #[must_use]
    pub fn part_of(self, evidence: &Evidence) -> Evidence {
        let mut shadow = evidence.shadow.clone();
        shadow.examples = Vec::new();
        match self {
            Self::Shadow => Evidence { shadow, ..Evidence::default() },
            Self::Gate(gate) => {
                let pairs = (MirrorCounts::default(), Vec::new(), BTreeMap::new());
                let (mirror, compare, slices) = pairs;
                let paired = (LatencyPairs::default(), LabelledPairs::default());
                let (paired_latency, labelled) = paired;
                let shadow = ShadowCounts {
                    mirror,
                    compare,
                    slices,
                    paired_latency,
                    labelled,
                    unkept: 0,
                    ..shadow
                };
                let starts = evidence.starts.up_to(gate).into_owned();
                let mut part = Evidence { shadow, starts, ..evidence.clone() };
                part.gates.retain(|of, _| of.gate <= gate);
                part
            }
        }
    }
}
