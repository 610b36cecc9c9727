//! What is kept for the store while it takes nothing.

use super::*;
use seatrial_domain::evidence::{GateCounts, GateIndex, ShadowCounts};
use seatrial_domain::exposure::Exposure;
use seatrial_domain::split::Arm;
use seatrial_domain::telemetry::{Assignment, ClassPair, Counted};
use seatrial_domain::{EndpointName, RolloutId, Timestamp};

fn flush(seq: u64, requests: std::ops::Range<u64>) -> Telemetry {
    let endpoint = EndpointName::new("digits").unwrap();
    let mut counts = GateCounts::default();
    counts.units.candidate = seq;
    let assignment = |request| Assignment {
        request,
        endpoint: endpoint.clone(),
        rollout: Some(RolloutId(1)),
        gate: Some(GateIndex(0)),
        seen: Exposure::NONE,
        arm: Arm::Candidate,
        counted: Counted::Yes,
        unit: None,
        slices: Default::default(),
        at: Timestamp::from_micros(0),
    };
    let pair = |request| ClassPair {
        request,
        rollout: RolloutId(1),
        incumbent: "7".to_owned(),
        candidate: "1".to_owned(),
        slices: Default::default(),
    };
    Telemetry {
        boot: 1,
        seq,
        gates: vec![(RolloutId(1), GateIndex(0).unseen(), counts)],
        units: vec![(RolloutId(1), vec![(seq, Exposure::KNOWN)], 0)],
        pairs: requests.clone().map(pair).collect(),
        assignments: requests.map(assignment).collect(),
        ..Telemetry::default()
    }
}

#[test]
fn newer_counters_stand_for_older_ones_and_lists_are_joined_in_order() {
    let mut backlog = Telemetry::default();
    assert_eq!(absorb(&mut backlog, flush(1, 0..2)), 0);
    assert_eq!(absorb(&mut backlog, flush(2, 2..4)), 0);
    assert_eq!((backlog.seq, backlog.gates[0].2.units.candidate), (2, 2));
    assert_eq!(backlog.gates.len(), 1);
    let [(_, units, 0)] = &backlog.units[..] else { panic!("{:?}", backlog.units) };
    let hashes: Vec<_> = units.iter().map(|(hash, _)| *hash).collect();
    let requests: Vec<_> = backlog.assignments.iter().map(|one| one.request).collect();
    assert_eq!((hashes, requests), (vec![1, 2], vec![0, 1, 2, 3]));
    let pairs: Vec<_> = backlog.pairs.iter().map(|one| one.request).collect();
    assert_eq!(pairs, [0, 1, 2, 3]);
}

#[test]
fn of_each_rollout_one_list_of_units_waits_at_the_narrowest_sample() {
    let mut backlog = Telemetry::default();
    for (seq, level) in [(1, 0), (2, 3), (3, 2)] {
        let mut told = flush(seq, 0..0);
        told.units[0].2 = level;
        told.units.push((RolloutId(2), vec![(10 * seq, Exposure::KNOWN)], 0));
        absorb(&mut backlog, told);
    }
    let known = |hashes: [u64; 3]| hashes.map(|hash| (hash, Exposure::KNOWN)).to_vec();
    let expected = [(RolloutId(1), known([1, 2, 3]), 3), (RolloutId(2), known([10, 20, 30]), 0)];
    assert_eq!(backlog.units, expected);
}

/// A flush tells what changed: what the store refused must not be lost with the next one.
#[test]
fn a_stratum_that_did_not_change_since_is_kept_of_the_flush_that_told_it() {
    let mut backlog = Telemetry::default();
    let of = |seq, gate| {
        let mut flush = flush(seq, 0..0);
        flush.gates[0].1 = GateIndex(gate).unseen();
        flush
    };
    for told in [of(1, 0), of(2, 1), of(3, 1)] {
        absorb(&mut backlog, told);
    }
    absorb(&mut backlog, Telemetry { boot: 1, seq: 4, ..Telemetry::default() });
    let gates = backlog.gates.iter().map(|(_, of, counts)| (of.gate.0, counts.units.candidate));
    assert_eq!(gates.collect::<Vec<_>>(), [(1, 3), (0, 1)]);
    assert_eq!(backlog.seq, 4);
}

#[test]
fn a_flush_is_empty_only_if_nothing_was_counted_or_served() {
    assert!(Telemetry { boot: 1, seq: 7, ..Telemetry::default() }.is_empty());
    let full = || flush(1, 0..1);
    let of = Telemetry::default;
    for said in [
        Telemetry { gates: full().gates, ..of() },
        Telemetry { units: full().units, ..of() },
        Telemetry { assignments: full().assignments, ..of() },
        Telemetry { pairs: full().pairs, ..of() },
        Telemetry { shadow: vec![(RolloutId(1), ShadowCounts::default())], ..of() },
    ] {
        assert!(!said.is_empty(), "{said:?}");
    }
}

#[test]
fn counters_of_a_rollout_the_gateway_has_let_go_are_kept() {
    let mut backlog = Telemetry::default();
    let mut over = flush(1, 0..0);
    over.gates[0].0 = RolloutId(7);
    over.shadow = vec![(RolloutId(7), ShadowCounts::default())];
    absorb(&mut backlog, over);
    absorb(&mut backlog, flush(2, 0..0));
    absorb(&mut backlog, flush(3, 0..0));
    let gates: Vec<_> = backlog.gates.iter().map(|it| (it.0, it.2.units.candidate)).collect();
    assert_eq!(gates, [(RolloutId(1), 3), (RolloutId(7), 1)]);
    assert_eq!(backlog.shadow.len(), 1);
}

#[test]
fn the_oldest_assignments_beyond_the_bound_are_given_up_and_counted() {
    let bound = u64::try_from(ASSIGNMENTS_MAX).unwrap();
    let mut backlog = Telemetry::default();
    assert_eq!(absorb(&mut backlog, flush(1, 0..bound)), 0);
    assert_eq!(absorb(&mut backlog, flush(2, bound..bound + 3)), 3);
    assert_eq!(
        (backlog.assignments.len(), backlog.pairs.len()),
        (ASSIGNMENTS_MAX, ASSIGNMENTS_MAX)
    );
    assert_eq!(backlog.assignments[0].request, 3);
    assert_eq!(backlog.assignments.last().unwrap().request, bound + 2);
}
