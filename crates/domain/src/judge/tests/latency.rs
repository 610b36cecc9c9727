//! Latency with a limit, with a ratio, and with both.

use super::fixture::*;
use super::{CANARY, fails, look, report};
use crate::evidence::Evidence;
use crate::judge::Judge;
use crate::verdict::Decision;

/// A canary whose arms answer after these microseconds.
fn answered(candidate: u64, incumbent: u64) -> Evidence {
    only(gate(canary_units(800), arms(candidate, incumbent)))
}

/// The same, with the incumbent's latencies in the shadow as reference.
fn with_reference(candidate: u64, incumbent: u64) -> Evidence {
    let mut evidence = answered(candidate, incumbent);
    evidence.shadow.incumbent_latency = gate(arms(0, 500), arms(1, incumbent)).latency.incumbent;
    evidence
}

#[test]
fn slower_below_the_limit_is_healthy() {
    let counts = gate(canary_units(1_000), arms(20_000, 2_000));
    let verdict = look(&[latency(250)], &only(counts));
    assert_eq!(verdict.decision, Decision::Pass);
}

#[test]
fn requests_in_flight_do_not_make_the_units_still_needed_unknown() {
    let needed = |in_flight: u64| {
        let mut counts = gate(canary_units(90), arms(20_000, 2_000));
        counts.units.candidate += in_flight;
        counts.unanswered.candidate = in_flight;
        report(&look(&[latency(250)], &only(counts)), "latencyP99").units_needed
    };
    let all_answered = needed(0).unwrap();
    assert_eq!(needed(1), Some(all_answered), "as if it were answered like the others");
    assert_eq!(needed(all_answered + 7), Some(all_answered + 7), "at least until they are");
}

#[test]
fn a_unit_without_an_answer_is_the_slowest_of_the_candidate_or_the_fastest_of_the_incumbent() {
    let mut waiting = with_reference(2_000, 2_000);
    let mut answered = waiting.clone();
    let counts = |evidence: &mut Evidence| evidence.gates.remove(&CANARY.unseen()).unwrap();
    let (mut one, mut other) = (counts(&mut waiting), counts(&mut answered));
    one.unanswered = arms(2, 3_000);
    *other.latency.candidate.last_mut().unwrap() += 2;
    *other.latency.incumbent.first_mut().unwrap() += 3_000;
    waiting.gates.insert(CANARY.unseen(), one);
    answered.gates.insert(CANARY.unseen(), other);
    let pass = |evidence: &Evidence| {
        let verdict = look(&[latency_ratio(1.2)], evidence);
        report(&verdict, "latencyP99").pass_log_e.unwrap()
    };
    assert!((pass(&waiting) - pass(&answered)).abs() < 1e-9, "{}", pass(&waiting));
    assert!((pass(&waiting) - pass(&with_reference(2_000, 2_000))).abs() > 0.1);
}

#[test]
fn slower_above_the_limit_fails_with_its_value() {
    let counts = gate(canary_units(100), arms(300_000, 2_000));
    let verdict = look(&[errors(0.005), latency(250)], &only(counts));
    assert_eq!(verdict.decision, fails("latencyP99"));
    let report = report(&verdict, "latencyP99");
    assert!((300.0..308.0).contains(&report.candidate.unwrap()));
    assert!((2.0..2.06).contains(&report.incumbent.unwrap()));
    assert_eq!((report.counts.candidate_bad, report.counts.incumbent_bad), (100, 0));
    assert_eq!((report.metric.as_str(), report.limit.as_str()), ("p99 latency", "limit 250 ms"));
}

#[test]
fn a_ratio_alone_passes_the_equal_and_fails_the_slower() {
    let judge = Judge::new(&plan(&[latency_ratio(1.2)])).unwrap();
    let decision = |candidate| judge.gate(&with_reference(candidate, 2_000), CANARY).decision;
    assert_eq!(decision(2_000), Decision::Pass);
    assert_eq!(decision(4_000), fails("latencyP99"));
    assert_eq!(decision(2_000), Decision::Pass);
    assert_eq!(decision(1_000), Decision::Pass);
}

#[test]
fn a_ratio_alone_needs_the_frozen_reference() {
    let verdict = look(&[latency_ratio(1.2)], &answered(2_000, 2_000));
    let why = "the reference histogram is empty".to_owned();
    assert_eq!(verdict.decision, Decision::Error { check: "latencyP99".to_owned(), why });
}

#[test]
fn the_ratio_that_decides_is_the_plans() {
    // Two equal arms share a bucket some 2 % wide: a finer ratio can't tell that they are equal.
    let decision = |ratio| look(&[latency_ratio(ratio)], &with_reference(2_000, 2_000)).decision;
    assert_eq!(decision(1.2), Decision::Pass);
    assert_eq!(decision(1.01), Decision::Inconclusive);
}

#[test]
fn with_a_limit_and_a_ratio_either_makes_it_healthy() {
    let both = [latency_of(Some(250), Some(1.2))];
    let slower_within_the_limit = answered(20_000, 2_000);
    let over_the_limit_like_the_incumbent = answered(300_000, 300_000);
    assert_eq!(look(&both, &slower_within_the_limit).decision, Decision::Pass);
    assert_eq!(look(&both, &over_the_limit_like_the_incumbent).decision, Decision::Pass);
    let limit = [latency(250)];
    assert_eq!(look(&limit, &over_the_limit_like_the_incumbent).decision, Decision::Inconclusive);
}

#[test]
fn beyond_a_limit_and_a_ratio_fails_with_both_named() {
    let verdict = look(&[latency_of(Some(250), Some(1.2))], &answered(300_000, 2_000));
    assert_eq!(verdict.decision, fails("latencyP99"));
    let report = report(&verdict, "latencyP99");
    assert_eq!(report.limit, "limit 250 ms and margin ×1.2");
    assert_eq!((report.counts.candidate_bad, report.counts.incumbent_bad), (800, 0));
}
