//! What durations count, by a reckoning of its own: the time between taken events, from the
//! acknowledgement on, while no overlay is set that stops it.

use super::history::{Offer, over_histories};
use crate::Timestamp;
use crate::rollout::{Event, Hold, Rollout, Stage, Validation};
use proptest::prelude::*;
use std::time::Duration;

/// The reckoning of one step.
#[derive(Debug, Default)]
pub(super) struct Counted {
    since: Option<Timestamp>,
    minimum: Duration,
    maximum: Duration,
}

fn runs(rollout: &Rollout) -> bool {
    let before_traffic =
        matches!(rollout.stage, Stage::Queued | Stage::Staging | Stage::Validating { .. });
    before_traffic || rollout.step.acknowledged_at.is_some()
}

fn free(rollout: &Rollout) -> bool {
    rollout.paused.is_none() && rollout.awaiting.is_none() && rollout.held.is_none()
}

fn stopped(rollout: &Rollout) -> bool {
    rollout.paused.is_some() || rollout.awaiting.is_some() || rollout.held == Some(Hold::Freeze)
}

/// What an outage took is no time.
fn alive_until(offer: &Offer) -> Timestamp {
    if let Event::Restarted { alive_until } = offer.event {
        alive_until.min(offer.now)
    } else {
        offer.now
    }
}

impl Counted {
    fn span(&self, offer: &Offer) -> Duration {
        let since = self.since.filter(|_| runs(&offer.before));
        since.map_or(Duration::ZERO, |since| alive_until(offer).since(since))
    }

    /// The minimum counted when the offer is made.
    pub(super) fn before(&self, offer: &Offer) -> Duration {
        let span = if free(&offer.before) { self.span(offer) } else { Duration::ZERO };
        self.minimum + span
    }

    /// Goes on with what the offer changed.
    pub(super) fn after(&mut self, offer: &Offer) {
        let Some(transition) = offer.taken() else { return };
        self.minimum = self.before(offer);
        if !stopped(&offer.before) {
            self.maximum += self.span(offer);
        }
        self.since = Some(offer.now);
        let anew = matches!(offer.event, Event::Restarted { .. })
            && matches!(
                offer.before.stage,
                Stage::Staging | Stage::Validating { state: Validation::Running }
            );
        let entered = transition.next.step.entered_at != offer.before.step.entered_at
            || transition.next.stage != offer.before.stage;
        let resumed = offer.before.paused.is_some()
            && matches!(offer.event, Event::Resume | Event::Promote { .. });
        if entered {
            *self = Self { since: self.since, ..Self::default() };
        } else if resumed || anew {
            self.maximum = Duration::ZERO;
        }
    }
}

#[test]
fn minimum_durations_stop_under_every_overlay_and_maximum_durations_under_few() {
    over_histories(|offers| {
        // A queued step has been counting since it was made.
        let since = offers.first().map(|offer| offer.before.created_at);
        let mut counted = Counted { since, ..Counted::default() };
        for offer in offers {
            counted.after(offer);
            let Some(transition) = offer.taken() else { continue };
            let clock = &transition.next.step.clock;
            if transition.next.stage == Stage::Queued || transition.next.stage.is_terminal() {
                continue;
            }
            prop_assert_eq!(clock.minimum(), counted.minimum);
            prop_assert_eq!(clock.maximum(), counted.maximum);
        }
        Ok(())
    });
}
