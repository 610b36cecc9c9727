//! What `recorder` promises, as tests.

use super::{KEPT_FLUSHES, Recorder};
use crate::config::Config;
use crate::lane::Outcome;
use seatrial_domain::evidence::GateIndex;
use seatrial_domain::split::Arm;
use seatrial_domain::telemetry::{Assignment, Counted, Seen, SeenUnits};
use seatrial_domain::{EndpointName, RolloutId, Timestamp};
use std::time::Duration;

const ROLLOUT: RolloutId = RolloutId(1);

fn recorder(assignments: usize) -> Recorder {
    let mut config = Config::new(9, || Timestamp::from_micros(0));
    config.assignments = assignments;
    Recorder::new(&config)
}

fn assignment(request: u64) -> Assignment {
    Assignment {
        request,
        endpoint: EndpointName::new("digits").unwrap(),
        rollout: Some(ROLLOUT),
        gate: None,
        arm: Arm::Candidate,
        counted: Counted::No,
        at: Timestamp::from_micros(0),
    }
}

#[test]
fn counters_are_cumulative_and_lists_are_new() {
    let recorder = recorder(10);
    let gate = recorder.gate(ROLLOUT, GateIndex(0));
    gate.assign(Arm::Candidate);
    gate.count(Arm::Candidate, Outcome::Late, Duration::ZERO);
    recorder.assign(assignment(1));
    let first = recorder.flush();
    (0..3).for_each(|_| gate.assign(Arm::Incumbent));
    gate.count(Arm::Incumbent, Outcome::Ok, Duration::from_micros(3));
    gate.count(Arm::Incumbent, Outcome::Invalid, Duration::ZERO);
    let second = recorder.flush();

    assert_eq!((first.boot, first.seq, second.seq), (9, 1, 2));
    assert_eq!((first.assignments.len(), second.assignments.len()), (1, 0));
    let counts = &second.gates[0].2;
    assert_eq!((counts.units.candidate, counts.units.incumbent), (1, 1));
    assert_eq!((counts.unanswered.candidate, counts.unanswered.incumbent), (0, 1));
    assert_eq!((counts.errors.candidate_bad, counts.errors.incumbent_good), (1, 1));
    assert_eq!(counts.latency.candidate.last(), Some(&1), "late answers are the slowest");
    assert_eq!(counts.latency.incumbent[2], 1);
}

#[test]
fn assignments_beyond_the_bound_are_dropped_and_counted() {
    let recorder = recorder(2);
    (0..5).for_each(|request| recorder.assign(assignment(request)));
    let flush = recorder.flush();
    assert_eq!((flush.assignments.len(), flush.dropped_assignments), (1, 4));
}

#[test]
fn what_is_never_counted_leaves_half_of_the_room() {
    let recorder = recorder(4);
    (0..9).for_each(|request| recorder.assign(assignment(request)));
    let counted = |request| Assignment { counted: Counted::Yes, ..assignment(request) };
    (10..19).for_each(|request| recorder.assign(counted(request)));
    let flush = recorder.flush();
    let kept: Vec<u64> = flush.assignments.iter().map(|kept| kept.request).collect();
    assert_eq!((kept, flush.dropped_assignments), (vec![0, 1, 10, 11], 14));
}

#[test]
fn seeded_units_are_neither_first_nor_fresh() {
    let recorder = recorder(0);
    recorder.seed(ROLLOUT, &SeenUnits { level: 0, set: [7].into() });
    let units = recorder.units(ROLLOUT);
    assert_eq!((units.see(7), units.see(8)), (Seen::Again, Seen::First));
    assert_eq!(recorder.flush().units, [(ROLLOUT, vec![8], 0)]);
    assert_eq!(recorder.flush().units, []);
}

#[test]
fn records_of_a_rollout_that_is_over_are_let_go_after_enough_flushes() {
    let recorder = recorder(0);
    drop(recorder.gate(ROLLOUT, GateIndex(0)));
    for _ in 0..KEPT_FLUSHES {
        assert_eq!(recorder.flush().gates.len(), 1);
    }
    assert_eq!(recorder.flush().gates.len(), 0);
}

#[test]
fn a_gate_left_for_long_keeps_its_counts_while_a_table_has_its_rollout() {
    let recorder = recorder(0);
    let table = recorder.units(ROLLOUT);
    let gate = recorder.gate(ROLLOUT, GateIndex(0));
    gate.count(Arm::Candidate, Outcome::Ok, Duration::ZERO);
    drop(gate);
    for _ in 0..=KEPT_FLUSHES {
        recorder.flush();
    }
    let _resumed = recorder.gate(ROLLOUT, GateIndex(0));
    assert_eq!(recorder.flush().gates[0].2.units.candidate, 1);
    drop(table);
}

#[test]
fn a_raised_sampling_level_holds_over_a_restart_and_counts_no_unit_twice() {
    let mut config = Config::new(9, || Timestamp::from_micros(0));
    config.units = 4;
    let before = Recorder::new(&config);
    let units = before.units(ROLLOUT);
    let spread = |n: u64| n.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let first: Vec<u64> =
        (1..40).map(spread).filter(|hash| units.see(*hash) == Seen::First).collect();
    let [(_, fresh, level)] = before.flush().units.try_into().unwrap();
    assert_eq!(fresh, first);
    assert!(level > 0);
    let mut stored = SeenUnits { level: 0, set: fresh.into_iter().collect() };
    stored.raise(level);
    let after = Recorder::new(&config);
    after.seed(ROLLOUT, &stored);
    let units = after.units(ROLLOUT);
    for hash in (1..40).map(spread) {
        let seen = units.see(hash);
        assert!(seen != Seen::First || !first.contains(&hash), "{hash} was counted before");
        assert!(seen == Seen::Outside || hash.leading_zeros() >= level);
    }
    assert!(after.flush().units.iter().all(|(_, _, now)| *now >= level));
}
