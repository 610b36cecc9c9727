//! Traffic from now to a later second, in as few draws as its law allows.
//!
//! Owns the choice between a step, whose requests are counted at once, and a second drawn request by
//! request: the latter only where a guardrail could trip, from as long before to as long after as the
//! rails look back, so that their windows hold what they would have seen.

use super::Mode;
use super::arrivals::{Arrivals, Awaited, float};
use super::counting::Step;
use super::population::Population;
use super::rails::{self, Moment, NEGLIGIBLE};
use super::run::Run;
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
        match (self.under.mirror, self.under.share) {
            (Mirror::On, _) => self.mirrored(to),
            (Mirror::Off, Share::ZERO) => self.now = to,
            (Mirror::Off, _) if self.one_by_one() => self.second(),
            (Mirror::Off, _) => match self.under.gate {
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
        moments.into_iter().any(|second| self.may_trip(second))
    }

    /// Whether a guardrail could trip in a rollout whose seconds were all like this one.
    fn may_trip(&self, second: u64) -> bool {
        let simulation = self.simulation;
        let incident = simulation.incident(second);
        let (failed, late) = simulation.arms.candidate.chances(incident);
        let rate = simulation.arrivals.part(self.under.share.probability());
        let age = self.now.saturating_sub(self.guard.0);
        let moment = Moment { failed, late, rate: rate.least(), age };
        let trip = rails::trip(&simulation.plan.guardrails, &moment);
        trip * rate.between(0, simulation.horizon.max(1)) > NEGLIGIBLE
    }

    /// A step under a gate: up to the next look that matters.
    fn gated(&mut self, gate: GateIndex, to: u64) {
        let simulation = self.simulation;
        let awaited = self.awaited(Subject::Gate(gate), self.tallied(gate));
        let (from, incident, share) = (self.now, simulation.incident(self.now), self.under.share);
        let (counted, requests) = match &mut self.population {
            None => {
                let span = (from, to);
                let (now, units) = simulation.arrivals.until(&mut self.rng, span, awaited);
                self.now = now;
                let candidate = binomial(&mut self.rng, units, share.probability());
                let units = ArmCount { candidate, incumbent: units - candidate };
                (vec![(Exposure::NONE, units)], candidate)
            }
            Some(population) => {
                self.now =
                    users_until(population, simulation.arrivals, (from, to), (share, awaited));
                let expected = simulation.arrivals.between(from, self.now);
                let counted = population.step(&mut self.rng, share, expected);
                let candidates = simulation.arrivals.part(share.probability());
                (counted, candidates.count(&mut self.rng, from, self.now))
            }
        };
        let (mut harming, mut answered) = (0, 0);
        let (arms, metrics, now) = (&simulation.arms, simulation.metrics.as_slice(), self.now);
        for (seen, units) in counted.into_iter().filter(|(_, units)| units.total() > 0) {
            let step = Step { of: gate.after(seen), now, incident, arms, metrics };
            let into = (&mut self.evidence, &mut self.waiting);
            let answers = step.draw(&mut self.rng, units, into);
            harming += answers.bad() + answers.over;
            answered += units.candidate;
        }
        self.exposure.units += answered;
        // Users come back: their later requests are no units, and are answered all the same.
        let again = requests.saturating_sub(answered);
        let others = arms.candidate.all(&mut self.rng, again, incident);
        self.expose(answered + again, harming + others.bad() + others.over, incident);
    }

    /// A step in which the candidate answers everything: nothing is compared.
    fn exposed(&mut self, to: u64) {
        let simulation = self.simulation;
        let incident = simulation.incident(self.now);
        let arrivals = simulation.arrivals.part(self.under.share.probability());
        let requests = arrivals.count(&mut self.rng, self.now, to);
        let answers = simulation.arms.candidate.all(&mut self.rng, requests, incident);
        self.expose(requests, answers.bad() + answers.over, incident);
        self.now = to;
    }

    pub(super) fn expose(&mut self, requests: u64, harming: u64, incident: Option<f64>) {
        self.exposure.requests += requests;
        self.exposure.harmed += self.simulation.arms.harmed(&mut self.rng, harming, incident);
    }

    /// A step of the shadow: copies of a part of the requests are compared, and all of the incumbent's
    /// answers are what latencies will be compared with.
    fn mirrored(&mut self, to: u64) {
        let simulation = self.simulation;
        let awaited = self.awaited(Subject::Shadow, 1.0);
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
    /// only the sum is ever looked at.
    pub(super) fn refer(&mut self) {
        let simulation = self.simulation;
        let shadow = &mut self.evidence.shadow;
        shadow.incumbent_latency.resize(simulation.arms.buckets, 0);
        let answers = (std::mem::take(&mut self.unreferenced), None);
        simulation.arms.incumbent.draw(&mut self.rng, answers, &mut shadow.incumbent_latency);
    }

    /// The requests that the next look of this subject waits for, each counted so many times.
    fn awaited(&self, subject: Subject, tallied: f64) -> Awaited {
        let rollout = &self.world.rollout;
        let Some((wanted, due)) = self.looks.wanted(rollout, subject) else {
            return Awaited { requests: 1, not_before: 0 };
        };
        let missing = wanted.saturating_sub(subject.tally(&self.evidence));
        let requests = whole((float(missing) / tallied).ceil());
        let not_before = due.as_secs() + u64::from(due.subsec_nanos() > 0);
        Awaited { requests, not_before }
    }

    /// How often one unit of this gate counts towards the next look by the end of its step: itself,
    /// its labels, and those of them that are due at once.
    fn tallied(&self, gate: GateIndex) -> f64 {
        let simulation = self.simulation;
        let each = |late_by: Option<u64>| {
            simulation.arms.labelled + f64::from(u8::from(late_by == Some(0)))
        };
        let labels = simulation.metrics.iter().map(|metric| each(metric.late_by(gate)));
        1.0 + labels.sum::<f64>()
    }
}

/// When about half of the users that a look waits for have come by: it is taken at the first step
/// after they all have, so at most half of its growth late.
fn users_until(
    population: &Population,
    arrivals: Arrivals,
    (from, to): (u64, u64),
    (share, awaited): (Share, Awaited),
) -> u64 {
    let half = 0.5 * float(awaited.requests);
    match population.expected_requests(share, half) {
        Some(expected) => {
            let at = arrivals.after(from, expected);
            whole(at.ceil()).max(awaited.not_before).clamp(from + 1, to.max(from + 1))
        }
        // Too few are left: the time alone changes something.
        None => to,
    }
}

#[expect(clippy::cast_possible_truncation, reason = "saturates, far beyond any horizon")]
#[expect(clippy::cast_sign_loss, reason = "counts and times are positive")]
const fn whole(value: f64) -> u64 {
    value as u64
}
