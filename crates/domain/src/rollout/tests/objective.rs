//! `standby.rollbackObjective`: every way back says how long it took.

use crate::plan::Kind;
use crate::rollout::fixture::{at, incumbent, plan, queued, trip};
use crate::rollout::{Bootstrap, Event, Pause, Rollout, Stage};
use crate::telemetry::BadOf;

fn after(rollout: &Rollout, event: &Event, minute: u32) -> (Rollout, String) {
    let transition = rollout.on(event, at(minute)).unwrap();
    let said = transition.journal.cause.in_words();
    (transition.next, said)
}

/// A restore that was ordered at minute 0, waiting in its cutover.
fn restoring() -> Rollout {
    let mut rollout = queued(plan(Kind::Restore), Bootstrap::Ask);
    rollout.incumbent = incumbent(Kind::Restore);
    rollout.enter(Stage::Cutover, at(0));
    rollout
}

#[test]
fn a_restore_is_measured_from_its_order() {
    let rollout = restoring();
    let acknowledged = Event::Acknowledged { epoch: rollout.epoch };
    let (_, late) = after(&rollout, &acknowledged, 1);
    let expected =
        "the restored version acknowledged after 60000 ms (MISSED the objective of 5000 ms)";
    assert_eq!(late, expected);
    let (_, in_time) = after(&rollout, &acknowledged, 0);
    assert!(in_time.contains("(within the objective of 5000 ms)"), "{in_time}");
}

#[test]
fn an_incident_is_measured_from_the_share_that_was_taken_away() {
    let mut rollout = queued(plan(Kind::Promote), Bootstrap::Ask);
    rollout.incumbent = incumbent(Kind::Promote);
    rollout.enter(Stage::Canary, at(0));
    let bad = BadOf { bad: 50, total: 100 };
    let trip = trip("errorRatio", rollout.epoch, bad, bad);
    let (rollout, _) = after(&rollout, &Event::GuardrailTripped(Box::new(trip)), 3);
    assert_eq!(rollout.paused, Some(Pause::Incident));
    let (_, late) = after(&rollout, &Event::Acknowledged { epoch: rollout.epoch }, 4);
    assert_eq!(late, "share zero acknowledged after 60000 ms (MISSED the objective of 5000 ms)");
}
