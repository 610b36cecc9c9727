//! Random histories, and what a law is checked at.

use super::happenings::{Happening, event, happenings, spans};
use super::plans::rollouts;
use crate::Timestamp;
use crate::rollout::fixture::at;
use crate::rollout::{Event, Rejected, Rollout, Stage, Transition};
use proptest::prelude::*;
use proptest::test_runner::{Config, RngSeed, TestRunner};

/// One event offered to a rollout.
#[derive(Debug)]
pub(super) struct Offer {
    pub(super) before: Rollout,
    pub(super) event: Event,
    pub(super) now: Timestamp,
    pub(super) answer: Result<Transition, Rejected>,
}

impl Offer {
    /// The transition, if the event was taken.
    pub(super) fn taken(&self) -> Option<&Transition> {
        self.answer.as_ref().ok()
    }
}

/// Checks a law at every offer of many histories.
pub(super) fn always(law: impl Fn(&Offer) -> Result<(), TestCaseError>) {
    over_histories(|offers| offers.iter().try_for_each(&law));
}

/// Checks a law on whole histories.
pub(super) fn over_histories(law: impl Fn(&[Offer]) -> Result<(), TestCaseError>) {
    run(Config { cases: 48, failure_persistence: None, ..Config::default() }, law);
}

fn run(config: Config, law: impl Fn(&[Offer]) -> Result<(), TestCaseError>) {
    let strategy = (rollouts(), prop::collection::vec((happenings(), spans()), 80..140));
    let outcome = TestRunner::new(config)
        .run(&strategy, |(rollout, happenings)| law(&play(rollout, happenings)));
    if let Err(error) = outcome {
        panic!("{error}");
    }
}

fn play(mut rollout: Rollout, happenings: Vec<(Happening, i64)>) -> Vec<Offer> {
    let mut now = at(0);
    let mut offers = Vec::with_capacity(happenings.len());
    for (happening, millis) in happenings {
        now = Timestamp::from_micros(now.as_micros() + millis * 1000);
        let event = event(happening, &rollout, now);
        let before = rollout.clone();
        let answer = before.on(&event, now);
        if let Ok(transition) = &answer {
            rollout = transition.next.clone();
        }
        offers.push(Offer { before, event, now, answer });
    }
    offers
}

/// Every stage occurs: the laws are tested where they could break.
#[test]
fn histories_reach_every_stage_and_overlay() {
    let seen = std::cell::RefCell::new(std::collections::BTreeSet::new());
    let fixed = Config {
        cases: 256,
        failure_persistence: None,
        rng_seed: RngSeed::Fixed(1),
        ..Config::default()
    };
    run(fixed, |offers| {
        let mut seen = seen.borrow_mut();
        for offer in offers {
            seen.insert(offer.before.stage.name().to_string());
            seen.extend(offer.before.paused.map(|pause| pause.to_string()));
            seen.extend(offer.before.awaiting.map(|_| "awaiting".to_owned()));
            if let Stage::RollingBack { outcome } = offer.before.stage {
                seen.insert(format!("{outcome:?}"));
            }
        }
        Ok(())
    });
    let expected = "Aborted RolledBack aborted awaiting canary completed cutover \
        deadline decommissioning fail incident operator queued ramp rolled_back rolling_back \
        sample_ratio shadow stabilizing staging superseded validating divergence rejected \
        approval_expired";
    let missing: Vec<_> =
        expected.split_whitespace().filter(|name| !seen.borrow().contains(*name)).collect();
    assert!(missing.is_empty(), "never seen: {missing:?}");
}
