//! What the shadow's copies have shown: their fates, and pairs that agree or not.

use super::{LabelledPairs, LatencyPairs, PairedCounts};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Pairs of one comparison: how many were compared, how many disagreed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct PairCount {
    pub pairs: u64,
    pub disagree: u64,
}

impl PairCount {
    /// Disagreeing over compared pairs; none without pairs.
    pub fn rate(self) -> Option<f64> {
        #[expect(clippy::cast_precision_loss, reason = "counts are far below 2^53")]
        (self.pairs > 0).then(|| self.disagree as f64 / self.pairs as f64)
    }

    /// Adds another's counts.
    pub fn merge(&mut self, other: Self) {
        self.pairs += other.pairs;
        self.disagree += other.disagree;
    }
}

/// One comparison rule's pairs, and the incumbent's against itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct CompareCount {
    pub candidate: PairCount,
    pub noise: PairCount,
}

impl CompareCount {
    /// Adds another's counts.
    pub fn merge(&mut self, other: Self) {
        self.candidate.merge(other.candidate);
        self.noise.merge(other.noise);
    }
}

/// Copies offered to the shadow and what became of them: offered = sent + Σ dropped, exactly.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct MirrorCounts {
    pub offered: u64,
    pub sent: u64,
    /// By reason: `queue_full`, `queue_bytes`, `stopped`.
    pub dropped: BTreeMap<String, u64>,
}

impl MirrorCounts {
    /// Adds another's counts.
    pub fn merge(&mut self, other: &Self) {
        self.offered += other.offered;
        self.sent += other.sent;
        for (reason, count) in &other.dropped {
            *self.dropped.entry(reason.clone()).or_default() += count;
        }
    }
}

/// A pair that disagreed, kept to be looked at: outputs only, never the request.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Example {
    pub request_id: String,
    pub output: String,
    pub incumbent: String,
    pub candidate: String,
    pub slices: BTreeMap<String, String>,
}

/// What the shadow has shown.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct ShadowCounts {
    pub mirror: MirrorCounts,
    /// Candidate answers that failed or came too late.
    pub candidate_errors: u64,
    /// One for each rule of the plan's `compare`, in its order: the answers it compared. A rule
    /// that finds nothing to compare in an answer counts no pair.
    pub compare: Vec<CompareCount>,
    /// Slice column → value → one for each rule. Here a copy the candidate failed is a pair that
    /// disagrees, so that a value whose every copy failed is not taken for one nobody sent.
    pub slices: BTreeMap<String, BTreeMap<String, Vec<CompareCount>>>,
    /// The first disagreeing pairs, at most [`ShadowCounts::EXAMPLES`].
    pub examples: Vec<Example>,
    /// The live incumbent's latency meanwhile, over the standard edges: the frozen reference.
    pub incumbent_latency: Vec<u64>,
    /// Pairs whose answers were both timed beside the clients, by who was slower.
    #[serde(default, skip_serializing_if = "LatencyPairs::is_empty")]
    pub paired_latency: LatencyPairs,
    /// Pairs whose right class was told, by who answered it.
    #[serde(default, skip_serializing_if = "LabelledPairs::is_empty")]
    pub labelled: LabelledPairs,
    /// Slice column → value → which of its pairs did better; values as in `slices`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub paired_slices: BTreeMap<String, BTreeMap<String, PairedCounts>>,
    /// Pairs of which no label will be known, for want of room to keep their classes.
    #[serde(default)]
    pub unkept: u64,
}

impl ShadowCounts {
    /// How many disagreeing pairs are kept.
    pub const EXAMPLES: usize = 20;
    /// How many values of one slice column are told apart; the rest are [`ShadowCounts::OTHER`].
    pub const SLICE_VALUES: usize = 50;
    /// What stands for the values beyond those told apart.
    pub const OTHER: &'static str = "(other)";
    /// What stands for a request without a value.
    pub const NO_VALUE: &'static str = "(none)";

    /// What a value is counted under, these being told apart so far: its own name while there is room.
    #[must_use]
    pub fn name_among<'v, T>(values: &BTreeMap<String, T>, value: &'v str) -> &'v str {
        let stands_in = |name: &str| name == Self::OTHER || name == Self::NO_VALUE;
        let named = || values.keys().filter(|name| !stands_in(name)).count();
        let own = stands_in(value) || values.contains_key(value) || named() < Self::SLICE_VALUES;
        if own { value } else { Self::OTHER }
    }

    /// Adds another process's counts; the values told apart are those of the first.
    pub fn merge(&mut self, other: &Self) {
        self.mirror.merge(&other.mirror);
        self.paired_latency.merge(other.paired_latency);
        self.labelled.merge(other.labelled);
        self.unkept += other.unkept;
        self.candidate_errors += other.candidate_errors;
        merge_rules(&mut self.compare, &other.compare);
        for (column, values) in &other.slices {
            let mine = self.slices.entry(column.clone()).or_default();
            for (value, rules) in values {
                merge_rules(told_apart(mine, value), rules);
            }
        }
        for (column, values) in &other.paired_slices {
            let mine = self.paired_slices.entry(column.clone()).or_default();
            for (value, counts) in values {
                told_apart(mine, value).merge(*counts);
            }
        }
        let room = Self::EXAMPLES.saturating_sub(self.examples.len());
        self.examples.extend(other.examples.iter().take(room).cloned());
        if self.incumbent_latency.len() < other.incumbent_latency.len() {
            self.incumbent_latency.resize(other.incumbent_latency.len(), 0);
        }
        for (mine, theirs) in self.incumbent_latency.iter_mut().zip(&other.incumbent_latency) {
            *mine += theirs;
        }
    }
}

fn told_apart<'m, T: Default>(values: &'m mut BTreeMap<String, T>, value: &str) -> &'m mut T {
    let name = ShadowCounts::name_among(values, value).to_owned();
    values.entry(name).or_default()
}

fn merge_rules(mine: &mut Vec<CompareCount>, theirs: &[CompareCount]) {
    if mine.len() < theirs.len() {
        mine.resize(theirs.len(), CompareCount::default());
    }
    for (mine, theirs) in mine.iter_mut().zip(theirs) {
        mine.merge(*theirs);
    }
}
