//! Killed in a stage that lasts a millisecond: its beginning is stored while no server runs.

use super::{WHOLE_WAY, assert_none_of_candidate_after, left_at};
use crate::harness::{
    Load, Outcome, Policy, Server, Traffic, assert_never_above_the_committed_share, now,
    store_event,
};
use seatrial_domain::evidence::ArmCount;
use seatrial_domain::rollout::Event;
use seatrial_domain::verdict::{Coverage, Decision, SampleRatio, Verdict};

#[test]
fn killed_at_the_very_cutover_it_ends_the_same() {
    let ramp = "[{share: 50, minDuration: 10m, maxDuration: 20m}]";
    let mut server = Server::serving("v1", &Policy::quick("digits").with("ramp", ramp));
    let traffic = Traffic::to(&server, Load::of(150));
    let id = server.roll_out("v4");
    server.until_stage(id, "ramp");
    traffic.until_served_by(2, 20);
    server.kill9();
    store_event(&server, id, &Event::Promote { reason: "enough seen".to_owned() });
    store_event(&server, id, &Event::Judged { verdict: Box::new(undecided()), capacity: 64 });
    assert_completes_from(&mut server, id, ("ramp>cutover", traffic));
}

#[test]
fn killed_while_decommissioning_it_retires_the_incumbent() {
    let policy = Policy::quick("digits").with("stability", "{duration: 1500ms}");
    let mut server = Server::serving("v1", &Policy::quick("digits"));
    server.apply(&policy);
    let traffic = Traffic::to(&server, Load::of(150));
    let id = server.roll_out("v4");
    server.until_stage(id, "stabilizing");
    traffic.until_served_by(2, 50);
    server.kill9();
    store_event(&server, id, &Event::Tick);
    assert_completes_from(&mut server, id, ("stabilizing>decommissioning", traffic));
    let retired = server.get("/models/digits/versions/1");
    assert_eq!(retired["lifecycle"], "retired", "{retired:#}");
}

/// Starts the killed server, whose journal ends with `step`; the rollout completes.
#[track_caller]
fn assert_completes_from(server: &mut Server, id: u64, (step, traffic): (&str, Traffic)) {
    let begun = now();
    server.restart();

    server.until_stage(id, "completed");

    assert_eq!(server.path_taken(id), WHOLE_WAY);
    let (_, reached) = step.split_once('>').unwrap();
    assert!(left_at(server, id, reached) > begun, "it was in {reached} when it started");
    assert_eq!(server.serving_version(), "digits/v2");
    traffic.until_served_by(2, 50);
    let answers = traffic.stop();
    let refused = answers.iter().find(|a| matches!(a.outcome, Outcome::Refused { .. }));
    assert!(refused.is_none(), "requests are lost with the process, never refused: {refused:?}");
    assert_never_above_the_committed_share(server, id, &answers);
    server.assert_journal_verifies();
}

/// A look at a gate that no evidence has decided.
fn undecided() -> Verdict {
    Verdict {
        decision: Decision::Inconclusive,
        units: ArmCount::default(),
        sample_ratio: SampleRatio::Plausible,
        coverage: Coverage::Enough,
        assignment: None,
        labelled: Vec::new(),
        ranking: Vec::new(),
        told_apart: Vec::new(),
        checks: Vec::new(),
    }
}

#[test]
fn killed_while_rolling_back_it_ends_rolled_back() {
    let mut server = Server::serving("v1", &Policy::quick("digits").long_canary(50));
    let traffic = Traffic::to(&server, Load::of(150));
    let id = server.roll_out("v4");
    server.until_stage(id, "canary");
    traffic.until_served_by(2, 20);
    server.kill9();
    let killed_at = now();
    store_event(&server, id, &Event::RollBack { reason: "it looked odd".to_owned() });
    server.restart();

    server.until_stage(id, "rolled_back");

    traffic.until_served_by(1, 50);
    assert_none_of_candidate_after(killed_at, &traffic.stop());
    assert!(
        server
            .path_taken(id)
            .ends_with(&["canary>rolling_back".to_owned(), "rolling_back>rolled_back".to_owned(),])
    );
    assert_eq!(server.serving_version(), "digits/v1");
    server.assert_journal_verifies();
}
