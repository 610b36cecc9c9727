//! What a ledger counts, and when.

mod fair;

use super::*;
use crate::split::Salt;
use proptest::prelude::*;
use seatrial_analysis::latency::Edges;

const WINDOW: Duration = Duration::from_secs(10);
/// In no slice.
const NONE: Labels = Labels::new();
const CANARY: GateIndex = GateIndex(0);
const RAMP: GateIndex = GateIndex(1);

pub(super) fn share(basis_points: u16) -> Share {
    Share::new(basis_points).unwrap()
}

fn ledger(cap: usize) -> Ledger {
    Ledger::new(cap, Edges::default().buckets())
}

fn good(micros: u64) -> Answer {
    Answer::Counts(Outcome::good(&Edges::default(), micros))
}

fn bad() -> Answer {
    Answer::Counts(Outcome::bad(&Edges::default()))
}

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// A unit's request in the canary, on the incumbent.
fn arrival(hash: u64, at: u64) -> Arrival {
    Arrival {
        gate: CANARY,
        share: share(500),
        arm: Arm::Incumbent,
        unit: Unit::Keyed(hash),
        window: WINDOW,
        at: seconds(at),
    }
}

fn canary(ledger: &Ledger) -> GateCounts {
    ledger.strata().get(&CANARY.unseen()).cloned().unwrap_or_default()
}

#[test]
fn a_unit_is_its_worst_request_and_counts_when_its_window_is_over() {
    let mut ledger = ledger(10);
    for (at, answer) in [(0, good(5)), (3, bad()), (9, good(70))] {
        let ticket = ledger.route(arrival(7, at), &NONE).unwrap();
        ledger.answer(ticket, &NONE, answer);
    }
    ledger.close(seconds(9));
    let before = canary(&ledger);
    assert_eq!((before.units.total(), before.open.incumbent, before.waiting.total()), (0, 1, 0));
    ledger.close(seconds(10));
    let after = canary(&ledger);
    assert_eq!((after.units.incumbent, after.open.total()), (1, 0));
    assert_eq!((after.errors.incumbent_bad, after.errors.incumbent_good), (1, 0));
    assert_eq!(after.latency.incumbent.last(), Some(&1));
    assert_eq!(ledger.windows(), 0);
}

#[test]
fn what_begins_after_the_window_changes_nothing_under_that_gate() {
    let mut ledger = ledger(10);
    let ticket = ledger.route(arrival(7, 0), &NONE).unwrap();
    ledger.answer(ticket, &NONE, good(5));
    // Whether or not anybody has closed it yet.
    assert_eq!(ledger.route(arrival(7, 10), &NONE), None);
    ledger.close(seconds(12));
    assert_eq!(ledger.route(arrival(7, 13), &NONE), None);
    let counts = canary(&ledger);
    assert_eq!((counts.errors.incumbent_good, counts.assigned().total()), (1, 1));
}

#[test]
fn a_request_under_way_at_its_windows_end_is_an_answer_that_is_missing_until_it_comes() {
    let mut ledger = ledger(10);
    let first = ledger.route(arrival(7, 0), &NONE).unwrap();
    ledger.answer(first, &NONE, good(5));
    let slow = ledger.route(arrival(7, 9), &NONE).unwrap();
    assert_eq!(slow.place(), Place::Later);
    assert_eq!((canary(&ledger).open.total(), canary(&ledger).waiting.total()), (1, 1));
    ledger.close(seconds(11));
    let over = canary(&ledger);
    assert_eq!((over.open.total(), over.waiting.total(), over.unanswered.incumbent), (0, 0, 1));
    ledger.answer(slow, &NONE, bad());
    let counts = canary(&ledger);
    assert_eq!((counts.unanswered.total(), counts.errors.incumbent_bad), (0, 1));
    assert_eq!(ledger.windows(), 0);
}

#[test]
fn without_a_window_a_unit_is_its_first_request_and_counts_when_it_is_answered() {
    let mut ledger = ledger(10);
    let at_once = Arrival { window: Duration::ZERO, ..arrival(7, 0) };
    let ticket = ledger.route(at_once, &NONE).unwrap();
    assert_eq!((canary(&ledger).unanswered.total(), ticket.place()), (1, Place::Whole));
    assert_eq!(ledger.route(at_once, &NONE), None);
    ledger.answer(ticket, &NONE, bad());
    let counts = canary(&ledger);
    assert_eq!((counts.errors.incumbent_bad, counts.unanswered.total()), (1, 0));
    let without_a_key = Arrival { unit: Unit::Request, ..arrival(0, 0) };
    assert_eq!(ledger.route(without_a_key, &NONE).map(|it| it.place()), Some(Place::Whole));
    assert_eq!(ledger.route(without_a_key, &NONE).map(|it| it.place()), Some(Place::Whole));
    assert_eq!(canary(&ledger).unanswered.total(), 2);
}

