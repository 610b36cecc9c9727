//! One voyage: each second the world does what is wanted, requests are answered, and every event
//! that follows is offered to the rollout.

use crate::laws::Broken;
use crate::rng::Rng;
use crate::scenario::{Error, Report, Scenario};
use crate::traffic::Source;
use crate::trouble::Fate;
use crate::world::{EVENTS_MAX, Meaning, World};
use seatrial_domain::endpoint::Settings;
use seatrial_domain::evidence::Evidence;
use seatrial_domain::judge::Judge;
use seatrial_domain::rollout::{Event, Mirror, Stage, StageName};
use seatrial_domain::split::Salt;
use seatrial_domain::verdict::Verdict;
use seatrial_domain::{Epoch, Share, Timestamp};
use std::collections::BTreeMap;
use std::time::Duration;

/// One rollout in its world, with its traffic and its troubles.
struct Voyage {
    world: World,
    evidence: Evidence,
    source: Source,
    report: Report,
    fate: Fate,
    /// A killed server is back in this second; it was last seen alive then.
    back: Option<(u32, Timestamp)>,
}

/// Plays a scenario until it is over, out of time or, where nobody is there to resume it, paused.
///
/// # Errors
/// [`Error`]; a broken law names the seed that shows it again.
pub fn play(scenario: &Scenario) -> Result<Report, Error> {
    let judge = Judge::new(&scenario.plan)?;
    let mut voyage = Voyage::new(scenario);
    for second in 0..scenario.seconds {
        let now = Timestamp::from_micros(0).plus(Duration::from_secs(second.into()));
        voyage.answer_requests(scenario, second);
        voyage.report.seconds = second;
        let broken = |law| Broken { seed: scenario.seed, second, law };
        voyage.live(&judge, second, now).map_err(broken)?;
        let rollout = &voyage.world.rollout;
        let left_alone = rollout.paused.is_some() && scenario.trouble.words == 0.0;
        if rollout.stage.is_terminal() || left_alone {
            break;
        }
    }
    Ok(voyage.finish())
}

impl Voyage {
    fn new(scenario: &Scenario) -> Self {
        let settings = Settings { sessions: 4, ..Settings::of(scenario.model.clone()) };
        let salt = Salt(Rng::new(scenario.seed).bits());
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
            world: World::new(&scenario.plan, settings, salt, Timestamp::from_micros(0)),
            evidence: Evidence::default(),
            source: Source::new(scenario.seed.wrapping_add(1)),
            report,
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
        for event in self.fate.events(&self.world.rollout, now) {
            self.take(&event, now)?;
        }
        self.world.enforce(now);
        if let Some(gone) = self.fate.kill() {
            // What ran in it is lost: it loads again, and takes up its table again.
            (self.world.sessions, self.world.acknowledged) = (0, Epoch(0));
            let seconds = u32::try_from(gone.as_secs()).unwrap_or(u32::MAX);
            self.back = Some((second.saturating_add(seconds), now));
        }
        Ok(())
    }

    /// A second of requests under the table in force.
    fn answer_requests(&mut self, scenario: &Scenario, second: u32) {
        let rollout = &self.world.rollout;
        if self.world.acknowledged != rollout.epoch {
            return;
        }
        let route = rollout.desired(Timestamp::from_micros(0)).route;
        if let Some(gate) = route.gate {
            let under = (rollout.salt, route.share, gate);
            self.source.live(&scenario.traffic, second, under, &mut self.evidence);
        }
        if route.mirror == Mirror::On {
            let rules = scenario.plan.shadow.compare.len();
            self.source.copies(&scenario.traffic, rules, &mut self.evidence);
        }
    }

    fn look(&mut self, judge: &Judge, now: Timestamp) -> Option<Verdict> {
        let rollout = &self.world.rollout;
        if rollout.stage == Stage::Shadow {
            return Some(judge.shadow(&self.evidence.shadow));
        }
        let gate = rollout.gate_index()?;
        self.evidence.begin_window(now, &rollout.plan.analysis);
        Some(judge.gate(&self.evidence, gate))
    }

    /// Takes the first event that means something. What it changed may make others urgent.
    fn take_first(&mut self, judge: &Judge, now: Timestamp) -> Result<Meaning, &'static str> {
        let verdict = self.look(judge, now);
        for event in self.world.events(verdict) {
            if self.take(&event, now)? == Meaning::Some {
                return Ok(Meaning::Some);
            }
        }
        Ok(Meaning::None)
    }

    fn take(&mut self, event: &Event, now: Timestamp) -> Result<Meaning, &'static str> {
        if self.world.take(event, now)? == Meaning::None {
            return Ok(Meaning::None);
        }
        *self.report.events.entry(event.name()).or_default() += 1;
        let rollout = &self.world.rollout;
        let (stage, share) = (rollout.stage.name(), rollout.share());
        if self.report.stages.last() != Some(&stage) {
            self.report.stages.push(stage);
        }
        if share > Share::ZERO && self.report.shares.last() != Some(&share) {
            self.report.shares.push(share);
        }
        Ok(Meaning::Some)
    }

    fn finish(mut self) -> Report {
        self.report.stage = self.world.rollout.stage.name();
        self.report.paused = self.world.rollout.paused;
        self.report.reason = self.world.rollout.reason;
        let units = self.evidence.gates.values().map(|counts| counts.units.candidate);
        self.report.candidate_units = units.sum();
        self.report
    }
}
