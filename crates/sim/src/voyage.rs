//! One voyage: each second the world does what is wanted, requests are answered, and every event
//! that follows is offered to the rollout.

use crate::laws::{self, Broken, Taken};
use crate::rng::Rng;
use crate::scenario::{Error, Report, Scenario};
use crate::traffic::Source;
use crate::trouble::Fate;
use seatrial_domain::endpoint::Settings;
use seatrial_domain::evidence::Evidence;
use seatrial_domain::judge::Judge;
use seatrial_domain::plan::Kind;
use seatrial_domain::rollout::{Bootstrap, Event, Hold, Mirror, New, Rollout, Stage, StageName};
use seatrial_domain::split::Salt;
use seatrial_domain::verdict::Verdict;
use seatrial_domain::{
    Digest, Epoch, ModelName, RolloutId, Share, Timestamp, VersionNumber, VersionRef,
};
use std::collections::BTreeMap;
use std::time::Duration;

/// The world as it is in one second.
struct World {
    rollout: Rollout,
    evidence: Evidence,
    source: Source,
    report: Report,
    /// The routing table in force.
    acknowledged: Epoch,
    /// The candidate's sessions that are ready.
    sessions: u32,
    fate: Fate,
    /// A killed server is back in this second; it was last seen alive then.
    back: Option<(u32, Timestamp)>,
}

/// Whether an event meant something to the rollout.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Meaning {
    Some,
    None,
}

/// Events taken in one second, as in one step of the driver.
const EVENTS_MAX: usize = 8;

/// Plays a scenario until it is over, out of time or, where nobody is there to resume it, paused.
///
/// # Errors
/// [`Error`]; a broken law names the seed that shows it again.
pub fn play(scenario: &Scenario) -> Result<Report, Error> {
    let judge = Judge::new(&scenario.plan)?;
    let mut world = World::new(scenario);
    for second in 0..scenario.seconds {
        let now = Timestamp::from_micros(0).plus(Duration::from_secs(second.into()));
        world.answer_requests(scenario, second);
        world.report.seconds = second;
        let broken = |law| Broken { seed: scenario.seed, second, law };
        world.live(&judge, second, now).map_err(broken)?;
        let left_alone = world.rollout.paused.is_some() && scenario.trouble.words == 0.0;
        if world.rollout.stage.is_terminal() || left_alone {
            break;
        }
    }
    Ok(world.finish())
}

impl World {
    fn new(scenario: &Scenario) -> Self {
        let settings = Settings { sessions: 4, ..Settings::of(scenario.model.clone()) };
        let new = New {
            id: RolloutId(1),
            endpoint: scenario.plan.endpoint.clone(),
            attempt: 1,
            candidate: version(&scenario.model, 2),
            plan: scenario.plan.clone(),
            salt: Salt(Rng::new(scenario.seed).bits()),
            settings,
            bootstrap: Bootstrap::Approved,
        };
        let report = Report {
            stage: StageName::Queued,
            paused: None,
            shares: Vec::new(),
            stages: Vec::new(),
            candidate_units: 0,
            seconds: 0,
            reason: None,
            events: BTreeMap::new(),
        };
        Self {
            rollout: Rollout::new(new, Timestamp::from_micros(0)),
            evidence: Evidence::default(),
            source: Source::new(scenario.seed.wrapping_add(1)),
            report,
            acknowledged: Epoch(0),
            sessions: 0,
            fate: Fate::new(scenario.seed.wrapping_add(2), scenario.trouble),
            back: None,
        }
    }

