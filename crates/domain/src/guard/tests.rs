//! What `guard` promises, as tests.

use super::{Ended, Guard, Readiness};
use crate::plan::Guardrail;
use crate::split::Arm::{Candidate, Incumbent};
use crate::telemetry::BadOf;
use std::time::Duration;

const SECOND: Duration = Duration::from_secs(1);

fn rails() -> Vec<Guardrail> {
    vec![
        Guardrail::ConsecutiveErrors { limit: 20 },
        Guardrail::ErrorRatio { limit: 0.5, min_requests: 20, window: 10 * SECOND },
        Guardrail::DeadlineExceeded { ratio: 0.1, min_requests: 20, window: 10 * SECOND },
        Guardrail::NotReady { after: 5 * SECOND },
    ]
}

/// How many of these candidate outcomes, spaced by `gap`, it takes to trip.
fn trips_after(outcomes: &[Ended], gap: Duration) -> Option<(usize, &'static str)> {
    let start = 7 * SECOND;
    let mut guard = Guard::new(&rails(), start);
    (1_u32..).zip(outcomes.iter().cycle()).take(500).find_map(|(n, outcome)| {
        let breach = guard.note(Candidate, *outcome, start + gap * n)?;
        Some((usize::try_from(n).unwrap(), breach.rail.name()))
    })
}

#[test]
fn errors_in_a_row_trip_at_the_limit_and_not_before() {
    assert_eq!(trips_after(&[Ended::Failed], SECOND), Some((20, "consecutiveErrors")));
}

#[test]
fn more_than_half_errors_trip_once_there_are_enough() {
    let mostly = [Ended::Failed, Ended::Well, Ended::Failed];
    assert_eq!(trips_after(&mostly, SECOND / 100), Some((21, "errorRatio")));
    assert_eq!(trips_after(&[Ended::Well, Ended::Failed], SECOND / 100), None);
}

#[test]
fn late_answers_trip_by_their_ratio() {
    let one_in_nine = [[Ended::Well; 8].as_slice(), &[Ended::Late]].concat();
    assert_eq!(trips_after(&one_in_nine, SECOND / 100), Some((27, "deadlineExceeded")));
}

#[test]
fn what_is_older_than_the_window_is_forgotten() {
    let mostly = [Ended::Failed, Ended::Well, Ended::Failed];
    // Ten answers in ten seconds are never twenty.
    assert_eq!(trips_after(&mostly, SECOND), None);
}

#[test]
fn an_answer_counts_for_as_long_as_the_window_and_no_longer() {
    let rail = Guardrail::ErrorRatio { limit: 0.5, min_requests: 20, window: 10 * SECOND };
    let trips_at = |later: Duration| {
        let start = 7 * SECOND;
        let mut guard = Guard::new(&[rail], start);
        for _ in 0..19 {
            assert_eq!(guard.note(Candidate, Ended::Failed, start), None);
        }
        guard.note(Candidate, Ended::Failed, start + later).is_some()
    };
    assert!(trips_at(Duration::from_millis(9_950)));
    assert!(!trips_at(10 * SECOND));
}

#[test]
fn a_breach_carries_both_arms_recent_counts() {
    let start = 7 * SECOND;
    let mut guard = Guard::new(&rails(), start);
    for n in 0..30 {
        let outcome = if n % 3 == 0 { Ended::Late } else { Ended::Well };
        assert_eq!(guard.note(Incumbent, outcome, start), None);
    }
    let breach = (0..20).find_map(|_| guard.note(Candidate, Ended::Failed, start)).unwrap();
    assert_eq!(breach.incumbent, BadOf { bad: 10, total: 30 });
    assert_eq!(breach.candidate, BadOf { bad: 20, total: 20 });
}

#[test]
fn a_candidate_that_is_not_ready_trips_after_its_time() {
    let start = 7 * SECOND;
    let mut guard = Guard::new(&rails(), start);
    let at = |seconds| start + SECOND * seconds;
    assert_eq!(guard.note_readiness(Readiness::NotReady, at(0)), None);
    assert_eq!(guard.note_readiness(Readiness::Ready, at(4)), None);
    assert_eq!(guard.note_readiness(Readiness::NotReady, at(5)), None);
    assert_eq!(guard.note_readiness(Readiness::NotReady, at(9)), None);
    let breach = guard.note_readiness(Readiness::NotReady, at(10)).unwrap();
    assert_eq!(breach.rail.name(), "notReady");
}

#[test]
fn after_a_reset_it_takes_the_whole_limit_again() {
    let start = 7 * SECOND;
    let mut guard = Guard::new(&rails(), start);
    let trip =
        |guard: &mut Guard| (1..).find(|_| guard.note(Candidate, Ended::Failed, start).is_some());
    assert_eq!(trip(&mut guard), Some(20));
    guard.reset(start);
    assert_eq!(trip(&mut guard), Some(20));
}
