//! One rollout's shadow: copies and their fates, pairs and their agreement.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use seatrial_analysis::latency::Edges;
use seatrial_domain::RolloutId;
use seatrial_domain::comparison::{Agreement, Difference};
use seatrial_domain::evidence::{CompareCount, Example, LatencyPairs, PairCount, ShadowCounts};
use seatrial_domain::plan::Shadow;
use seatrial_domain::telemetry::ClassPair;

use super::classes::{Classes, Full};
use crate::sync::lock;

#[derive(Debug)]
pub(crate) struct ShadowRecord {
    edges: Arc<Edges>,
    counts: Mutex<ShadowCounts>,
    classes: Classes,
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
    /// Where both were timed alike.
    pub(crate) latency: Option<Latencies>,
}

/// How long both took for one request, each asked beside the clients.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Latencies {
    pub(crate) incumbent: Duration,
    pub(crate) candidate: Duration,
    /// Up to here they are alike.
    pub(crate) alike_below: Duration,
}

impl ShadowRecord {
    pub(super) fn new(
        (rollout, plan): (RolloutId, &Shadow),
        edges: Arc<Edges>,
        cap: usize,
    ) -> Self {
        let counts = ShadowCounts {
            compare: vec![CompareCount::default(); plan.compare.len()],
            incumbent_latency: vec![0; edges.buckets()],
            ..ShadowCounts::default()
        };
        Self { edges, counts: Mutex::new(counts), classes: Classes::new(rollout, cap) }
    }

    /// Keeps what both answered until the next flush. What does not fit is counted.
    pub(crate) fn keep(&self, request: u64, incumbent: String, candidate: String) {
        if self.classes.keep(request, [incumbent, candidate]) == Err(Full) {
            lock(&self.counts).unkept += 1;
        }
    }

    /// The list, emptied.
    pub(super) fn take_classes(&self) -> Vec<ClassPair> {
        self.classes.take()
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
        let latency = pair.latency.map(|latency| self.slower(latency)).unwrap_or_default();
        let mut counts = lock(&self.counts);
        counts.paired_latency.merge(latency);
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

    /// One pair by who was slower: in one bucket of latencies nobody was.
    fn slower(&self, of: Latencies) -> LatencyPairs {
        let bucket = |latency: Duration| {
            self.edges.bucket_of(u64::try_from(latency.as_micros()).unwrap_or(u64::MAX))
        };
        let mut one = LatencyPairs::default();
        let slowest = of.candidate.max(of.incumbent);
        let count = match bucket(of.candidate).cmp(&bucket(of.incumbent)) {
            Ordering::Greater if slowest > of.alike_below => &mut one.slower,
            Ordering::Less if slowest > of.alike_below => &mut one.faster,
            Ordering::Greater | Ordering::Equal | Ordering::Less => &mut one.alike,
        };
        *count = 1;
        one
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

#[cfg(test)]
mod tests {
    use super::*;
    use seatrial_domain::plan::Kind;
    use seatrial_domain::policy;

    /// The default one.
    fn shadow() -> Shadow {
        let yaml = "apiVersion: seatrial/v1\nkind: RolloutPolicy\nmetadata: {name: p}\n\
            spec: {endpoint: digits}\n";
        let policy = policy::parse(yaml).unwrap();
        policy.plan(Kind::Promote, policy.endpoint()).unwrap().shadow
    }

    #[test]
    fn nobody_is_slower_within_a_bucket_or_within_the_limit() {
        let plan = shadow();
        let record = ShadowRecord::new((RolloutId(1), &plan), Arc::new(Edges::default()), 1);
        let of = |incumbent, candidate, alike_below| {
            record.slower(Latencies {
                incumbent: Duration::from_micros(incumbent),
                candidate: Duration::from_micros(candidate),
                alike_below: Duration::from_micros(alike_below),
            })
        };
        let none = LatencyPairs::default();
        assert_eq!(of(1_000, 2_000, 0), LatencyPairs { slower: 1, ..none });
        assert_eq!(of(2_000, 1_000, 0), LatencyPairs { faster: 1, ..none });
        assert_eq!(of(1_000, 1_001, 0), LatencyPairs { alike: 1, ..none });
        assert_eq!(of(12, 180, 25_000), LatencyPairs { alike: 1, ..none });
        assert_eq!(of(12, 30_000, 25_000), LatencyPairs { slower: 1, ..none });
    }

    #[test]
    fn classes_beyond_the_bound_are_counted() {
        let plan = shadow();
        let record = ShadowRecord::new((RolloutId(1), &plan), Arc::new(Edges::default()), 1);
        record.keep(1, "a".to_owned(), "b".to_owned());
        record.keep(2, "a".to_owned(), "b".to_owned());
        assert_eq!((record.take_classes().len(), record.counts().unkept), (1, 1));
        assert!(record.take_classes().is_empty());
    }
}
