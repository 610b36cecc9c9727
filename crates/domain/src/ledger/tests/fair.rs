//! Fair bets, by enumeration of the draw: E[e] = 1 for a unit that crosses gates, however it fares;
//! and not so as if each gate drew anew, nor where an outcome is changed after its arm is known.

use super::*;
use seatrial_analysis::{Cells, Pi, Stratum, two_outcome};

const SHARES: [u16; 4] = [100, 500, 2_500, 5_000];

/// In which part of the draw a unit may be: the probability, and the first gate (by number) whose
/// share puts it on the candidate; the last part is on the incumbent throughout.
fn parts() -> Vec<(f64, usize)> {
    let edges = [0].into_iter().chain(SHARES).chain([10_000]);
    let edges: Vec<u16> = edges.collect();
    edges.windows(2).map(|pair| f64::from(pair[1] - pair[0]) / 10_000.0).zip(0..).collect()
}

/// A unit's outcome in each gate that it comes in; none: it stays away.
type Fares = [Option<Answer>; 4];

/// What a ledger counts of one unit, by stratum.
fn counted(on_candidate_from: usize, fares: &Fares) -> Vec<(GateStratum, Cells)> {
    let mut ledger = ledger(10);
    for (gate, answer) in fares.iter().enumerate() {
        let Some(answer) = answer else { continue };
        let arm = if gate < on_candidate_from { Arm::Incumbent } else { Arm::Candidate };
        let arrival = Arrival {
            gate: GateIndex(u8::try_from(gate).unwrap()),
            share: share(SHARES[gate]),
            arm,
            ..arrival(7, 100 * u64::try_from(gate).unwrap())
        };
        if let Some(ticket) = ledger.route(arrival, &NONE) {
            ledger.answer(ticket, &NONE, *answer);
        }
        ledger.close(arrival.at + WINDOW);
    }
    ledger.strata().iter().map(|(stratum, counts)| (*stratum, counts.errors)).collect()
}

/// The e-value of these counts, each stratum's probability being `pi`.
fn e(counted: Vec<(GateStratum, Cells)>, pi: impl Fn(GateStratum) -> Pi) -> f64 {
    let margin = two_outcome::Margin::Both { ratio: 2.0, absolute: 0.005 };
    let check = two_outcome::Check::errors(margin).unwrap();
    let strata = counted.into_iter().map(|(of, counts)| Stratum { pi: pi(of), counts });
    check.rollback_log_e(&strata.collect::<Vec<_>>()).exp()
}

/// E[e] over the draw, of what a ledger counts.
fn expectation(fares: &Fares, pi: impl Fn(GateStratum) -> Pi) -> f64 {
    parts().into_iter().map(|(chance, from)| chance * e(counted(from, fares), &pi)).sum()
}

fn share_of(stratum: GateStratum) -> Share {
    share(SHARES[usize::from(stratum.gate.0)])
}

fn every_fare() -> Vec<Fares> {
    let choices = [None, Some(good(5)), Some(bad())];
    let mut all = Vec::new();
    for n in 0..81_usize {
        all.push([1, 3, 9, 27].map(|digit| choices[n / digit % 3]));
    }
    all
}

#[test]
fn a_unit_that_crosses_gates_is_a_fair_bet_however_it_fares() {
    for fares in every_fare() {
        let expected = expectation(&fares, |of| of.seen.pi(share_of(of)).unwrap());
        assert!((expected - 1.0).abs() < 1e-12, "{fares:?}: {expected}");
    }
}

/// As if every gate drew anew: each time the unit comes it counts, by the plain share.
fn drawn_anew(on_candidate_from: usize, fares: &Fares) -> Vec<(GateStratum, Cells)> {
    let each = fares.iter().enumerate().filter_map(|(gate, answer)| {
        let counted = match (gate >= on_candidate_from, (*answer)? == bad()) {
            (true, true) => Cells { candidate_bad: 1, ..Cells::default() },
            (true, false) => Cells { candidate_good: 1, ..Cells::default() },
            (false, true) => Cells { incumbent_bad: 1, ..Cells::default() },
            (false, false) => Cells { incumbent_good: 1, ..Cells::default() },
        };
        Some((GateIndex(u8::try_from(gate).unwrap()).unseen(), counted))
    });
    each.collect()
}

