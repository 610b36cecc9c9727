//! Traffic from now to a later second, in as few draws as its law allows.
//!
//! Owns the choice between a step, whose requests are counted at once, and a second drawn request by
//! request: the latter only where a guardrail could trip, from as long before to as long after as the
//! rails look back, so that their windows hold what they would have seen.

use super::Mode;
use super::arrivals::{Awaited, float};
use super::groups::shared_out;
use super::population::{Came, Step};
use super::rails::{self, Moment, NEGLIGIBLE};
use super::run::Run;
use super::values::Frozen;
use crate::distribution::binomial;
use seatrial_domain::Share;
use seatrial_domain::evidence::{ArmCount, GateIndex};
use seatrial_domain::exposure::Exposure;
use seatrial_domain::looks::Subject;
use seatrial_domain::rollout::Mirror;

impl Run<'_> {
    /// Lives on up to the second `to`, or to the first in which a look makes a difference or a
    /// guardrail trips.
    pub(super) fn live(&mut self, to: u64) {
        let answers = self.under.mirror == Mirror::Off && self.under.share > Share::ZERO;
        let to = if answers { self.before_sudden(to) } else { to };
        match (self.under.mirror, self.under.share) {
            (Mirror::On, _) => self.mirrored(to),
            (Mirror::Off, Share::ZERO) => self.now = to,
            (Mirror::Off, _) if self.one_by_one() => self.second(),
            (Mirror::Off, _) => match self.under.gate {
                Some(_) if self.now < self.counts_from => self.exposed(to.min(self.counts_from)),
                Some(gate) => self.gated(gate, to),
                None => self.exposed(to),
            },
        }
    }

    /// Whether the requests from now on are drawn one by one.
    fn one_by_one(&self) -> bool {
        let simulation = self.simulation;
        if simulation.mode == Mode::Requests {
            return true;
        }
        let memory = simulation.memory;
        let moments = [self.now, self.now.saturating_sub(memory), self.now + memory];
        self.sudden_is_near() || moments.into_iter().any(|second| self.may_trip(second))
    }

    /// Whether a guardrail could trip in a rollout whose seconds were all like this one, but by a run of
    /// bad answers whose time is drawn.
    fn may_trip(&self, second: u64) -> bool {
        let (moment, answers) = self.moment(second);
        let rails = &self.simulation.plan.guardrails;
        let trip = match self.rare_runs(&moment, answers) {
            Some(_) => rails::window_trip(rails, &moment),
            None => rails::trip(rails, &moment),
        };
        trip * answers > NEGLIGIBLE
    }

    /// The candidate's answers around this second, and how many of them a rollout has at most.
    pub(super) fn moment(&self, second: u64) -> (Moment, f64) {
        let simulation = self.simulation;
        let (failed, late) = simulation.chances(simulation.incident(second));
        let share = self.under.share;
        let (least, most) = match &self.crowd {
            Some(crowd) => crowd.on_candidate_between(share),
            None => (share.probability(), share.probability()),
        };
        let age = self.now.saturating_sub(self.guard.0);
        let rate = simulation.arrivals.part(least).least();
        let answers = simulation.arrivals.part(most).between(0, simulation.horizon.max(1));
        (Moment { failed, late, rate, age }, answers)
    }

    /// A step under a gate: up to the next look that matters.
    fn gated(&mut self, gate: GateIndex, to: u64) {
        let simulation = self.simulation;
        let awaited = self.awaited(Subject::Gate(gate));
        let from = self.now;
        if self.crowd.is_none() && self.open.is_off() {
            let requests = whole((float(awaited.requests) / self.tallied(gate)).ceil());
            let awaited = Awaited { requests, ..awaited };
            let (now, units) = simulation.arrivals.until(&mut self.rng, (from, to), awaited);
            self.now = now;
            let came = self.strangers(units);
            self.came((gate, from), came, &[]);
        } else {
            self.now = self.about(gate, (from, to), awaited);
            self.come(gate, from);
        }
    }

    /// Everybody who comes between `from` and now, and comes again.
    pub(super) fn come(&mut self, gate: GateIndex, from: u64) {
        let (arrivals, share) = (self.simulation.arrivals, self.under.share);
        let Step { came, again } = match &mut self.crowd {
            Some(crowd) => crowd.step(&mut self.rng, share, arrivals.between(from, self.now)),
            None => {
                let units = arrivals.count(&mut self.rng, from, self.now);
                Step { came: self.strangers(units), again: Vec::new() }
            }
        };
        self.came((gate, from), came, &again);
    }

    /// Requests of which each is a unit.
    fn strangers(&mut self, units: u64) -> Vec<Came> {
        let share = self.under.share.probability();
        let by_group = shared_out(&mut self.rng, units, &self.simulation.groups);
        let split = |(group, units): (usize, u64)| {
            let candidate = binomial(&mut self.rng, units, share);
            (group, Exposure::NONE, ArmCount { candidate, incumbent: units - candidate })
        };
        by_group.into_iter().enumerate().map(split).collect()
    }

    /// Counts who came, and what the candidate answered besides.
    fn came(&mut self, (gate, from): (GateIndex, u64), came: Vec<Came>, again: &[u64]) {
        let simulation = self.simulation;
        let incident = simulation.incident(from);
        let counted = self.counted();
        for (index, seen, units) in came.into_iter().filter(|(_, _, units)| units.total() > 0) {
            let Some(draw) = simulation.draw(index, incident) else { continue };
            let of = (gate.after(seen), index);
            let batch = draw.batch(&mut self.rng, of, (units, &counted));
            self.exposure.units += units.candidate;
            self.expose(index, (units.candidate, batch.candidate.harming()), incident);
            self.book(batch, (from, self.now));
        }
        self.answered(again, incident);
    }

    /// A step in which nothing is counted: the candidate answers everything, or the warm-up is not over.
    fn exposed(&mut self, to: u64) {
        let simulation = self.simulation;
        let incident = simulation.incident(self.now);
        let (arrivals, share) = (simulation.arrivals, self.under.share);
        let requests = match &self.crowd {
            Some(crowd) => crowd.answered(&mut self.rng, share, arrivals.between(self.now, to)),
            None => {
                let arrivals = arrivals.part(share.probability());
                let requests = arrivals.count(&mut self.rng, self.now, to);
                shared_out(&mut self.rng, requests, &simulation.groups)
            }
        };
        self.answered(&requests, incident);
        self.now = to;
    }

    /// Requests that the candidate answers and nobody counts, by part of the traffic.
    fn answered(&mut self, requests: &[u64], incident: Option<f64>) {
        for (index, (group, requests)) in self.simulation.groups.iter().zip(requests).enumerate() {
            let answers = group.candidate.all(&mut self.rng, *requests, incident);
            self.expose(index, (*requests, answers.harming()), incident);
        }
    }

    /// Notes what the candidate answered in one part of the traffic.
    pub(super) fn expose(
        &mut self,
        group: usize,
        (requests, harming): (u64, u64),
        incident: Option<f64>,
    ) {
        let Some(group) = self.simulation.groups.get(group) else { return };
        self.exposure.requests += requests;
        self.exposure.harmed += group.harmed(&mut self.rng, harming, incident);
    }

    /// A step of the shadow: copies of a part of the requests are compared, and all of the incumbent's
    /// answers are what latencies will be compared with.
    fn mirrored(&mut self, to: u64) {
        let simulation = self.simulation;
        let awaited = self.awaited(Subject::Shadow);
        let part = simulation.plan.shadow.mirror.probability();
        let arrivals = simulation.arrivals;
        let (now, copies) = match simulation.mode {
            Mode::Requests => {
                (self.now + 1, arrivals.part(part).count(&mut self.rng, self.now, self.now + 1))
            }
            Mode::Aggregated if part <= 0.0 => (to, 0),
            Mode::Aggregated => arrivals.part(part).until(&mut self.rng, (self.now, to), awaited),
        };
        let others = arrivals.part(1.0 - part).count(&mut self.rng, self.now, now);
        self.now = now;
        self.unreferenced += copies + others;
        let disagree = binomial(&mut self.rng, copies, simulation.disagreement);
        simulation.compare(copies, disagree, &mut self.evidence.shadow);
    }

    /// Freezes what latencies are compared with: the incumbent's answers during the shadow, of which
    /// only the sum is ever looked at. And what values are counted by, where enough came by then.
    pub(super) fn refer(&mut self) {
        let simulation = self.simulation;
        let answers = std::mem::take(&mut self.unreferenced);
        let reference = &mut self.evidence.shadow.incumbent_latency;
        reference.resize(simulation.scale.edges.buckets(), 0);
        let by_group = shared_out(&mut self.rng, answers, &simulation.groups);
        for (group, answers) in simulation.groups.iter().zip(by_group) {
            let drawn = group.incumbent.draw(&mut self.rng, answers, None);
            let bad = (simulation.scale.edges.worst_bucket(), drawn.bad());
            for (bucket, answers) in drawn.buckets.into_iter().chain([bad]) {
                reference.iter_mut().skip(bucket).take(1).for_each(|count| *count += answers);
            }
        }
        let values = binomial(&mut self.rng, answers, simulation.labelled);
        self.frozen = vec![Frozen::at_canary(values); simulation.metrics.len()];
        (0..self.frozen.len()).for_each(|metric| self.refer_to(metric));
    }

    /// How much more must be counted of this subject before its next look.
    fn awaited(&self, subject: Subject) -> Awaited {
        let rollout = &self.world.rollout;
        let Some((wanted, due)) = self.looks.wanted(rollout, subject) else {
            return Awaited { requests: 1, not_before: 0 };
        };
        let requests = wanted.saturating_sub(subject.tally(&self.evidence));
        let not_before = due.as_secs() + u64::from(due.subsec_nanos() > 0);
        Awaited { requests, not_before }
    }

    /// How often one unit of this gate counts towards the next look by the end of its step: itself,
    /// its labels where the first one counts, and those of them that are due at once.
    fn tallied(&self, gate: GateIndex) -> f64 {
        1.0 + self.labels_at_once(gate)
    }
}

#[expect(clippy::cast_possible_truncation, reason = "saturates, far beyond any horizon")]
#[expect(clippy::cast_sign_loss, reason = "counts and times are positive")]
const fn whole(value: f64) -> u64 {
    value as u64
}
