//! How one version's answers are counted: failed, late, or in time and in which class of latency.
//!
//! Owns the map from a law of latency to the buckets that a plan's tests tell apart. Tests that ask
//! only how many answers took longer than some edges cannot see where between two edges an answer
//! lies, so those are drawn as one class and counted in its likeliest bucket: the verdict's law is the
//! same, and a draw costs as many binomials as there are classes, not buckets.

use super::arrivals::float;
use crate::distribution::{Halves, Law, binomial};
use crate::rng::Rng;
use seatrial_analysis::latency::Edges;
use seatrial_domain::guard::Ended;

/// What both versions' answers are counted by.
#[derive(Debug, Clone)]
pub(super) struct Scale {
    pub(super) edges: Edges,
    /// The edges that are told apart, microseconds, rising; none: all.
    pub(super) told_apart: Option<Vec<u64>>,
    /// Answers that take longer are late, microseconds.
    pub(super) deadline: f64,
    /// Answers that take longer harm whoever asked: one of the edges told apart, microseconds.
    pub(super) limit: Option<u64>,
}

/// One version's answers, prepared for drawing.
#[derive(Debug, Clone)]
pub(super) struct Outcomes {
    law: Law,
    error_rate: f64,
    /// The part of answers without an error that miss the deadline.
    late: f64,
    classes: Halves,
    /// Each class's likeliest bucket.
    buckets: Vec<usize>,
    /// Each class's last bucket.
    last: Vec<usize>,
    /// The part of answers in time that are in this class or one before.
    up_to: Vec<f64>,
    /// The part of answers in time that take longer than the limit.
    over: f64,
    /// The first bucket over the limit.
    over_from: usize,
    deadline: f64,
}

/// Counted answers of one version in one span.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Answered {
    pub(super) failed: u64,
    pub(super) late: u64,
    pub(super) in_time: u64,
    /// Of those in time, over the limit.
    pub(super) over: u64,
    /// Those in time by bucket of the standard edges, rising; not of answers that nobody compares.
    pub(super) buckets: Vec<(usize, u64)>,
}

impl Answered {
    pub(super) const fn bad(&self) -> u64 {
        self.failed + self.late
    }

    pub(super) const fn units(&self) -> u64 {
        self.failed + self.late + self.in_time
    }

    /// Those that harm whoever asked, if the incumbent would not.
    pub(super) const fn harming(&self) -> u64 {
        self.failed + self.late + self.over
    }

    /// Adds one answer.
    pub(super) fn add(&mut self, answer: Answer) {
        *(match answer.ended {
            Ended::Well => &mut self.in_time,
            Ended::Failed => &mut self.failed,
            Ended::Late => &mut self.late,
        }) += 1;
        if answer.ended == Ended::Well {
            self.over += answer.harms;
            match self.buckets.binary_search_by_key(&answer.bucket, |(bucket, _)| *bucket) {
                Ok(at) => self.buckets.iter_mut().skip(at).take(1).for_each(|it| it.1 += 1),
                Err(at) => self.buckets.insert(at, (answer.bucket, 1)),
            }
        }
    }
}

/// One answer.
#[derive(Debug, Clone, Copy)]
pub(super) struct Answer {
    pub(super) ended: Ended,
    pub(super) bucket: usize,
    pub(super) harms: u64,
}

impl Scale {
    /// How much of the law's mass is counted at or below this edge, and in time. Whole microseconds
    /// are counted, so an answer is at most the edge while it is below the next microsecond.
    fn at_most(&self, law: &Law, edge: u64) -> f64 {
        law.cdf((float(edge) + 1.0 - 1e-6).min(self.deadline))
    }

    /// The last bucket of each class but the last one.
    fn last_buckets(&self) -> Vec<usize> {
        let thresholds = self.edges.thresholds();
        match &self.told_apart {
            None => (0..thresholds.len()).collect(),
            Some(told) => told.iter().map(|edge| self.edges.bucket_of(*edge)).collect(),
        }
    }
}

impl Outcomes {
    pub(super) fn new(scale: &Scale, law: &Law, error_rate: f64) -> Self {
        let (in_time, last) = (law.cdf(scale.deadline), scale.last_buckets());
        let thresholds = scale.edges.thresholds();
        let cdf = last.iter().filter_map(|bucket| thresholds.get(*bucket));
        let mut below = 0.0;
        let weights: Vec<f64> = cdf
            .map(|edge| scale.at_most(law, *edge))
            .chain([in_time])
            .map(|at| {
                let weight = (at - below).max(0.0);
                below = at.max(below);
                weight
            })
            .collect();
        let within = scale.limit.map_or(in_time, |limit| scale.at_most(law, limit));
        Self {
            error_rate,
            late: 1.0 - in_time,
            classes: Halves::new(&weights),
            buckets: likeliest(scale, law, &last),
            over: if in_time > 0.0 { (1.0 - within / in_time).max(0.0) } else { 0.0 },
            over_from: scale.limit.map_or(usize::MAX, |limit| scale.edges.bucket_of(limit) + 1),
            deadline: scale.deadline,
            law: law.clone(),
            up_to: up_to(&weights),
            last: last.into_iter().chain([scale.edges.worst_bucket()]).collect(),
        }
    }

