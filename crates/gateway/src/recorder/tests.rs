//! What `recorder` promises, as tests.

use super::{KEPT_FLUSHES, Recorder, Reserved, Routed, UnitRecord};
use crate::config::Config;
use crate::lane::Outcome;
use crate::table::Column;
use seatrial_domain::evidence::{GateIndex, Labels};
use seatrial_domain::exposure::Exposure;
use seatrial_domain::ledger::Unit;
use seatrial_domain::plan::KeySource;
use seatrial_domain::split::Arm;
use seatrial_domain::telemetry::{Assignment, Counted, SeenUnits};
use seatrial_domain::{EndpointName, RolloutId, Share, Timestamp};
use std::time::Duration;

const ROLLOUT: RolloutId = RolloutId(1);
const NEW: Exposure = Exposure::NONE;

/// Of a keyed unit, at a quarter.
fn routed(hash: u64, arm: Arm) -> Routed {
    let (share, unit) = (Share::new(2_500).unwrap(), Unit::Keyed(hash));
    Routed { gate: GateIndex(0), share, arm, unit, window: Duration::ZERO }
}

/// What became of one that is in no slice.
fn route(units: &UnitRecord, routed: Routed) -> Option<Reserved> {
    units.route(routed, Vec::new())
}

/// Of a request without a key.
fn request(arm: Arm) -> Routed {
    Routed { unit: Unit::Request, ..routed(0, arm) }
}

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
        seen: NEW,
        arm: Arm::Candidate,
        counted: Counted::No,
        unit: None,
        slices: Labels::new(),
        at: Timestamp::from_micros(0),
    }
}

