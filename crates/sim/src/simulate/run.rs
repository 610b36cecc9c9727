//! One simulated rollout: looks, events and steps of traffic in turn, until it is over.
//!
//! Owns the order of things at one second, which is the driver's: labels fall due, a trip is told, the
//! first event that means something is taken and others looked for, and what is then wanted is so.

use super::Simulation;
use super::ahead::{Ahead, Calendar, lasts};
use super::ended::{Cause, Ended, Exposure, Outcome, Reading, Seen, Visit};
use super::population::Crowd;
use super::sudden::Sudden;
use super::values::Frozen;
use super::waiting::Waiting;
use super::why::{cause, label};
use super::window::Open;
use super::{Detail, Error};
use crate::laws::Broken;
use crate::rng::Rng;
use crate::world::{EVENTS_MAX, Meaning, World};
use seatrial_domain::evidence::{Evidence, GateIndex};
use seatrial_domain::guard::Guard;
use seatrial_domain::judge::Tells;
use seatrial_domain::looks::{Call, Looks, Subject};
use seatrial_domain::rollout::{Event, Hold, Mirror, Stage};
use seatrial_domain::split::Salt;
use seatrial_domain::telemetry::Trip;
use seatrial_domain::verdict::Verdict;
use seatrial_domain::{Epoch, Share};
use std::time::Duration;

/// The traffic that a routing table makes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Under {
    pub(super) epoch: Epoch,
    pub(super) share: Share,
    pub(super) gate: Option<GateIndex>,
    pub(super) mirror: Mirror,
}

/// A rollout on its way.
#[derive(Debug)]
pub(super) struct Run<'a> {
    pub(super) simulation: &'a Simulation,
    pub(super) world: World,
    pub(super) looks: Looks,
    pub(super) evidence: Evidence,
    pub(super) rng: Rng,
    /// The users, where there are any: else each request is a unit.
    pub(super) crowd: Option<Crowd>,
    pub(super) waiting: Waiting,
    /// Units whose window is open.
    pub(super) open: Open,
    /// Which of the references of values is this run's.
    pub(super) reference: u64,
    /// By metric, whether its values are counted.
    pub(super) frozen: Vec<Frozen>,
    pub(super) now: u64,
    pub(super) under: Under,
    /// Since when the guardrails watch this share, and what they have seen request by request.
    pub(super) guard: (u64, Option<Guard>),
    /// The second from which requests under this table count.
    pub(super) counts_from: u64,
    /// When the first window of the late-fault test began.
    pub(super) window: Option<u64>,
    pub(super) trip: Option<Trip>,
    /// The next run of bad answers, where only its time is drawn.
    pub(super) sudden: Option<Sudden>,
    pub(super) exposure: Exposure,
    /// Answers of the incumbent during the shadow that are not in the reference yet.
    pub(super) unreferenced: u64,
    pub(super) ahead: Ahead,
    cause: Option<Cause>,
    stages: Vec<Visit>,
    frozen_since: Option<u64>,
    trail: Vec<Seen>,
    detail: Detail,
}

impl<'a> Run<'a> {
    pub(super) fn new(simulation: &'a Simulation, index: u64, detail: Detail) -> Self {
        let mut rng = Rng::of_run(simulation.seed, index);
        let salt = Salt(rng.bits());
        let reference = rng.bits();
        let start = simulation.calendar.at(0);
        let world = World::new(&simulation.plan, simulation.settings.clone(), salt, start);
        let under = Under { epoch: Epoch(0), share: Share::ZERO, gate: None, mirror: Mirror::Off };
        Self {
            simulation,
            world,
            looks: Looks::that(Tells::Decision),
            evidence: Evidence::default(),
            rng,
            crowd: simulation.users.map(|users| Crowd::new(users, &simulation.groups)),
            waiting: Waiting::default(),
            open: Open::new(simulation.plan.analysis.unit_window),
            reference,
            frozen: vec![Frozen::at_canary(0); simulation.metrics.len()],
            now: 0,
            under,
            guard: (0, None),
            counts_from: 0,
            window: None,
            trip: None,
            sudden: None,
            exposure: Exposure::default(),
            unreferenced: 0,
            ahead: Ahead::default(),
            cause: None,
            stages: Vec::new(),
            frozen_since: None,
            trail: Vec::new(),
            detail,
        }
    }