#[test]
fn a_unit_may_be_open_in_two_gates_and_each_keeps_its_own_requests() {
    let mut ledger = ledger(10);
    let first = ledger.route(arrival(7, 0), &NONE).unwrap();
    ledger.answer(first, &NONE, good(5));
    let next = Arrival { gate: RAMP, share: share(2_500), arm: Arm::Candidate, ..arrival(7, 4) };
    let ticket = ledger.route(next, &NONE).unwrap();
    assert_eq!(ticket.stratum(), RAMP.after(Exposure::up_to(share(500))));
    ledger.answer(ticket, &NONE, bad());
    ledger.close(seconds(10));
    assert_eq!(canary(&ledger).errors.incumbent_good, 1);
    assert_eq!(ledger.windows(), 1);
    ledger.close(seconds(14));
    assert_eq!(ledger.strata()[&ticket.stratum()].errors.candidate_bad, 1);
    // On the candidate: nothing is left to chance at the next one.
    let last = Arrival { gate: GateIndex(2), share: share(5_000), ..next };
    assert_eq!(ledger.route(Arrival { at: seconds(60), ..last }, &NONE), None);
}

#[test]
fn a_unit_whose_requests_were_all_void_is_still_to_come() {
    for window in [Duration::ZERO, WINDOW] {
        let mut ledger = ledger(10);
        let void = Arrival { window, ..arrival(7, 0) };
        let ticket = ledger.route(void, &NONE).unwrap();
        ledger.answer(ticket, &NONE, Answer::Void);
        assert_eq!((canary(&ledger).assigned().total(), ledger.windows()), (0, 0));
        assert_eq!(ledger.take_fresh(), None);
        let again = ledger.route(Arrival { at: seconds(2), ..void }, &NONE).unwrap();
        ledger.close(seconds(11));
        assert_eq!(canary(&ledger).unanswered.total(), u64::from(window.is_zero()));
        ledger.answer(again, &NONE, good(5));
        ledger.close(seconds(12));
        assert_eq!(canary(&ledger).units.incumbent, 1);
    }
}

#[test]
fn a_void_request_beside_others_changes_nothing() {
    let mut ledger = ledger(10);
    let [first, second] = [0, 1].map(|at| ledger.route(arrival(7, at), &NONE).unwrap());
    ledger.answer(first, &NONE, Answer::Void);
    ledger.answer(second, &NONE, good(5));
    ledger.close(seconds(10));
    assert_eq!((canary(&ledger).units.total(), canary(&ledger).errors.incumbent_good), (1, 1));
}

#[test]
fn a_level_is_told_when_it_is_raised_and_not_again() {
    let mut ledger = ledger(8);
    let spread = |n: u64| n.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    for hash in (0..40).map(spread) {
        ledger.route(arrival(hash, 0), &NONE);
    }
    let (fresh, level) = ledger.take_fresh().unwrap();
    assert!(
        level > 0
            && !fresh.is_empty()
            && fresh.iter().all(|(hash, _)| hash.leading_zeros() >= level)
    );
    assert_eq!(ledger.take_fresh(), None);
    // Also where of the units that raised it none is left.
    let known = ledger.seen.units.len();
    let outmost = |n: &u64| n.leading_zeros() == level && !ledger.seen.units.contains_key(n);
    let outmost: Vec<u64> = (0..10_000).map(spread).filter(outmost).take(9 - known).collect();
    for hash in outmost {
        ledger.route(arrival(hash, 0), &NONE);
    }
    let raised = ledger.take_fresh().map(|(_, level)| level);
    assert!(raised > Some(level), "{raised:?}");
    assert_eq!(ledger.take_fresh(), None);
}

#[test]
fn a_narrower_sample_lets_go_of_open_units_and_the_bound_holds() {
    let mut ledger = ledger(8);
    let spread = |n: u64| n.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mut tickets = Vec::new();
    for hash in (1..200).map(spread) {
        tickets.extend(ledger.route(arrival(hash, 0), &NONE));
        assert!(ledger.windows() <= 8);
        let counts = canary(&ledger);
        assert_eq!(counts.open.total(), u64::try_from(ledger.windows()).unwrap());
        assert_eq!(counts.waiting, counts.open);
    }
    let kept = ledger.windows();
    tickets.into_iter().for_each(|ticket| ledger.answer(ticket, &NONE, good(5)));
    ledger.close(seconds(10));
    let counts = canary(&ledger);
    assert_eq!(counts.units.total(), u64::try_from(kept).unwrap());
    assert_eq!(counts.assigned(), counts.units);
}

