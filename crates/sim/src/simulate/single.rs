//! One second, request by request: where a guardrail could trip, and as the law that a step's counts
//! are compared with.

use super::counting::counters;
use super::labels::Metric;
use super::population::Assigned;
use super::run::Run;
use crate::rng::Rng;
use seatrial_analysis::Cells;
use seatrial_domain::evidence::{ArmCount, Evidence, GateCounts, GateStratum, Matured};
use seatrial_domain::exposure::Exposure;
use seatrial_domain::guard::{Breach, Ended, Guard};
use seatrial_domain::plan::Better;
use seatrial_domain::split::Arm;
use seatrial_domain::telemetry::{Trip, TripKind};
use std::collections::BTreeMap;
use std::time::Duration;

/// One answered request.
#[derive(Debug, Clone, Copy)]
struct Answered {
    arm: Arm,
    ended: Ended,
    bucket: usize,
}

/// What one second brought, besides what is counted at once.
struct Tally {
    labels: BTreeMap<GateStratum, (ArmCount, Labels)>,
    exposed: u64,
    harming: u64,
}

impl Run<'_> {
    /// The next second's requests, each by itself, up to a trip.
    pub(super) fn second(&mut self) {
        let simulation = self.simulation;
        let now = self.now;
        let incident = simulation.incident(now);
        let requests = simulation.arrivals.count(&mut self.rng, now, now + 1);
        let mut instants: Vec<f64> = (0..requests).map(|_| self.rng.unit()).collect();
        instants.sort_unstable_by(f64::total_cmp);
        self.now = now + 1;
        let mut tally = Tally { labels: BTreeMap::new(), exposed: 0, harming: 0 };
        for instant in instants {
            let assigned = self.assign();
            let ended = self.answer(assigned, incident, &mut tally);
            let at = Duration::from_secs(now) + Duration::from_secs_f64(instant);
            if let Some(breach) = self.watch(assigned.arm, ended, at) {
                self.trip = Some(self.tripped(&breach));
                break;
            }
        }
        for (of, (units, labels)) in &tally.labels {
            self.exposure.units += units.candidate;
            self.labelled(*of, *units, labels);
        }
        self.expose(tally.exposed, tally.harming, incident);
    }

    /// Whose request it is: which arm it goes to, and whether it counts.
    fn assign(&mut self) -> Assigned {
        let share = self.under.share;
        match &mut self.population {
            Some(population) => population.request(&mut self.rng, share),
            None => {
                let candidate = self.rng.chance(share.probability());
                let arm = if candidate { Arm::Candidate } else { Arm::Incumbent };
                Assigned { arm, counts: Some(Exposure::NONE) }
            }
        }
    }

    fn answer(&mut self, assigned: Assigned, incident: Option<f64>, tally: &mut Tally) -> Ended {
        let (arms, scale) = (&self.simulation.arms, &self.simulation.scale);
        let Assigned { arm, counts } = assigned;
        let version = match arm {
            Arm::Candidate => &arms.candidate,
            Arm::Incumbent => &arms.incumbent,
        };
        let answer = version.one(&mut self.rng, incident, &scale.edges);
        if arm == Arm::Candidate {
            tally.exposed += 1;
            tally.harming += answer.harms;
        }
        if let (Some(gate), Some(seen)) = (self.under.gate, counts) {
            let of = gate.after(seen);
            let answered = Answered { arm, ended: answer.ended, bucket: answer.bucket };
            answered.count(counters(&mut self.evidence, of, arms.buckets));
            let none = || (ArmCount::default(), Labels::of(&self.simulation.metrics));
            let (units, labels) = tally.labels.entry(of).or_insert_with(none);
            units.add(arm);
            labels.draw(&mut self.rng, arm, (arms.labelled, arms.wanted(arm)));
        }
        answer.ended
    }

    fn watch(&mut self, arm: Arm, ended: Ended, at: Duration) -> Option<Breach> {
        let rails = &self.simulation.plan.guardrails;
        let guard = self.guard.1.get_or_insert_with(|| Guard::new(rails, at));
        guard.note(arm, ended, at)
    }

    fn tripped(&self, breach: &Breach) -> Trip {
        let rollout = &self.world.rollout;
        Trip {
            endpoint: rollout.endpoint.clone(),
            rollout: rollout.id,
            epoch: rollout.epoch,
            guardrail: breach.rail.name().to_owned(),
            kind: TripKind::Zeroed,
            candidate: breach.candidate,
            incumbent: breach.incumbent,
            at: self.simulation.calendar.at(self.now),
        }
    }

    fn labelled(&mut self, of: GateStratum, units: ArmCount, labels: &Labels) {
        for (index, metric) in self.simulation.metrics.iter().enumerate() {
            let Some(cells) = labels.0.get(index).map(|(_, cells)| *cells) else { continue };
            note(&mut self.evidence, of, metric, &cells);
            if let Some(late_by) = metric.late_by(of.gate) {
                let matured = Matured { units, labels: cells };
                self.waiting.push((index, of), (self.now, late_by), matured);
            }
        }
    }
}

fn note(evidence: &mut Evidence, of: GateStratum, metric: &Metric, cells: &Cells) {
    let counts = evidence.gates.entry(of).or_default();
    counts.feedback.entry(metric.name.clone()).or_default().merge(cells);
}

impl Answered {
    fn count(self, counts: &mut GateCounts) {
        counts.units.add(self.arm);
        let (errors, latency) = (&mut counts.errors, &mut counts.latency);
        let (bad, good, buckets) = match self.arm {
            Arm::Candidate => {
                (&mut errors.candidate_bad, &mut errors.candidate_good, &mut latency.candidate)
            }
            Arm::Incumbent => {
                (&mut errors.incumbent_bad, &mut errors.incumbent_good, &mut latency.incumbent)
            }
        };
        match self.ended {
            Ended::Well => *good += 1,
            Ended::Failed | Ended::Late => *bad += 1,
        }
        buckets.iter_mut().skip(self.bucket).take(1).for_each(|count| *count += 1);
    }
}

/// The labels of one second, by metric.
struct Labels(Vec<(Better, Cells)>);

impl Labels {
    fn of(metrics: &[Metric]) -> Self {
        Self(metrics.iter().map(|metric| (metric.better, Cells::default())).collect())
    }

    fn draw(&mut self, rng: &mut Rng, arm: Arm, (labelled, wanted): (f64, f64)) {
        for (better, cells) in &mut self.0 {
            if !rng.chance(labelled) {
                continue;
            }
            let value = rng.chance(wanted) == (*better == Better::Higher);
            *(match (arm, value) {
                (Arm::Candidate, true) => &mut cells.candidate_good,
                (Arm::Candidate, false) => &mut cells.candidate_bad,
                (Arm::Incumbent, true) => &mut cells.incumbent_good,
                (Arm::Incumbent, false) => &mut cells.incumbent_bad,
            }) += 1;
        }
    }
}
