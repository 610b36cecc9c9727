//! Synthetic requests: how often, and how each version answers them.

use crate::rng::Rng;
use seatrial_analysis::ArmHistogram;
use seatrial_analysis::latency::Edges;
use seatrial_domain::Share;
use seatrial_domain::evidence::{Evidence, GateCounts, GateIndex};
use seatrial_domain::split::{Arm, Salt};

/// How one version answers.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Behaviour {
    /// Probability of a failed answer.
    pub errors: f64,
    /// The fastest answer, microseconds.
    pub floor_micros: f64,
    /// Mean of the exponential time above the floor, microseconds.
    pub tail_micros: f64,
    /// Probability that the answer is labelled correct.
    pub correct: f64,
}

/// A time in which both versions fail alike, whoever is to blame.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Incident {
    /// Seconds of the voyage, first and last.
    pub from: u32,
    pub to: u32,
    /// Probability of a failed answer on both arms.
    pub errors: f64,
}

/// The requests of one voyage. Each is a unit of its own.
#[derive(Debug, Clone, PartialEq)]
pub struct Traffic {
    pub requests_per_second: u32,
    pub incumbent: Behaviour,
    pub candidate: Behaviour,
    /// Probability that the arms disagree on a copied request.
    pub disagreement: f64,
    pub incident: Option<Incident>,
}

/// How one request ended.
struct Answer {
    error: bool,
    micros: f64,
    correct: bool,
}

/// Who makes the requests: chance, the unit's number, and where answers are counted.
#[derive(Debug)]
pub(crate) struct Source {
    rng: Rng,
    edges: Edges,
    unit: u64,
}

impl Source {
    pub(crate) fn new(seed: u64) -> Self {
        Self { rng: Rng::new(seed), edges: Edges::default(), unit: 0 }
    }

    /// One second of live requests under a gate's share.
    pub(crate) fn live(
        &mut self,
        traffic: &Traffic,
        second: u32,
        (salt, share, gate): (Salt, Share, GateIndex),
        evidence: &mut Evidence,
    ) {
        let counts = evidence.gates.entry(gate.unseen()).or_default();
        if counts.latency == ArmHistogram::default() {
            counts.latency = ArmHistogram::empty(self.edges.buckets());
        }
        for _ in 0..traffic.requests_per_second {
            self.unit += 1;
            let arm = salt.choose(share, &self.unit.to_le_bytes());
            let answer = self.answer(traffic, second, arm);
            self.count(counts, arm, &answer);
        }
    }

    /// One second of copies: pairs, and the incumbent against itself, which never disagrees here.
    pub(crate) fn copies(&mut self, traffic: &Traffic, rules: usize, evidence: &mut Evidence) {
        let shadow = &mut evidence.shadow;
        shadow.compare.resize(rules, Default::default());
        for _ in 0..traffic.requests_per_second {
            shadow.mirror.offered += 1;
            shadow.mirror.sent += 1;
            let disagrees = u64::from(self.rng.chance(traffic.disagreement));
            for rule in &mut shadow.compare {
                rule.candidate.pairs += 1;
                rule.candidate.disagree += disagrees;
                rule.noise.pairs += 1;
            }
        }
    }

    fn answer(&mut self, traffic: &Traffic, second: u32, arm: Arm) -> Answer {
        let behaviour = match arm {
            Arm::Incumbent => traffic.incumbent,
            Arm::Candidate => traffic.candidate,
        };
        let incident = traffic.incident.filter(|it| (it.from..=it.to).contains(&second));
        let errors = incident.map_or(behaviour.errors, |it| it.errors.max(behaviour.errors));
        Answer {
            error: self.rng.chance(errors),
            micros: behaviour.floor_micros + self.rng.exponential(behaviour.tail_micros),
            correct: self.rng.chance(behaviour.correct),
        }
    }

    fn count(&self, counts: &mut GateCounts, arm: Arm, answer: &Answer) {
        counts.units.add(arm);
        #[expect(clippy::cast_possible_truncation, reason = "microseconds of one answer")]
        #[expect(clippy::cast_sign_loss, reason = "time is positive")]
        let micros = answer.micros as u64;
        let bucket = match answer.error {
            true => self.edges.worst_bucket(),
            false => self.edges.bucket_of(micros),
        };
        let feedback = counts.feedback.entry("correct".to_owned()).or_default();
        let (errors, latency) = (&mut counts.errors, &mut counts.latency);
        let (buckets, cells, labels) = match arm {
            Arm::Candidate => (
                &mut latency.candidate,
                (&mut errors.candidate_bad, &mut errors.candidate_good),
                (&mut feedback.candidate_bad, &mut feedback.candidate_good),
            ),
            Arm::Incumbent => (
                &mut latency.incumbent,
                (&mut errors.incumbent_bad, &mut errors.incumbent_good),
                (&mut feedback.incumbent_bad, &mut feedback.incumbent_good),
            ),
        };
        if let Some(bucket) = buckets.get_mut(bucket) {
            *bucket += 1;
        }
        *(if answer.error { cells.0 } else { cells.1 }) += 1;
        *(if answer.correct { labels.1 } else { labels.0 }) += 1;
        // Every label comes with its answer.
        let labels = *feedback;
        let matured = counts.matured.entry("correct".to_owned()).or_default();
        matured.units.add(arm);
        matured.labels = labels;
    }
}
