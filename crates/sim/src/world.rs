//! The world around one rollout: what is asked for is so at the next step, and every event that
//! follows is offered in order.
//!
//! Owns what the driver and the gateways would say, and the check of the laws at every transition.
//! Refuses traffic and verdicts: voyages bring these.

use crate::laws::{self, Taken};
use seatrial_domain::endpoint::Settings;
use seatrial_domain::plan::{Kind, Plan};
use seatrial_domain::rollout::{Bootstrap, Event, Hold, New, Rollout, Stage};
use seatrial_domain::split::Salt;
use seatrial_domain::verdict::Verdict;
use seatrial_domain::{Digest, Epoch, ModelName, RolloutId, Timestamp, VersionNumber, VersionRef};

/// Events taken in one step, as in one step of the driver.
pub(crate) const EVENTS_MAX: usize = 8;

/// A rollout and what stands around it.
#[derive(Debug)]
pub(crate) struct World {
    pub(crate) rollout: Rollout,
    /// The routing table in force.
    pub(crate) acknowledged: Epoch,
    /// The candidate's sessions that are ready.
    pub(crate) sessions: u32,
}

/// Whether an event meant something to the rollout.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Meaning {
    Some,
    None,
}

impl World {
    /// A rollout of this plan that waits for its turn, in a world without a candidate.
    pub(crate) fn new(plan: &Plan, settings: Settings, salt: Salt, now: Timestamp) -> Self {
        let new = New {
            id: RolloutId(1),
            endpoint: plan.endpoint.clone(),
            attempt: 1,
            candidate: version(&settings.model, 2),
            plan: plan.clone(),
            salt,
            settings,
            bootstrap: Bootstrap::Approved,
        };
        Self { rollout: Rollout::new(new, now), acknowledged: Epoch(0), sessions: 0 }
    }

    /// What the world and the clock tell the rollout now, with this verdict if there is one.
    pub(crate) fn events(&self, verdict: Option<Verdict>) -> Vec<Event> {
        let mut events = Vec::new();
        // What is acknowledged already says nothing new.
        if self.rollout.step.acknowledged_at.is_none() {
            events.push(Event::Acknowledged { epoch: self.acknowledged });
        }
        events.extend(self.capacity());
        events.extend(self.progress());
        events.extend(
            verdict.map(|verdict| Event::Judged {
                verdict: Box::new(verdict),
                capacity: self.sessions,
            }),
        );
        events.push(Event::Tick);
        events
    }

    /// What a stage waits for that is no evidence.
    fn progress(&self) -> Option<Event> {
        match self.rollout.stage {
            Stage::Queued => Some(self.turn()),
            Stage::Staging if self.sessions >= self.rollout.candidate_sessions() => {
                Some(Event::Staged)
            }
            Stage::Validating { .. } => Some(Event::Validated { summary: "simulated".to_owned() }),
            Stage::Decommissioning => Some(Event::Drained),
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
            | Stage::Superseded => None,
        }
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

    /// The queue lets it start.
    pub(crate) fn turn(&self) -> Event {
        let candidate = &self.rollout.candidate;
        let incumbent = match self.rollout.plan.kind {
            Kind::Promote | Kind::Restore => Some(version(&candidate.model, 1)),
            Kind::First => None,
        };
        Event::Turn { epoch: Epoch(1), incumbent, plan: Box::new((*self.rollout.plan).clone()) }
    }

    /// Offers the event; a step that breaks a law is refused by its name.
    pub(crate) fn take(&mut self, event: &Event, now: Timestamp) -> Result<Meaning, &'static str> {
        let transition = match self.rollout.on(event, now) {
            Ok(transition) => transition,
            Err(why) => {
                laws::refused(&self.rollout, event, &why)?;
                return Ok(Meaning::None);
            }
        };
        let (before, next, sessions) = (&self.rollout, &transition.next, self.sessions);
        laws::step(Taken { before, event, next, sessions })?;
        self.rollout = transition.next;
        laws::answered(&self.rollout, now)?;
        Ok(Meaning::Some)
    }

    /// What is wanted is so.
    pub(crate) fn enforce(&mut self, now: Timestamp) {
        let desired = self.rollout.desired(now);
        let candidate = desired.deployments.iter().find(|it| it.version == self.rollout.candidate);
        self.sessions = candidate.map_or(0, |wanted| wanted.sessions);
        self.acknowledged = desired.route.epoch;
    }
}

fn version(model: &ModelName, number: u64) -> VersionRef {
    let digest = Digest::of(&number.to_le_bytes());
    VersionRef { model: model.clone(), number: VersionNumber(number), digest }
}
