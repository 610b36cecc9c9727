//! Random histories, and what a law is checked at. A history is at least 80 random events that
//! happen to rollouts that are not over; where one ends, the next attempt begins.

use super::happenings::{Happening, Weather, event, happenings, spans};
use super::plans::rollouts;
use crate::Timestamp;
use crate::rollout::fixture::at;
use crate::rollout::{Event, Rejected, Rollout, Transition};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

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

/// Random events that happen to rollouts that are not over.
pub(super) const EVENTS: std::ops::Range<usize> = 80..120;

/// Steps of the healthy voyage that each attempt begins with, at most: as far as its end.
const HEALTHY: std::ops::Range<u8> = 0..24;

/// Of a healthy step, in milliseconds: longer than a gate's minimum, shorter than any timeout.
const HEALTHY_SPAN: i64 = 660_000;

/// Events that are still offered to a rollout that is over.
const AFTERWARDS: usize = 3;

/// Checks a law at every offer of many histories.
pub(super) fn always(law: impl Fn(&Offer) -> Result<(), TestCaseError>) {
    over_histories(|offers| offers.iter().try_for_each(&law));
}

/// Checks a law on whole attempts, from the queue on.
pub(super) fn over_histories(law: impl Fn(&[Offer]) -> Result<(), TestCaseError>) {
    let config = Config { cases: 128, failure_persistence: None, ..Config::default() };
    run(config, |attempts| attempts.iter().try_for_each(|offers| law(offers)));
}

/// Checks something of histories: the offers of each of their attempts.
pub(super) fn run(config: Config, law: impl Fn(&[Vec<Offer>]) -> Result<(), TestCaseError>) {
    let weather =
        prop_oneof![3 => Just(Weather::Calm), 1 => Just(Weather::Fair), 1 => Just(Weather::Rough)];
    let strategy = (weather, rollouts(), HEALTHY).prop_flat_map(|(weather, rollout, healthy)| {
        let events = prop::collection::vec((happenings(weather), spans()), EVENTS);
        (Just(rollout), Just(healthy), events)
    });
    let outcome = TestRunner::new(config)
        .run(&strategy, |(rollout, healthy, events)| law(&play(&rollout, healthy, events)));
    if let Err(error) = outcome {
        panic!("{error}");
    }
}

fn play(fresh: &Rollout, healthy: u8, events: Vec<(Happening, i64)>) -> Vec<Vec<Offer>> {
    let mut attempts = Vec::new();
    let mut events = events.into_iter().peekable();
    while events.peek().is_some() {
        let mut attempt = Attempt { rollout: fresh.clone(), now: at(0), offers: Vec::new() };
        for _ in 0..healthy {
            attempt.offer(Happening::Healthy, HEALTHY_SPAN);
        }
        while !attempt.is_over()
            && let Some((happening, millis)) = events.next()
        {
            attempt.offer(happening, millis);
        }
        for (happening, millis) in events.by_ref().take(AFTERWARDS) {
            attempt.offer(happening, millis);
        }
        attempts.push(attempt.offers);
    }
    attempts
}

/// One rollout from the queue on.
struct Attempt {
    rollout: Rollout,
    now: Timestamp,
    offers: Vec<Offer>,
}

impl Attempt {
    fn is_over(&self) -> bool {
        self.rollout.stage.is_terminal()
    }

    fn offer(&mut self, happening: Happening, millis: i64) {
        self.now = Timestamp::from_micros(self.now.as_micros() + millis * 1000);
        let event = event(happening, &self.rollout, self.now);
        let before = self.rollout.clone();
        let answer = before.on(&event, self.now);
        if let Ok(transition) = &answer {
            self.rollout = transition.next.clone();
        }
        self.offers.push(Offer { before, event, now: self.now, answer });
    }
}
