//! What befalls a voyage besides its traffic: people's words, guardrails' trips, things that go
//! missing and come back, and servers that are killed. Owns the chances; the rollout owns what
//! comes of them.

use crate::rng::Rng;
use seatrial_domain::rollout::{Event, Hold, Rollout};
use seatrial_domain::telemetry::{BadOf, Trip, TripKind};
use seatrial_domain::{RolloutId, Share, Timestamp};
use std::time::Duration;

/// Chances in each second.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Trouble {
    /// A person pauses, resumes, approves or overrides.
    pub words: f64,
    /// A person ends it, or a newer version does.
    pub ends: f64,
    /// A guardrail trips.
    pub trips: f64,
    /// Something is missing, or back.
    pub holds: f64,
    /// The server is killed, and is back after a while.
    pub kills: f64,
}

impl Trouble {
    /// None at all.
    pub const NONE: Self = Self { words: 0.0, ends: 0.0, trips: 0.0, holds: 0.0, kills: 0.0 };
}

/// What may be missing, by the world's word alone.
const HOLDS: [Hold; 5] =
    [Hold::Telemetry, Hold::Coverage, Hold::Standby, Hold::Storage, Hold::Referenced];

/// One voyage's troubles, from its seed on.
#[derive(Debug)]
pub(crate) struct Fate {
    rng: Rng,
    chances: Trouble,
}

impl Fate {
    pub(crate) const fn new(seed: u64, chances: Trouble) -> Self {
        Self { rng: Rng::new(seed), chances }
    }

    /// How long the server is gone, if it is killed in this second.
    pub(crate) fn kill(&mut self) -> Option<Duration> {
        let killed = self.rng.chance(self.chances.kills);
        killed.then(|| Duration::from_secs(1 + self.rng.bits() % 20))
    }

    /// What happens to the rollout in this second.
    pub(crate) fn events(&mut self, rollout: &Rollout, now: Timestamp) -> Vec<Event> {
        let mut events = Vec::new();
        if self.rng.chance(self.chances.trips) {
            events.push(self.trip(rollout, now));
        }
        if self.rng.chance(self.chances.holds) {
            events.push(self.hold(rollout));
        }
        if self.rng.chance(self.chances.words) {
            events.push(self.word());
        }
        if self.rng.chance(self.chances.ends) {
            events.push(self.end());
        }
        events
    }

    fn trip(&mut self, rollout: &Rollout, now: Timestamp) -> Event {
        let candidate = BadOf { bad: 20, total: 20 };
        // Well, as bad as the candidate, or unknown.
        let incumbent = *self.one_of(&[
            BadOf { bad: 0, total: 200 },
            BadOf { bad: 150, total: 200 },
            BadOf::default(),
        ]);
        let guardrail = (*self.one_of(&["consecutiveErrors", "errorRatio"])).to_owned();
        Event::GuardrailTripped(Box::new(Trip {
            endpoint: rollout.endpoint.clone(),
            rollout: rollout.id,
            epoch: rollout.epoch,
            guardrail,
            kind: if rollout.share() > Share::ZERO { TripKind::Zeroed } else { TripKind::Pause },
            candidate,
            incumbent,
            at: now,
        }))
    }

    fn hold(&mut self, rollout: &Rollout) -> Event {
        if let Some(held) = rollout.held.filter(|held| HOLDS.contains(held)) {
            return Event::Released(held);
        }
        Event::Held { hold: *self.one_of(&HOLDS), why: "it is gone".to_owned() }
    }

    fn word(&mut self) -> Event {
        let reason = "said so".to_owned();
        let words = [
            Event::Pause { reason: reason.clone() },
            Event::Resume,
            Event::Resume,
            Event::Resume,
            Event::Approve { by: "ann".to_owned() },
            Event::Promote { reason },
        ];
        self.one_of(&words).clone()
    }

    fn end(&mut self) -> Event {
        let reason = "said so".to_owned();
        let ends = [
            Event::Abort { reason: reason.clone() },
            Event::RollBack { reason: reason.clone() },
            Event::Reject { reason },
            Event::Supersede { by: RolloutId(2) },
        ];
        self.one_of(&ends).clone()
    }

    #[expect(clippy::indexing_slicing, reason = "below the length, which is never zero here")]
    fn one_of<'a, T>(&mut self, choices: &'a [T]) -> &'a T {
        let length = choices.len() as u64;
        &choices[usize::try_from(self.rng.bits() % length).unwrap_or_default()]
    }
}
