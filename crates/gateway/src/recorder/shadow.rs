//! One rollout's shadow: copies and their fates, pairs and their agreement.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use seatrial_analysis::latency::Edges;
use seatrial_domain::comparison::{Agreement, Difference};
use seatrial_domain::evidence::{CompareCount, Example, PairCount, ShadowCounts};
use seatrial_domain::plan::Shadow;

use crate::sync::lock;

#[derive(Debug)]
pub(crate) struct ShadowRecord {
    edges: Arc<Edges>,
    counts: Mutex<ShadowCounts>,
}

/// One compared request.
#[derive(Debug)]
pub(crate) struct Pair {
    pub(crate) request_id: String,
    /// Column → this request's value.
    pub(crate) slices: BTreeMap<String, String>,
    /// The candidate against the incumbent, by rule.
    pub(crate) candidate: Vec<Agreement>,
    /// The incumbent against itself, by rule; empty where it was not scored twice.
    pub(crate) noise: Vec<Agreement>,
}

impl ShadowRecord {
    pub(super) fn new(plan: &Shadow, edges: Arc<Edges>) -> Self {
        let counts = ShadowCounts {
            compare: vec![CompareCount::default(); plan.compare.len()],
            incumbent_latency: vec![0; edges.buckets()],
            ..ShadowCounts::default()
        };
        Self { edges, counts: Mutex::new(counts) }
    }

    /// The live incumbent answered after `latency`.
    pub(crate) fn incumbent_answered(&self, latency: Duration) {
        let bucket = self.edges.bucket_of(u64::try_from(latency.as_micros()).unwrap_or(u64::MAX));
        self.count_latency(bucket);
    }

    /// The live incumbent failed or was late.
    pub(crate) fn incumbent_failed(&self) {
        self.count_latency(self.edges.worst_bucket());
    }

    fn count_latency(&self, bucket: usize) {
        if let Some(count) = lock(&self.counts).incumbent_latency.get_mut(bucket) {
            *count += 1;
        }
    }

    /// A copy reached the candidate. A copy is counted as offered when its fate is known, so that
    /// offered = sent + dropped holds at every instant.
    pub(crate) fn sent(&self) {
        let mut counts = lock(&self.counts);
        counts.mirror.offered += 1;
        counts.mirror.sent += 1;
    }

    pub(crate) fn dropped(&self, reason: &'static str) {
        let mut counts = lock(&self.counts);
        counts.mirror.offered += 1;
        *counts.mirror.dropped.entry(reason.to_owned()).or_default() += 1;
    }

    /// The candidate gave no answer to a copy with these slices: a disagreement in each of them.
    pub(crate) fn candidate_failed(&self, slices: &BTreeMap<String, String>) {
        let mut counts = lock(&self.counts);
        counts.candidate_errors += 1;
        for (column, value) in slices {
            for rule in counted_under(&mut counts, column, value) {
                rule.candidate.merge(PairCount { pairs: 1, disagree: 1 });
            }
        }
    }

    pub(crate) fn compared(&self, pair: &Pair) {
        let mut counts = lock(&self.counts);
        add(&mut counts.compare, pair);
        for (column, value) in &pair.slices {
            add(counted_under(&mut counts, column, value), pair);
        }
        if let Some(difference) = first_difference(pair)
            && counts.examples.len() < ShadowCounts::EXAMPLES
        {
            counts.examples.push(example(pair, difference));
        }
    }

    pub(super) fn counts(&self) -> ShadowCounts {
        lock(&self.counts).clone()
    }

    /// Copies sent, and copies dropped by reason.
    pub(crate) fn mirror(&self) -> seatrial_domain::evidence::MirrorCounts {
        lock(&self.counts).mirror.clone()
    }
}

/// A slice's counts by rule, among those of the others where there are too many values already.
fn counted_under<'a>(
    counts: &'a mut ShadowCounts,
    column: &str,
    value: &str,
) -> &'a mut Vec<CompareCount> {
    let rules = counts.compare.len();
    let values = counts.slices.entry(column.to_owned()).or_default();
    let known = values.contains_key(value) || values.len() < ShadowCounts::SLICE_VALUES;
    let value = if known { value } else { ShadowCounts::OTHER };
    let of_value = values.entry(value.to_owned()).or_default();
    of_value.resize(rules, CompareCount::default());
    of_value
}

fn add(rules: &mut [CompareCount], pair: &Pair) {
    for (rule, agreement) in rules.iter_mut().zip(&pair.candidate) {
        add_one(&mut rule.candidate, agreement);
    }
    for (rule, agreement) in rules.iter_mut().zip(&pair.noise) {
        add_one(&mut rule.noise, agreement);
    }
}

fn add_one(count: &mut PairCount, agreement: &Agreement) {
    let disagree = match agreement {
        Agreement::NotApplicable => return,
        Agreement::Agree => 0,
        Agreement::Disagree(_) => 1,
    };
    count.merge(PairCount { pairs: 1, disagree });
}

fn first_difference(pair: &Pair) -> Option<&Difference> {
    pair.candidate.iter().find_map(|agreement| match agreement {
        Agreement::Agree | Agreement::NotApplicable => None,
        Agreement::Disagree(difference) => Some(difference),
    })
}

fn example(pair: &Pair, difference: &Difference) -> Example {
    Example {
        request_id: pair.request_id.clone(),
        output: difference.output.clone(),
        incumbent: difference.incumbent.clone(),
        candidate: difference.candidate.clone(),
        slices: pair.slices.clone(),
    }
}
