//! One voyage: each second the world does what is wanted, requests are answered, and every event
//! that follows is offered to the rollout.

use crate::laws::{self, Broken};
use crate::rng::Rng;
use crate::traffic::{Source, Traffic};
use seatrial_domain::endpoint::Settings;
use seatrial_domain::evidence::Evidence;
use seatrial_domain::judge::{self, Judge};
use seatrial_domain::plan::{Kind, Plan};
use seatrial_domain::rollout::{Bootstrap, Event, Mirror, New, Pause, Rollout, Stage, StageName};
use seatrial_domain::split::Salt;
use seatrial_domain::verdict::Verdict;
use seatrial_domain::{
    Digest, Epoch, ModelName, RolloutId, Share, Timestamp, VersionNumber, VersionRef,
};
use std::time::Duration;

/// What is played.
#[derive(Debug, Clone)]
pub struct Scenario {
    pub plan: Plan,
    pub model: ModelName,
    pub traffic: Traffic,
    pub seed: u64,
    /// When to stop, in virtual seconds.
    pub seconds: u32,
}

/// How it went.
#[derive(Debug, Clone, PartialEq)]
pub struct Report {
    pub stage: StageName,
    pub paused: Option<Pause>,
    /// Every share the candidate had, in order.
    pub shares: Vec<Share>,
    /// The stages passed through, in order.
    pub stages: Vec<StageName>,
    /// Units assigned to the candidate, over all gates.
    pub candidate_units: u64,
    pub seconds: u32,
    pub reason: Option<String>,
}

/// A scenario that could not be played to its end.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The plan makes no tests.
    #[error(transparent)]
    Judge(#[from] judge::Error),
    /// A law did not hold.
    #[error(transparent)]
    Broken(#[from] Broken),
}

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
}

/// Plays a scenario until it is over, paused, or out of time.
///
/// # Errors
/// [`Error`]; a broken law names the seed that shows it again.
pub fn play(scenario: &Scenario) -> Result<Report, Error> {
    let judge = Judge::new(&scenario.plan)?;
    let mut world = World::new(scenario);
    for second in 0..scenario.seconds {
        let now = Timestamp::from_micros(0).plus(Duration::from_secs(second.into()));
        world.answer_requests(scenario, second);
        let broken = |law| Broken { seed: scenario.seed, second, law };
        for event in world.events(&judge) {
            world.take(&event, now).map_err(broken)?;
        }
        world.enforce(now);
        world.report.seconds = second;
        if world.rollout.stage.is_terminal() || world.rollout.paused.is_some() {
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
        };
        Self {
            rollout: Rollout::new(new, Timestamp::from_micros(0)),
            evidence: Evidence::default(),
            source: Source::new(scenario.seed.wrapping_add(1)),
            report,
            acknowledged: Epoch(0),
            sessions: 0,
        }
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
        match rollout.stage {
            Stage::Queued => events.push(self.turn()),
            Stage::Staging if self.sessions > 0 => events.push(Event::Staged),
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

    fn take(&mut self, event: &Event, now: Timestamp) -> Result<(), &'static str> {
        let Ok(transition) = self.rollout.on(event, now) else { return Ok(()) };
        laws::step(&self.rollout, event, &transition.next, self.sessions)?;
        self.rollout = transition.next;
        let (stage, share) = (self.rollout.stage.name(), self.rollout.share());
        if self.report.stages.last() != Some(&stage) {
            self.report.stages.push(stage);
        }
        if share > Share::ZERO && self.report.shares.last() != Some(&share) {
            self.report.shares.push(share);
        }
        laws::answered(&self.rollout, now)
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