    /// One second of the server: it acts, it is gone, or it comes back.
    fn live(&mut self, judge: &Judge, second: u32, now: Timestamp) -> Result<(), &'static str> {
        if let Some((at, alive_until)) = self.back {
            if second < at {
                return Ok(());
            }
            self.back = None;
            self.take(&Event::Restarted { alive_until }, now)?;
            return Ok(());
        }
        for _ in 0..EVENTS_MAX {
            if self.take_first(judge, now)? == Meaning::None {
                break;
            }
        }
        for event in self.fate.events(&self.rollout, now) {
            self.take(&event, now)?;
        }
        self.enforce(now);
        if let Some(gone) = self.fate.kill() {
            // What ran in it is lost: it loads again, and takes up its table again.
            (self.sessions, self.acknowledged) = (0, Epoch(0));
            let seconds = u32::try_from(gone.as_secs()).unwrap_or(u32::MAX);
            self.back = Some((second.saturating_add(seconds), now));
        }
        Ok(())
    }

    /// A second of requests under the table in force.
    fn answer_requests(&mut self, scenario: &Scenario, second: u32) {
        if self.acknowledged != self.rollout.epoch {
            return;
        }
        let route = self.rollout.desired(Timestamp::from_micros(0)).route;
        if let Some(gate) = route.gate {
            let under = (self.rollout.salt, route.share, gate);
            self.source.live(&scenario.traffic, second, under, &mut self.evidence);
        }
        if route.mirror == Mirror::On {
            let rules = scenario.plan.shadow.compare.len();
            self.source.copies(&scenario.traffic, rules, &mut self.evidence);
        }
    }

    /// What the world and the clock tell the rollout now.
    fn events(&self, judge: &Judge) -> Vec<Event> {
        let rollout = &self.rollout;
        let mut events = vec![Event::Acknowledged { epoch: self.acknowledged }];
        events.extend(self.capacity());
        match rollout.stage {
            Stage::Queued => events.push(self.turn()),
            Stage::Staging if self.sessions >= rollout.candidate_sessions() => {
                events.push(Event::Staged);
            }
            Stage::Validating { .. } => {
                events.push(Event::Validated { summary: "simulated".to_owned() });
            }
            Stage::Decommissioning => events.push(Event::Drained),
            Stage::Staging
            | Stage::Shadow
            | Stage::Canary
            | Stage::Ramp { .. }
            | Stage::Cutover
            | Stage::Stabilizing
            | Stage::RollingBack { .. }
            | Stage::Completed
            | Stage::Rejected
            | Stage::RolledBack
            | Stage::Aborted
            | Stage::Superseded => {}
        }
        events.extend(
            self.look(judge).map(|verdict| Event::Judged {
                verdict: Box::new(verdict),
                capacity: self.sessions,
            }),
        );
        events.push(Event::Tick);
        events
    }

    /// Sessions that a raise needs which no look accompanies.
    fn capacity(&self) -> Option<Event> {
        let (held, hold) = (self.rollout.held, Hold::Capacity);
        let short = self.sessions < self.rollout.sessions_without_a_look()?;
        match (held, short) {
            (Some(Hold::Capacity), false) => Some(Event::Released(hold)),
            (_, true) => Some(Event::Held { hold, why: "the candidate is loading".to_owned() }),
            (_, false) => None,
        }
    }

    fn turn(&self) -> Event {
        let candidate = &self.rollout.candidate;
        let incumbent = match self.rollout.plan.kind {
            Kind::Promote | Kind::Restore => Some(version(&candidate.model, 1)),
            Kind::First => None,
        };
        Event::Turn { epoch: Epoch(1), incumbent, plan: Box::new(self.rollout.plan.clone()) }
    }

    fn look(&self, judge: &Judge) -> Option<Verdict> {
        if self.rollout.stage == Stage::Shadow {
            return Some(judge.shadow(&self.evidence.shadow));
        }
        self.rollout.gate_index().map(|gate| judge.gate(&self.evidence, gate))
    }

    /// Takes the first event that means something. What it changed may make others urgent.
    fn take_first(&mut self, judge: &Judge, now: Timestamp) -> Result<Meaning, &'static str> {
        for event in self.events(judge) {
            if self.take(&event, now)? == Meaning::Some {
                return Ok(Meaning::Some);
            }
        }
        Ok(Meaning::None)
    }

    fn take(&mut self, event: &Event, now: Timestamp) -> Result<Meaning, &'static str> {
        let transition = match self.rollout.on(event, now) {
            Ok(transition) => transition,
            Err(why) => {
                laws::refused(&self.rollout, event, &why)?;
                return Ok(Meaning::None);
            }
        };
        let (before, next, sessions) = (&self.rollout, &transition.next, self.sessions);
        laws::step(Taken { before, event, next, sessions })?;
        *self.report.events.entry(event.name()).or_default() += 1;
        self.rollout = transition.next;
        let (stage, share) = (self.rollout.stage.name(), self.rollout.share());
        if self.report.stages.last() != Some(&stage) {
            self.report.stages.push(stage);
        }
        if share > Share::ZERO && self.report.shares.last() != Some(&share) {
            self.report.shares.push(share);
        }
        laws::answered(&self.rollout, now)?;
        Ok(Meaning::Some)
    }

    /// What is wanted is so, a second later.
    fn enforce(&mut self, now: Timestamp) {
        let desired = self.rollout.desired(now);
        let candidate = desired.deployments.iter().find(|it| it.version == self.rollout.candidate);
        self.sessions = candidate.map_or(0, |wanted| wanted.sessions);
        self.acknowledged = desired.route.epoch;
    }

    fn finish(mut self) -> Report {
        self.report.stage = self.rollout.stage.name();
        self.report.paused = self.rollout.paused;
        self.report.reason = self.rollout.reason;
        let units = self.evidence.gates.values().map(|counts| counts.units.candidate);
        self.report.candidate_units = units.sum();
        self.report
    }
}

fn version(model: &ModelName, number: u64) -> VersionRef {
    let digest = Digest::of(&number.to_le_bytes());
    VersionRef { model: model.clone(), number: VersionNumber(number), digest }
}