#[test]
fn counters_are_cumulative_and_lists_are_new() {
    let recorder = recorder(10);
    let units = recorder.units(ROLLOUT);
    let late = route(&units, request(Arm::Candidate)).unwrap();
    units.answer(&late, (Outcome::Late, Duration::ZERO));
    recorder.assign(assignment(1));
    let first = recorder.flush();
    let [well, invalid, _] = [(); 3].map(|()| route(&units, request(Arm::Incumbent)).unwrap());
    units.answer(&well, (Outcome::Ok, Duration::from_micros(3)));
    units.answer(&invalid, (Outcome::Invalid, Duration::ZERO));
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
fn whose_assignment_is_flushed_was_flushed_as_seen_whenever_that_is() {
    const REQUESTS: u64 = 20_000;
    let recorder = recorder(usize::try_from(4 * REQUESTS).unwrap());
    let seen = std::thread::scope(|threads| {
        let serving = threads.spawn(|| {
            let units = recorder.units(ROLLOUT);
            for hash in 0..REQUESTS {
                route(&units, routed(hash, Arm::Candidate)).unwrap();
                let counted = Counted::Yes;
                recorder.assign(Assignment { counted, unit: Some(hash), ..assignment(hash) });
            }
        });
        let mut seen = std::collections::BTreeSet::new();
        let mut assigned = 0;
        while assigned < REQUESTS {
            let flush = recorder.flush();
            let units = flush.units.iter().flat_map(|(_, units, _)| units);
            seen.extend(units.map(|(hash, _)| *hash));
            assert!(flush.assignments.iter().all(|one| seen.contains(&one.request)));
            assigned += flush.assignments.len() as u64;
        }
        serving.join().unwrap();
        seen
    });
    assert_eq!(seen.len() as u64, REQUESTS);
}

#[test]
fn assignments_beyond_the_bound_are_dropped_and_counted() {
    let recorder = recorder(2);
    (0..5).for_each(|request| recorder.assign(assignment(request)));
    let flush = recorder.flush();
    assert_eq!((flush.assignments.len(), flush.dropped_assignments), (1, 4));
}

#[test]
fn what_is_never_counted_leaves_half_of_the_room_and_both_are_sampled_before_theirs_is_full() {
    let recorder = recorder(400);
    (0..400).for_each(|request| recorder.assign(assignment(request)));
    let counted = |request| Assignment { counted: Counted::Yes, ..assignment(request) };
    (400..800).for_each(|request| recorder.assign(counted(request)));
    let flush = recorder.flush();
    let kept = |from| {
        let kept = flush.assignments.iter().map(|kept| kept.request);
        kept.filter(|request| (from..from + 200).contains(request)).count()
    };
    let [uncounted, uncounted_later, counted, counted_later] = [0, 200, 400, 600].map(kept);
    assert!((150..=200).contains(&(uncounted + uncounted_later)), "{uncounted} {uncounted_later}");
    assert!((150..=250).contains(&(counted + counted_later)), "{counted} {counted_later}");
    assert!(uncounted_later > 0 && counted_later > 0);
    assert_eq!(flush.dropped_assignments, 800 - flush.assignments.len() as u64);
}

#[test]
fn seeded_units_go_on_from_what_is_known_of_them() {
    let recorder = recorder(0);
    let low = Exposure::up_to(Share::new(500).unwrap());
    let stored = [(6, low), (7, Exposure::KNOWN)].into();
    recorder.seed(ROLLOUT, &SeenUnits { level: 0, units: stored });
    let units = recorder.units(ROLLOUT);
    let seen = [6, 7, 8]
        .map(|hash| Some(route(&units, routed(hash, Arm::Incumbent))?.ticket.stratum().seen));
    assert_eq!(seen, [Some(low), None, Some(NEW)]);
    let now = Exposure::up_to(Share::new(2_500).unwrap());
    assert_eq!(recorder.flush().units, [(ROLLOUT, vec![(6, now), (8, now)], 0)]);
    assert_eq!(recorder.flush().units, []);
}

#[test]
fn records_of_a_rollout_that_is_over_are_let_go_after_enough_flushes() {
    let recorder = recorder(0);
    let candidates = |recorder: &Recorder| {
        route(&recorder.units(ROLLOUT), request(Arm::Candidate));
        recorder.flush().gates[0].2.unanswered.candidate
    };
    assert_eq!(candidates(&recorder), 1);
    // It is asked for again, and kept from then on for as long.
    (1..KEPT_FLUSHES).for_each(|_| drop(recorder.flush()));
    assert_eq!(candidates(&recorder), 2);
    (0..KEPT_FLUSHES).for_each(|_| drop(recorder.flush()));
    assert_eq!(candidates(&recorder), 1, "a record made anew");
}

#[test]
fn a_gate_left_for_long_keeps_its_counts_while_a_table_has_its_rollout() {
    let recorder = recorder(0);
    let table = recorder.units(ROLLOUT);
    let ticket = route(&table, request(Arm::Candidate)).unwrap();
    table.answer(&ticket, (Outcome::Ok, Duration::ZERO));
    for _ in 0..=KEPT_FLUSHES {
        recorder.flush();
    }
    let later = route(&table, request(Arm::Candidate)).unwrap();
    table.answer(&later, (Outcome::Ok, Duration::ZERO));
    assert_eq!(recorder.flush().gates[0].2.units.candidate, 2);
}

#[test]
fn a_stratum_or_shadow_that_did_not_change_is_not_flushed_and_one_that_did_tells_all() {
    let recorder = recorder(0);
    let units = recorder.units(ROLLOUT);
    let shadow = recorder.shadow(ROLLOUT, &super::shadow::tests::shadow());
    let count = |gate| {
        let routed = Routed { gate: GateIndex(gate), ..request(Arm::Candidate) };
        let reserved = route(&units, routed).unwrap();
        units.answer(&reserved, (Outcome::Ok, Duration::ZERO));
    };
    let flushed = || {
        let flush = recorder.flush();
        let gates: Vec<_> =
            flush.gates.iter().map(|(_, of, counts)| (of.gate.0, counts.units.candidate)).collect();
        (gates, flush.shadow.iter().map(|(_, counts)| counts.mirror.sent).collect::<Vec<_>>())
    };
    (0..3).for_each(count);
    shadow.sent();
    assert_eq!(flushed(), (vec![(0, 1), (1, 1), (2, 1)], vec![1]));
    assert_eq!(flushed(), (vec![], vec![]));
    count(1);
    assert_eq!(flushed(), (vec![(1, 2)], vec![]));
    shadow.sent();
    assert_eq!(flushed(), (vec![], vec![2]));
}

/// Whatever is counted while flushes are taken is in one of them.
#[test]
fn flushes_taken_while_requests_are_counted_lose_none() {
    const REQUESTS: u64 = 20_000;
    let recorder = recorder(0);
    let units = recorder.units(ROLLOUT);
    let last = std::thread::scope(|threads| {
        let serving = threads.spawn(|| {
            for _ in 0..REQUESTS {
                let reserved = route(&units, request(Arm::Candidate)).unwrap();
                units.answer(&reserved, (Outcome::Ok, Duration::ZERO));
            }
        });
        let mut last = 0;
        while last < REQUESTS {
            let ended = serving.is_finished();
            let flush = recorder.flush();
            last = flush.gates.first().map_or(last, |(_, _, counts)| counts.errors.candidate_good);
            assert!(!ended || last == REQUESTS, "{last} told of {REQUESTS}");
        }
        last
    });
    assert_eq!((last, recorder.flush().gates), (REQUESTS, vec![]));
}

#[test]
fn a_raised_sampling_level_holds_over_a_restart_and_counts_no_unit_twice() {
    let mut config = Config::new(9, || Timestamp::from_micros(0));
    config.units = 4;
    let before = Recorder::new(&config);
    let units = before.units(ROLLOUT);
    let spread = |n: u64| n.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let first: Vec<u64> = (1..40)
        .map(spread)
        .filter(|hash| route(&units, routed(*hash, Arm::Incumbent)).is_some())
        .collect();
    let [(_, fresh, level)] = before.flush().units.try_into().unwrap();
    assert!(!fresh.is_empty() && fresh.iter().all(|(hash, _)| first.contains(hash)));
    assert!(level > 0);
    assert!(before.flush().is_empty(), "who has nothing to do writes nothing");
    let mut stored = SeenUnits { level: 0, units: fresh.into_iter().collect() };
    stored.raise(level);
    let after = Recorder::new(&config);
    after.seed(ROLLOUT, &stored);
    assert!(after.flush().is_empty(), "what was seeded is stored");
    let units = after.units(ROLLOUT);
    for hash in (1..40).map(spread) {
        let counted = route(&units, routed(hash, Arm::Incumbent)).is_some();
        assert!(!counted || !first.contains(&hash), "{hash} was counted before");
        assert!(!counted || hash.leading_zeros() >= level);
    }
    assert!(after.flush().units.iter().all(|(_, _, now)| *now >= level));
}

#[test]
fn a_unit_without_an_answer_is_one_of_its_slice_until_it_has_one() {
    let column = Column {
        name: "client".to_owned(),
        key: KeySource::Parameter("client".to_owned()),
        values: vec!["mobile".to_owned()],
    };
    let recorder = recorder(0);
    let units = recorder.units(ROLLOUT);
    let of = |arm, value: &str| units.route(request(arm), vec![(&column, value.to_owned())]);
    let none = of(Arm::Candidate, "(none)").unwrap();
    assert_eq!(none.labels, [("client".to_owned(), "(none)".to_owned())].into());
    let of_slice = || recorder.flush().gates[0].2.slices.0["client"]["(none)"].clone();
    assert_eq!(of_slice().unanswered.candidate, 1);
    units.answer(&none, (Outcome::Ok, Duration::from_micros(3)));
    let answered = of_slice();
    assert_eq!((answered.unanswered.candidate, answered.errors.candidate_good), (0, 1));
    assert_eq!(answered.latency.candidate, [(2, 1)].into_iter().collect());
    let invalid = of(Arm::Incumbent, "(none)").unwrap();
    units.answer(&invalid, (Outcome::Invalid, Duration::ZERO));
    assert_eq!(of_slice(), answered, "the client's fault leaves no trace");
    let web = of(Arm::Incumbent, "web").unwrap();
    assert_eq!(web.labels["client"], "(other)", "the plan names those that are told apart");
}