    /// How it ends.
    pub(super) fn play(mut self) -> Result<Ended, Error> {
        self.go_on()?;
        Ok(self.finish())
    }

    /// All that was counted by its end.
    pub(super) fn evidence(mut self) -> Result<Evidence, Error> {
        self.go_on()?;
        Ok(self.evidence)
    }

    #[cfg(test)]
    pub(super) fn into_evidence(self) -> Evidence {
        self.evidence
    }

    /// Until it is over, waits for a person, or reaches the horizon.
    fn go_on(&mut self) -> Result<(), Error> {
        let seed = self.simulation.seed;
        loop {
            self.settle().map_err(|law| {
                let second = u32::try_from(self.now).unwrap_or(u32::MAX);
                Broken { seed, second, law }
            })?;
            self.note_queue();
            let rollout = &self.world.rollout;
            let over = rollout.stage.is_terminal() || rollout.paused.is_some();
            if over || self.now >= self.simulation.horizon {
                return Ok(());
            }
            let to = self.until();
            self.live(to);
        }
    }

    /// Everything that happens at this second.
    fn settle(&mut self) -> Result<(), &'static str> {
        self.close();
        self.mature();
        let before = (self.world.rollout.stage, self.world.rollout.epoch);
        let mut changed = Meaning::None;
        if let Some(trip) = self.trip.take() {
            changed = self.take(&Event::GuardrailTripped(Box::new(trip)))?;
        }
        for _ in 0..EVENTS_MAX {
            if self.take_first()? == Meaning::None {
                break;
            }
            changed = Meaning::Some;
        }
        if changed == Meaning::Some {
            self.world.enforce(self.calendar().at(self.now));
            self.reroute(before.1);
            let span = (self.now, self.simulation.horizon);
            if lasts(&self.world.rollout) {
                self.ahead = Ahead::of(&self.world, self.calendar(), span);
            }
        }
        Ok(())
    }

    const fn calendar(&self) -> Calendar {
        self.simulation.calendar
    }

    fn take_first(&mut self) -> Result<Meaning, &'static str> {
        let verdict = self.look();
        let mut events = self.world.events(verdict);
        if self.world.rollout.awaiting.is_some() {
            // Whoever is asked says yes at once.
            let by = format!("person {}", self.world.rollout.step.approvals.len() + 1);
            events.insert(0, Event::Approve { by });
        }
        for event in events {
            if self.take(&event)? == Meaning::Some {
                return Ok(Meaning::Some);
            }
        }
        Ok(Meaning::None)
    }

    fn take(&mut self, event: &Event) -> Result<Meaning, &'static str> {
        let rollout = &self.world.rollout;
        let before = (rollout.stage, rollout.paused);
        let meaning = self.world.take(event, self.simulation.calendar.at(self.now))?;
        self.note_freeze();
        let rollout = &self.world.rollout;
        if meaning == Meaning::Some && rollout.stage != before.0 {
            self.stages.push(Visit { stage: label(rollout.stage), at: self.now, frozen: 0 });
        }
        let paused = rollout.paused.is_some() && before.1.is_none();
        let back = matches!(rollout.stage, Stage::RollingBack { .. } | Stage::Rejected);
        if meaning == Meaning::Some && (paused || back && self.cause.is_none()) {
            self.cause = Some(cause(event, rollout.paused));
        }
        Ok(meaning)
    }

    /// A rollout that can't start at once is in the queue first, and nothing but a freeze keeps it there.
    fn note_queue(&mut self) {
        let stage = self.world.rollout.stage;
        if stage == Stage::Queued && self.stages.is_empty() {
            self.stages.push(Visit { stage: label(stage), at: self.now, frozen: 0 });
        }
    }

    /// Counts how long a freeze holds the stage, of which the last visit is.
    fn note_freeze(&mut self) {
        let rollout = &self.world.rollout;
        if rollout.held == Some(Hold::Freeze) || rollout.stage == Stage::Queued {
            self.frozen_since.get_or_insert(self.now);
        } else if let Some(since) = self.frozen_since.take() {
            self.stages.last_mut().into_iter().for_each(|it| it.frozen += self.now - since);
        }
    }

    /// The verdict to act on: a new one where the plan's `analysis.look` asks for one.
    fn look(&mut self) -> Option<Verdict> {
        let rollout = &self.world.rollout;
        let subject = Subject::of(rollout)?;
        let (now, capacity) = (Duration::from_secs(self.now), self.world.sessions);
        let instant = self.simulation.calendar.at(self.now);
        let due = self.looks.due(rollout, now, |verdict| {
            let verdict = Box::new(verdict.clone());
            rollout.on(&Event::Judged { verdict, capacity }, instant).is_ok()
        });
        if due == Call::No {
            return self.looks.last(rollout.epoch).cloned();
        }
        if let Subject::Gate(_) = subject
            && self.evidence.begin_window(instant, &rollout.plan.analysis).is_some()
        {
            self.window.get_or_insert(self.now);
        }
        let before = self.looks.taken();
        let verdict = self.looks.at(rollout, subject, &self.evidence, (due, now));
        if self.looks.taken() > before {
            self.note(&verdict);
        }
        Some(verdict)
    }

    /// Keeps the largest evidence against the candidate, as the store does.
    fn note(&mut self, verdict: &Verdict) {
        for (check, log_e) in verdict.maxima() {
            let most = self.evidence.maxima.entry(check).or_insert(log_e);
            *most = most.max(log_e);
        }
        if self.detail == Detail::Outcome {
            return;
        }
        let part = |log_e: Option<f64>, bar: Option<f64>| Some(log_e? / bar?);
        let readings = verdict.checks.iter().filter_map(|report| {
            let fail = part(report.fail_log_e, report.fail_at)?;
            let pass = part(report.pass_log_e, report.pass_at);
            Some(Reading { check: report.name.clone(), fail, pass })
        });
        self.trail.push(Seen {
            at: self.now,
            stage: label(self.world.rollout.stage),
            readings: readings.collect(),
            requests: self.exposure.requests,
        });
    }

    /// The traffic under the table that is now in force.
    fn reroute(&mut self, before: Epoch) {
        let route = self.world.rollout.desired(self.calendar().at(self.now)).route;
        if route.share != self.under.share {
            // A gateway watches a new share anew.
            self.guard = (self.now, None);
        }
        let (share, gate, mirror) = (route.share, route.gate, route.mirror);
        if gate != self.under.gate {
            self.open.leave(self.now);
            self.waiting.leave(self.now);
        }
        self.warm_up(share, gate);
        self.under = Under { epoch: route.epoch, share, gate, mirror };
        if route.epoch != before && self.unreferenced > 0 && mirror == Mirror::Off {
            self.refer();
        }
    }

    fn finish(self) -> Ended {
        let rollout = &self.world.rollout;
        let cause = self.cause.unwrap_or(Cause::Other("tick"));
        let outcome = match (rollout.stage, rollout.paused) {
            (Stage::Completed, _) => Outcome::Completed,
            (Stage::RolledBack, _) => Outcome::RolledBack(cause),
            (Stage::Rejected, _) => Outcome::Rejected(cause),
            (_, Some(_)) => Outcome::Paused(cause),
            (stage, None) => Outcome::Running(stage.name()),
        };
        Ended {
            outcome,
            seconds: self.now,
            stages: self.stages,
            exposure: self.exposure,
            looks: self.looks.taken(),
            trail: self.trail,
        }
    }
}