    /// Every class: its last bucket, its likeliest, and the part of answers in time up to its end.
    pub(super) fn classes(&self) -> impl Iterator<Item = (usize, usize, f64)> {
        let ends = self.last.iter().copied().zip(self.buckets.iter().copied());
        ends.zip(&self.up_to).map(|((last, likeliest), up_to)| (last, likeliest, *up_to))
    }

    /// The probability of a failed answer, and of a late one, where errors come at `error_rate`.
    pub(super) fn chances(&self, incident: Option<f64>) -> (f64, f64) {
        let failed = incident.map_or(self.error_rate, |rate| rate.max(self.error_rate));
        (failed, (1.0 - failed) * self.late)
    }

    /// The probability of an answer that harms: failed, late or over the limit.
    pub(super) fn harm(&self, incident: Option<f64>) -> f64 {
        let (failed, late) = self.chances(incident);
        failed + late + (1.0 - failed - late) * self.over
    }

    /// `units` answers, by bucket.
    pub(super) fn draw(&self, rng: &mut Rng, units: u64, incident: Option<f64>) -> Answered {
        let mut answered = self.ends(rng, units, incident);
        let mut classes = vec![0; self.buckets.len()];
        self.classes.add(rng, answered.in_time, &mut classes);
        let by_bucket = self.buckets.iter().copied().zip(classes);
        answered.buckets = by_bucket.filter(|(_, count)| *count > 0).collect();
        let over = answered.buckets.iter().filter(|(bucket, _)| *bucket >= self.over_from);
        answered.over = over.map(|(_, count)| count).sum();
        answered
    }

    /// How `units` answers end, and how many are over the limit.
    pub(super) fn all(&self, rng: &mut Rng, units: u64, incident: Option<f64>) -> Answered {
        let answered = self.ends(rng, units, incident);
        Answered { over: binomial(rng, answered.in_time, self.over), ..answered }
    }

    fn ends(&self, rng: &mut Rng, units: u64, incident: Option<f64>) -> Answered {
        let (error_rate, _) = self.chances(incident);
        let failed = binomial(rng, units, error_rate);
        let late = binomial(rng, units - failed, self.late);
        let in_time = units - failed - late;
        Answered { failed, late, in_time, over: 0, buckets: Vec::new() }
    }

    /// One answer by itself.
    pub(super) fn one(&self, rng: &mut Rng, incident: Option<f64>, edges: &Edges) -> Answer {
        let (error_rate, _) = self.chances(incident);
        let worst = edges.worst_bucket();
        if rng.chance(error_rate) {
            return Answer { ended: Ended::Failed, bucket: worst, harms: 1 };
        }
        let micros = self.law.sample(rng);
        if micros > self.deadline {
            return Answer { ended: Ended::Late, bucket: worst, harms: 1 };
        }
        #[expect(clippy::cast_possible_truncation, reason = "below the deadline")]
        #[expect(clippy::cast_sign_loss, reason = "spans are positive")]
        let whole = micros as u64;
        let bucket = edges.bucket_of(whole);
        Answer { ended: Ended::Well, bucket, harms: u64::from(bucket >= self.over_from) }
    }
}

/// The part of all weights up to each, by the last exactly all.
fn up_to(weights: &[f64]) -> Vec<f64> {
    let sum: f64 = weights.iter().sum();
    let mut below = 0.0;
    let part = |weight: &f64| {
        below += weight;
        if sum > 0.0 { (below / sum).min(1.0) } else { 1.0 }
    };
    let mut parts: Vec<f64> = weights.iter().map(part).collect();
    parts.last_mut().into_iter().for_each(|last| *last = 1.0);
    parts
}

/// Each class's likeliest bucket: of those after the last class's last, up to its own last.
fn likeliest(scale: &Scale, law: &Law, last: &[usize]) -> Vec<usize> {
    let every: Vec<f64> =
        scale.edges.thresholds().iter().map(|edge| law.cdf(float(*edge))).collect();
    let weight = |bucket: usize| {
        let below = bucket.checked_sub(1).and_then(|at| every.get(at)).copied().unwrap_or(0.0);
        every.get(bucket).copied().unwrap_or(1.0) - below
    };
    let mut first = 0;
    let ends = last.iter().copied().chain([scale.edges.worst_bucket()]);
    ends.map(|end| {
        let class = first..=end;
        first = end + 1;
        class.max_by(|a, b| weight(*a).total_cmp(&weight(*b))).unwrap_or(end)
    })
    .collect()
}