#[test]
fn as_if_every_gate_drew_anew_it_is_not() {
    let expected = |fares: &Fares| -> f64 {
        let parts = parts().into_iter();
        let plain = |of: GateStratum| of.seen.pi(share_of(of)).unwrap();
        parts.map(|(chance, from)| chance * e(drawn_anew(from, fares), plain)).sum()
    };
    let all = every_fare();
    let unfair = all.iter().filter(|fares| expected(fares) > 1.001).count();
    // All that fail in two gates or more.
    assert_eq!(unfair, 33);
    assert!(expected(&[Some(bad()); 4]) > 1.1, "{}", expected(&[Some(bad()); 4]));
}

#[test]
fn with_the_right_units_but_the_plain_share_it_is_not_either() {
    let plain = |of| Exposure::NONE.pi(share_of(of)).unwrap();
    let always = expectation(&[Some(bad()); 4], plain);
    assert!((always - 1.0).abs() > 0.01, "{always}");
}

/// Whether any of a unit's labels in a gate is good; none: none of its requests there got one.
type Earned = [Option<bool>; 4];

/// E[e] over the draw of a unit that comes in every gate, with `perUnit: any`: what it earned in a gate on
/// either arm.
fn expectation_of_any(candidate: &Earned, incumbent: &Earned) -> f64 {
    let margin = two_outcome::Margin::Absolute(0.02);
    let check = two_outcome::Check::feedback(margin).unwrap();
    let of = |(chance, from): (f64, usize)| {
        let counted = counted(from, &[Some(good(5)); 4]).into_iter().filter_map(|(of, units)| {
            let gate = usize::from(of.gate.0);
            let on_candidate = units.candidate() > 0;
            let cells =
                match (on_candidate, if on_candidate { candidate } else { incumbent }[gate]?) {
                    (true, true) => Cells { candidate_good: 1, ..Cells::default() },
                    (true, false) => Cells { candidate_bad: 1, ..Cells::default() },
                    (false, true) => Cells { incumbent_good: 1, ..Cells::default() },
                    (false, false) => Cells { incumbent_bad: 1, ..Cells::default() },
                };
            Some(Stratum { pi: of.seen.pi(share_of(of)).unwrap(), counts: cells })
        });
        chance * check.rollback_log_e(&counted.collect::<Vec<_>>()).exp()
    };
    parts().into_iter().map(of).sum()
}

fn everything_earned() -> Vec<Earned> {
    let choices = [None, Some(true), Some(false)];
    (0..81_usize).map(|n| [1, 3, 9, 27].map(|digit| choices[n / digit % 3])).collect()
}

#[test]
fn a_unit_worth_any_of_its_labels_is_a_fair_bet_over_gates_and_a_better_candidate_a_lost_one() {
    for earned in everything_earned() {
        let same = expectation_of_any(&earned, &earned);
        assert!((same - 1.0).abs() < 1e-12, "{earned:?}: {same}");
        let better = earned.map(|any| any.map(|_| true));
        let no_worse = expectation_of_any(&better, &earned);
        assert!(no_worse < 1.0 + 1e-12, "{earned:?}: {no_worse}");
        let worse = earned.map(|any| any.map(|_| false));
        let is_worse = expectation_of_any(&worse, &earned);
        assert!(is_worse > 1.0 - 1e-12, "{earned:?}: {is_worse}");
    }
}

/// One unit at an even split that fails with its second request. Whoever waits for that on the
/// candidate alone has a bet that is won on average.
#[test]
fn an_outcome_changed_after_its_arm_is_known_is_no_fair_bet() {
    let margin = two_outcome::Margin::Ratio(2.0);
    let check = two_outcome::Check::errors(margin).unwrap();
    let e = |counts| check.rollback_log_e(&[Stratum::new(0.5, counts).unwrap()]).exp();
    let stopped_when_known = 0.5 * e(Cells { candidate_bad: 1, ..Cells::default() })
        + 0.5 * e(Cells { incumbent_good: 1, ..Cells::default() });
    assert!(stopped_when_known > 1.1, "{stopped_when_known}");
    let closed_first = 0.5 * e(Cells { candidate_bad: 1, ..Cells::default() })
        + 0.5 * e(Cells { incumbent_bad: 1, ..Cells::default() });
    assert!((closed_first - 1.0).abs() < 1e-12, "{closed_first}");
}
