//! What is drawn of a gate, beside what is found in it.

use super::*;
use crate::simulate::detectable::tests::{ENDPOINT, plan};
use seatrial_analysis::late;
use std::collections::BTreeSet;

/// With what is asked of the first check of this policy's canary.
fn with<T>(lines: &str, endpoint: &Endpoint, asked: impl FnOnce(&Search<'_>) -> T) -> T {
    let plan = plan(lines);
    let gate = &plan.gates[0];
    asked(&Search::new(&plan, gate, &gate.checks[0], endpoint).unwrap().unwrap())
}

#[test]
fn a_window_begins_at_the_first_look_in_it_with_what_came_until_the_look_before() {
    with("  canary: {share: 5, maxDuration: 24h}\n", &ENDPOINT, |search| {
        let worse = Worse::new(search, 0.01);
        let (mut drawn, mut rng) = (Drawn::new(search, &worse), Rng::new(1));
        let (mut seen, mut before) = (BTreeSet::from([0]), 0);
        for look in &search.looks {
            drawn.until(look, &mut rng);
            if seen.insert(late::window_at(look.at)) && before > 0 {
                let start = drawn.evidence.starts.iter().last().unwrap();
                let sum: u64 = start
                    .gates
                    .values()
                    .map(|it| it.errors.candidate() + it.errors.incumbent())
                    .sum();
                assert_eq!((start.at, sum), (Timestamp::default().plus(look.at), before));
            }
            before = look.units;
        }
        let begun: BTreeSet<usize> = drawn.evidence.starts.numbers().map(usize::from).collect();
        assert!(begun == seen && begun.len() > 8, "{begun:?} {seen:?}");
    });
}

#[test]
fn on_both_versions_as_few_units_have_a_label_as_the_check_puts_up_with() {
    let check = |coverage: &str| {
        let check = "name: c, kind: feedback, metric: c, margin: {absolute: 0.02}";
        format!("  checks: [{{{check}, minCoverage: {coverage}}}]\n")
    };
    let of = |coverage: &str| {
        let units = ArmCount { candidate: 40_000, incumbent: 360_000 };
        let draw = |search: &Search<'_>| search.labelled(&mut Rng::new(1), units);
        with(&check(coverage), &ENDPOINT, draw)
    };
    let quarter = of("0.25");
    // Six standard deviations.
    assert!(quarter.candidate.abs_diff(10_000) < 520, "{quarter:?}");
    assert!(quarter.incumbent.abs_diff(90_000) < 1_560, "{quarter:?}");
    assert_eq!(of("0"), ArmCount { candidate: 40_000, incumbent: 360_000 });
}

#[test]
fn a_ratio_is_made_ready_by_as_many_answers_as_come_in_the_gate_and_a_thousand_at_least() {
    let ratio = "  checks: [{name: slow, kind: latency, margin: {ratio: 1.2}}]\n  \
        canary: {maxDuration: 1h}\n";
    let answers = |rate: f64| {
        let latency = Some(Law::LogNormal { median: 12_000.0, sigma: 0.5 });
        with(ratio, &Endpoint { rate, latency, ..ENDPOINT }, |search| {
            let worse = Worse::new(search, 1.0);
            Drawn::new(search, &worse).evidence.shadow.incumbent_latency.iter().sum::<u64>()
        })
    };
    // Rounded in each of the buckets.
    assert!(answers(50.0).abs_diff(180_000) < 100, "{}", answers(50.0));
    assert!(answers(0.01).abs_diff(1_000) < 100, "{}", answers(0.01));
}
