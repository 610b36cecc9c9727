//! Downtime of the server counts towards nothing, in every state.

use super::history::always;
use crate::rollout::{Event, Rejected, Rollout, Stage, Validation};
use proptest::prelude::*;
use std::time::Duration;

const OUTAGES: [u64; 3] = [1, 3_600, 1_000_000];

fn before_traffic(rollout: &Rollout) -> bool {
    matches!(rollout.stage, Stage::Queued | Stage::Staging | Stage::Validating { .. })
}

#[test]
fn an_outage_counts_towards_no_duration_however_long_it_was() {
    always(|offer| {
        let restarted = Event::Restarted { alive_until: offer.now };
        if offer.before.stage.is_terminal() {
            let answer = offer.before.on(&restarted, offer.now);
            prop_assert!(matches!(answer, Err(Rejected::Terminal(_))));
            return Ok(());
        }
        let counted = OUTAGES.map(|seconds| {
            let now = offer.now.plus(Duration::from_secs(seconds));
            let clock = offer.before.on(&restarted, now).unwrap().next.step.clock;
            (clock.minimum(), clock.maximum())
        });
        prop_assert_eq!(counted[0], counted[1]);
        prop_assert_eq!(counted[0], counted[2]);
        Ok(())
    });
}

#[test]
fn a_restart_loses_nothing_and_only_asks_for_the_acknowledgement_again() {
    always(|offer| {
        let Some(transition) = offer.taken() else { return Ok(()) };
        let (before, next) = (&offer.before, &transition.next);
        if !matches!(offer.event, Event::Restarted { .. }) {
            return Ok(());
        }
        prop_assert!(next.step.clock.minimum() >= before.step.clock.minimum());
        let anew = matches!(
            before.stage,
            Stage::Staging | Stage::Validating { state: Validation::Running }
        );
        if anew {
            prop_assert_eq!(next.step.clock.maximum(), Duration::ZERO);
        } else {
            prop_assert!(next.step.clock.maximum() >= before.step.clock.maximum());
        }
        let alive_until = if let Event::Restarted { alive_until } = offer.event {
            alive_until.min(offer.now)
        } else {
            offer.now
        };
        if let (Some(asked), Some(still)) = (before.awaiting, next.awaiting) {
            // Nobody was there to be asked meanwhile.
            prop_assert!(offer.now.since(still.since) <= alive_until.since(asked.since));
        }
        prop_assert_eq!(next.step.acknowledged_at, None);
        if !before_traffic(before) {
            prop_assert_eq!(next.step.routed_at, offer.now);
        }
        let mut as_before = next.clone();
        as_before.step.clock = before.step.clock;
        as_before.step.acknowledged_at = before.step.acknowledged_at;
        as_before.step.routed_at = before.step.routed_at;
        if as_before.awaiting.is_some() == before.awaiting.is_some() {
            as_before.awaiting = before.awaiting;
        }
        prop_assert_eq!(&as_before, before);
        Ok(())
    });
}