#[test]
fn a_unit_is_in_the_slices_of_its_first_request_whatever_state_it_is_in() {
    let of = |value: &str| Labels::from([("client".to_owned(), value.to_owned())]);
    let (mobile, web) = (of("mobile"), of("web"));
    let mut ledger = ledger(10);
    let slice = |ledger: &Ledger| canary(ledger).slices.0["client"]["mobile"].clone();
    let first = ledger.route(arrival(7, 0), &mobile).unwrap();
    assert_eq!((slice(&ledger).waiting.total(), slice(&ledger).unanswered.total()), (1, 0));
    ledger.answer(first, &mobile, good(5));
    assert_eq!(slice(&ledger).waiting.total(), 0);
    let later = ledger.route(arrival(7, 9), &web).unwrap();
    ledger.close(seconds(10));
    assert_eq!((slice(&ledger).waiting.total(), slice(&ledger).unanswered.total()), (0, 1));
    ledger.answer(later, &web, bad());
    let counted = slice(&ledger);
    assert_eq!((counted.unanswered.total(), counted.errors.incumbent_bad), (0, 1));
    assert!(!canary(&ledger).slices.0["client"].contains_key("web"));
}

/// What happens to a ledger, by number.
#[derive(Debug, Clone)]
enum Step {
    Route { unit: u64 },
    Answer { which: usize, answer: u8 },
    Pass { seconds: u64 },
    NextGate,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => (0..12_u64).prop_map(|unit| Step::Route { unit }),
        6 => (any::<usize>(), 0..4_u8).prop_map(|(which, answer)| Step::Answer { which, answer }),
        2 => (0..6_u64).prop_map(|seconds| Step::Pass { seconds }),
        1 => Just(Step::NextGate),
    ]
}

proptest! {
    #[test]
    fn every_unit_is_in_one_state_and_all_are_counted_once_in_the_end(
        steps in prop::collection::vec(step(), 1..200), salt: u64, windowed: bool,
    ) {
        let window = if windowed { WINDOW } else { Duration::ZERO };
        let (salt, shares) = (Salt(salt), [500, 2_500, 5_000, 9_000]);
        let (mut ledger, mut gate, mut now) = (ledger(1_000), 0_u8, 0);
        let mut under_way: Vec<Ticket> = Vec::new();
        let mut begun = BTreeSet::new();
        let finish = |ledger: &mut Ledger, ticket: Ticket, answer| match answer {
            0 => ledger.answer(ticket, &NONE, bad()),
            1 => ledger.answer(ticket, &NONE, Answer::Void),
            _ => ledger.answer(ticket, &NONE, good(5)),
        };
        for step in steps {
            match step {
                Step::Route { unit } => {
                    let share = share(shares[usize::from(gate)]);
                    let arm = salt.choose(share, &unit.to_le_bytes());
                    let of = Arrival { gate: GateIndex(gate), share, arm, window, ..arrival(unit, now) };
                    if let Some(ticket) = ledger.route(of, &NONE) {
                        begun.insert((gate, unit));
                        under_way.push(ticket);
                    }
                }
                Step::Answer { which, answer } if !under_way.is_empty() => {
                    let ticket = under_way.swap_remove(which % under_way.len());
                    finish(&mut ledger, ticket, answer);
                }
                Step::Pass { seconds: passed } => {
                    now += passed;
                    ledger.close(seconds(now));
                }
                Step::NextGate if gate < 3 => gate += 1,
                Step::Answer { .. } | Step::NextGate => {}
            }
            for counts in ledger.strata().values() {
                prop_assert!(counts.waiting.candidate <= counts.open.candidate);
                prop_assert!(counts.waiting.incumbent <= counts.open.incumbent);
            }
        }
        under_way.into_iter().for_each(|ticket| ledger.answer(ticket, &NONE, good(5)));
        ledger.close(seconds(now + 60));
        prop_assert_eq!(ledger.windows(), 0);
        let mut counted = 0;
        for (stratum, counts) in ledger.strata() {
            prop_assert_eq!(counts.assigned(), counts.units);
            let open = stratum.seen.leaves_open(share(shares[usize::from(stratum.gate.0)]));
            prop_assert!(open || counts.units.total() == 0);
            counted += counts.units.total();
        }
        // A unit whose requests were all void is not among them.
        prop_assert!(counted <= u64::try_from(begun.len()).unwrap());
    }
}
