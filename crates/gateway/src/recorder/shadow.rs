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
    state: Mutex<State>,
    classes: Classes,
}

#[derive(Debug)]
struct State {
    counts: ShadowCounts,
    told: Told,
}

/// Whether a flush has told all that was counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Told {
    All,
    NotAll,
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
        let state = Mutex::new(State { counts, told: Told::NotAll });
        Self { edges, state, classes: Classes::new(rollout, cap) }
    }

    /// Keeps what both answered to a compared request until the next flush. What does not fit is counted.
    pub(crate) fn keep(
        &self,
        request: u64,
        classes: [String; 2],
        slices: &BTreeMap<String, String>,
    ) {
        let named = {
            let counts = &lock(&self.state).counts;
            let name = |(column, value): (&String, &String)| {
                let name = counts
                    .slices
                    .get(column)
                    .map_or(value.as_str(), |values| ShadowCounts::name_among(values, value));
                (column.clone(), name.to_owned())
            };
            slices.iter().map(name).collect()
        };
        if self.classes.keep(request, classes, named) == Err(Full) {
            self.count(|counts| counts.unkept += 1);
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
        self.count(|counts| {
            if let Some(count) = counts.incumbent_latency.get_mut(bucket) {
                *count += 1;
            }
        });
    }

    /// A copy reached the candidate. A copy is counted as offered when its fate is known, so that
    /// offered = sent + dropped holds at every instant.
    pub(crate) fn sent(&self) {
        self.count(|counts| {
            counts.mirror.offered += 1;
            counts.mirror.sent += 1;
        });
    }

    pub(crate) fn dropped(&self, reason: &'static str) {
        self.count(|counts| {
            counts.mirror.offered += 1;
            *counts.mirror.dropped.entry(reason.to_owned()).or_default() += 1;
        });
    }

    /// The candidate gave no answer to a copy with these slices: a disagreement in each of them.
    pub(crate) fn candidate_failed(&self, slices: &BTreeMap<String, String>) {
        self.count(|counts| {
            counts.candidate_errors += 1;
            for (column, value) in slices {
                for rule in counted_under(counts, column, value) {
                    rule.candidate.merge(PairCount { pairs: 1, disagree: 1 });
                }
            }
        });
    }

    pub(crate) fn compared(&self, pair: &Pair) {
        let latency = pair.latency.map(|latency| self.slower(latency)).unwrap_or_default();
        self.count(|counts| {
            counts.paired_latency.merge(latency);
            add(&mut counts.compare, pair);
            for (column, value) in &pair.slices {
                add(counted_under(counts, column, value), pair);
                if !latency.is_empty() {
                    timed_under(counts, column, value).merge(latency);
                }
            }
            if let Some(difference) = first_difference(pair)
                && counts.examples.len() < ShadowCounts::EXAMPLES
            {
                counts.examples.push(example(pair, difference));
            }
        });
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

    /// All that was counted, if anything was since the last time.
    pub(super) fn take(&self) -> Option<ShadowCounts> {
        let mut state = lock(&self.state);
        match std::mem::replace(&mut state.told, Told::All) {
            Told::All => None,
            Told::NotAll => Some(state.counts.clone()),
        }
    }

    fn count(&self, what: impl FnOnce(&mut ShadowCounts)) {
        let mut state = lock(&self.state);
        state.told = Told::NotAll;
        what(&mut state.counts);
    }

    /// Copies sent, and copies dropped by reason.
    pub(crate) fn mirror(&self) -> seatrial_domain::evidence::MirrorCounts {
        lock(&self.state).counts.mirror.clone()
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
    let name = ShadowCounts::name_among(values, value).to_owned();
    let of_value = values.entry(name).or_default();
    of_value.resize(rules, CompareCount::default());
    of_value
}

/// A slice's pairs by who was slower, of the value it was counted under.
fn timed_under<'a>(
    counts: &'a mut ShadowCounts,
    column: &str,
    value: &str,
) -> &'a mut LatencyPairs {
    let values = counts.slices.entry(column.to_owned()).or_default();
    let name = ShadowCounts::name_among(values, value).to_owned();
    let of_column = counts.paired_slices.entry(column.to_owned()).or_default();
    &mut of_column.entry(name).or_default().latency
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
pub(super) mod tests {
    use super::*;
    use seatrial_domain::plan::Kind;
    use seatrial_domain::policy;

    /// The default one.
    pub(in crate::recorder) fn shadow() -> Shadow {
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
        let keep = |request| {
            record.keep(request, ["a", "b"].map(str::to_owned), &BTreeMap::new());
        };
        (1..=2).for_each(keep);
        assert_eq!((record.take_classes().len(), record.take().unwrap().unkept), (1, 1));
        assert!(record.take_classes().is_empty());
    }
}
