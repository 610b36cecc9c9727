//! One second, request by request: where a guardrail could trip, and as the law that a step's counts
//! are compared with.

use super::counting::Batch;
use super::groups;
use super::labels::Counted;
use super::outcomes::Answered;
use super::population::{Assigned, Counting};
use super::run::Run;
use seatrial_domain::evidence::GateStratum;
use seatrial_domain::exposure::Exposure;
use seatrial_domain::guard::{Breach, Ended, Guard};
use seatrial_domain::split::Arm;
use seatrial_domain::telemetry::{Trip, TripKind};
use std::collections::BTreeMap;
use std::time::Duration;

/// What one second brought.
struct Tally {
    counted: Vec<Counted>,
    batches: BTreeMap<(GateStratum, usize), Batch>,
    /// By part of the traffic: requests the candidate answered, and those of them that may harm.
    exposed: Vec<(u64, u64)>,
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
        let counting = if now < self.counts_from { Counting::Discarded } else { Counting::Counts };
        self.now = now + 1;
        let mut tally = Tally {
            counted: self.counted(),
            batches: BTreeMap::new(),
            exposed: vec![(0, 0); simulation.groups.len()],
        };
        for instant in instants {
            let assigned = self.assign(counting);
            let ended = self.answer(assigned, incident, &mut tally);
            let at = Duration::from_secs(now) + Duration::from_secs_f64(instant);
            if let Some(breach) = self.watch(assigned.1.arm, ended, at) {
                self.trip = Some(self.tripped(&breach));
                break;
            }
        }
        if let (None, Some(answers)) = (&self.trip, self.sudden_in(now)) {
            self.end_in_failures(answers, &mut tally);
        }
        for batch in tally.batches.into_values() {
            self.exposure.units += batch.units().candidate;
            self.book(batch, (now, now + 1));
        }
        for (group, exposed) in tally.exposed.into_iter().enumerate() {
            self.expose(group, exposed, incident);
        }
    }

    /// The second's last answers of the candidate's are so many failures in a row. No unit counts them: they
    /// end the rollout.
    fn end_in_failures(&mut self, answers: u32, tally: &mut Tally) {
        let (failed, breach) = self.fail_in_a_row(answers, Duration::from_secs(self.now));
        let group = groups::one(&mut self.rng, &self.simulation.groups);
        tally.exposed.iter_mut().skip(group).take(1).for_each(|(requests, harming)| {
            *requests += u64::from(failed);
            *harming += u64::from(failed);
        });
        self.trip = breach.map(|breach| self.tripped(&breach));
    }

    /// Whose request it is: the part of the traffic, which arm it goes to, and whether it counts.
    fn assign(&mut self, counting: Counting) -> (usize, Assigned) {
        let share = self.under.share;
        match &mut self.crowd {
            Some(crowd) => crowd.request(&mut self.rng, (share, counting)),
            None => {
                let group = groups::one(&mut self.rng, &self.simulation.groups);
                let candidate = self.rng.chance(share.probability());
                let arm = if candidate { Arm::Candidate } else { Arm::Incumbent };
                let counts = match counting {
                    Counting::Counts => Some(Exposure::NONE),
                    Counting::Discarded => None,
                };
                (group, Assigned { arm, counts })
            }
        }
    }

    fn answer(
        &mut self,
        (index, assigned): (usize, Assigned),
        incident: Option<f64>,
        tally: &mut Tally,
    ) -> Ended {
        let simulation = self.simulation;
        let Some(draw) = simulation.draw(index, incident) else { return Ended::Well };
        let Assigned { arm, counts } = assigned;
        let version = draw.group.answers(arm);
        let answer = version.one(&mut self.rng, incident, &simulation.scale.edges);
        if arm == Arm::Candidate {
            tally.exposed.iter_mut().skip(index).take(1).for_each(|(requests, harming)| {
                *requests += 1;
                *harming += answer.harms;
            });
        }
        if let (Some(gate), Some(seen)) = (self.under.gate, counts) {
            let of = (gate.after(seen), index);
            let none = || Batch {
                of: of.0,
                group: index,
                candidate: Answered::default(),
                incumbent: Answered::default(),
                joined: draw.metrics.iter().map(|metric| metric.none()).collect(),
                said: draw.drifts.iter().map(|drift| drift.none()).collect(),
            };
            let batch = tally.batches.entry(of).or_insert_with(none);
            match arm {
                Arm::Candidate => batch.candidate.add(answer),
                Arm::Incumbent => batch.incumbent.add(answer),
            }
            if answer.ended == Ended::Well {
                for (drift, said) in draw.drifts.iter().zip(&mut batch.said) {
                    drift.one(&mut self.rng, arm, said);
                }
            }
            let joined = draw.metrics.iter().zip(&mut batch.joined).zip(&tally.counted);
            for ((metric, joined), counted) in joined {
                metric.one(&mut self.rng, (arm, joined), (draw.group, *counted));
            }
        }
        answer.ended
    }

    pub(super) fn watch(&mut self, arm: Arm, ended: Ended, at: Duration) -> Option<Breach> {
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
}
