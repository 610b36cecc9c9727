//! Verdicts on numbers joined to units.

use super::fixture::*;
use super::{CANARY, fails, look, report};
use crate::evidence::{ArmCount, Evidence, GateIndex, MaturedValues, Unmade};
use crate::judge::Judge;
use crate::looks::Subject;
use crate::plan::{Better, Check, Margin, PerUnit, Rule};
use crate::verdict::{CheckVerdict, Coverage, Decision, Unit};
use proptest::prelude::*;
use seatrial_analysis::kpi;
use std::time::Duration;

pub(super) fn revenue(margin: Margin) -> Check {
    let rule = Rule::Kpi {
        metric: "revenue".to_owned(),
        better: Better::Higher,
        margin,
        late_by: Duration::ZERO,
        min_coverage: 0.5,
        per_unit: PerUnit::First,
    };
    Check { name: "revenue".to_owned(), weight: 0.3, rule }
}

pub(super) fn within(ratio: f64) -> Margin {
    Margin { ratio: Some(ratio), absolute: None }
}

/// From 10 to 30 in even steps: a mean of 20.
fn values(units: u64, scale: f64) -> impl Iterator<Item = f64> {
    (0..units).map(move |unit| scale * (10.0 + 20.0 * (unit % 101) as f64 / 100.0))
}

pub(super) fn counted(reference: &kpi::Reference, units: ArmCount, scale: f64) -> kpi::Counts {
    let mut counts = kpi::Counts::default();
    for value in values(units.candidate, scale) {
        counts.candidate.record(reference, value).unwrap();
    }
    for value in values(units.incumbent, 1.0) {
        counts.incumbent.record(reference, value).unwrap();
    }
    counts
}

/// A canary of these candidate units, whose revenue is `scale` times the incumbent's.
pub(crate) fn worth(candidate_units: u64, scale: f64) -> Evidence {
    let reference = kpi::Reference::freeze(&values(1_010, 1.0).collect::<Vec<_>>()).unwrap();
    let mut counts = canary(candidate_units);
    let values = counted(&reference, counts.units, scale);
    let (units, labelled) = (counts.units, counts.units);
    counts.values.insert("revenue".to_owned(), values.clone());
    counts.matured_values.insert("revenue".to_owned(), MaturedValues { units, labelled, values });
    let references = [("revenue".to_owned(), reference)].into();
    Evidence { references, ..only(counts) }
}

#[test]
fn a_lower_mean_fails_and_one_within_the_margin_passes() {
    let checks = [revenue(within(0.9))];
    let bad = look(&checks, &worth(2_000, 0.8));
    assert_eq!(bad.decision, fails("revenue"));
    assert!(bad.in_words().contains("15.94 vs 19.99 (margin ×0.9)"), "{}", bad.in_words());
    let good = look(&checks, &worth(3_000, 1.0));
    assert_eq!(good.decision, Decision::Pass);
    let shown = report(&good, "revenue");
    assert_eq!((shown.unit, shown.counts.candidate_total), (Unit::Own, 3_000));
    let few = look(&checks, &worth(500, 1.0));
    assert_eq!(few.decision, Decision::Inconclusive, "the burn-in is not over");
    assert!(report(&few, "revenue").units_needed.is_some_and(|units| units >= 500));
}

#[test]
fn a_wider_margin_passes_where_a_narrow_one_does_not() {
    let evidence = worth(3_000, 1.0);
    assert_eq!(look(&[revenue(within(0.9))], &evidence).decision, Decision::Pass);
    assert_ne!(look(&[revenue(within(0.999))], &evidence).decision, Decision::Pass);
    let amount = |absolute| Margin { ratio: None, absolute: Some(absolute) };
    assert_eq!(look(&[revenue(amount(3.0))], &evidence).decision, Decision::Pass);
    assert_ne!(look(&[revenue(amount(0.02))], &evidence).decision, Decision::Pass);
}

#[test]
fn before_there_is_a_reference_nothing_is_decided() {
    let mut evidence = worth(3_000, 1.0);
    evidence.references.clear();
    let verdict = look(&[revenue(within(0.9))], &evidence);
    assert_eq!(verdict.decision, Decision::Inconclusive);
    assert_eq!(report(&verdict, "revenue").fail_log_e, Some(0.0));
    evidence.maxima.insert("revenue".to_owned(), 9.0);
    assert_eq!(look(&[revenue(within(0.9))], &evidence).decision, fails("revenue"));
}

#[test]
fn values_that_are_not_due_pass_nothing_and_fail_as_they_come() {
    let early = |scale| {
        let mut evidence = worth(3_000, scale);
        evidence.gates.get_mut(&CANARY.unseen()).unwrap().matured_values.clear();
        look(&[revenue(within(0.9))], &evidence)
    };
    let good = early(1.0);
    assert_eq!((good.decision, good.coverage), (Decision::Inconclusive, Coverage::Enough));
    assert_eq!(early(0.8).decision, fails("revenue"));
}

/// What has come early is a little worse: the pass does not rest on it, and is not told by it.
#[test]
fn a_pass_is_told_by_the_means_it_rests_on() {
    let mut evidence = worth(3_000, 1.0);
    let due = report(&look(&[revenue(within(0.9))], &evidence), "revenue").clone();
    let reference = evidence.references["revenue"].clone();
    let counts = evidence.gates.get_mut(&CANARY.unseen()).unwrap();
    let early = counted(&reference, canary_units(600), 0.95);
    counts.values.get_mut("revenue").unwrap().merge(&early).unwrap();
    let checks = [revenue(within(0.9))];
    let verdict = look(&checks, &evidence);
    let shown = report(&verdict, "revenue");
    assert_eq!((shown.verdict, shown.counts), (CheckVerdict::Pass, due.counts));
    assert_eq!((shown.candidate, shown.incumbent), (due.candidate, due.incumbent));
    let apart = due.candidate.unwrap() - due.incumbent.unwrap();
    let account = Judge::new(&plan(&checks)).unwrap();
    let account = account.accounts(Subject::Gate(CANARY), &evidence, None).remove(0);
    let range = account.confidence.unwrap().difference.unwrap();
    let middle = 0.5 * (range.lower.unwrap() + range.upper.unwrap());
    assert!((middle - apart).abs() < 1e-9, "{range:?}");
    let gates = account.gates[0];
    assert_eq!(gates.counts.candidate_total, 3_600, "what has come is told by gate");
}

#[test]
fn units_without_a_value_void_the_pass_and_those_of_the_burn_in_have_one() {
    let mut evidence = worth(3_000, 1.0);
    let due = |evidence: &mut Evidence, units| {
        let counts = evidence.gates.get_mut(&CANARY.unseen()).unwrap();
        counts.matured_values.get_mut("revenue").unwrap().units = units;
    };
    due(&mut evidence, canary_units(7_000));
    let verdict = look(&[revenue(within(0.9))], &evidence);
    assert_eq!(report(&verdict, "revenue").verdict, CheckVerdict::Pass);
    assert!(matches!(verdict.coverage, Coverage::Short { .. }), "{:?}", verdict.coverage);
    assert_eq!(verdict.decision, Decision::Inconclusive);

    let counts = evidence.gates.get_mut(&CANARY.unseen()).unwrap();
    counts.matured_values.get_mut("revenue").unwrap().labelled = canary_units(6_900);
    let verdict = look(&[revenue(within(0.9))], &evidence);
    assert_eq!((verdict.decision, verdict.coverage), (Decision::Pass, Coverage::Enough));
}

#[test]
fn a_fail_adds_up_over_gates_within_each_gates_own_share() {
    let plan = plan(&[revenue(within(0.9))]);
    let judge = Judge::new(&plan).unwrap();
    // Twice the revenue at the second gate's time of day, on both arms alike.
    let mut evidence = worth(3_000, 1.0);
    let reference = evidence.references["revenue"].clone();
    let units = arms(3_000, 9_000);
    let mut ramp = gate(units, arms(1_900, 1_800));
    let mut doubled = kpi::Counts::default();
    values(units.candidate, 2.0)
        .for_each(|value| doubled.candidate.record(&reference, value).unwrap());
    values(units.incumbent, 2.0)
        .for_each(|value| doubled.incumbent.record(&reference, value).unwrap());
    ramp.values.insert("revenue".to_owned(), doubled);
    evidence.gates.insert(GateIndex(1).unseen(), ramp);
    let verdict = judge.gate(&evidence, GateIndex(1));
    assert_ne!(verdict.decision, fails("revenue"), "{verdict:?}");
    let log_e = report(&verdict, "revenue").fail_log_e.unwrap();
    assert!(log_e < 0.0, "no effect at either gate: {log_e}");

    let mut bad = worth(700, 0.93);
    let log_e_of = |evidence: &Evidence, gate| {
        report(&judge.gate(evidence, gate), "revenue").fail_log_e.unwrap()
    };
    let first = log_e_of(&bad, CANARY);
    let mut ramp = gate(arms(700, 2_100), arms(1_900, 1_800));
    let values = counted(&bad.references["revenue"], arms(700, 2_100), 0.93);
    ramp.values.insert("revenue".to_owned(), values);
    bad.gates.insert(GateIndex(1).unseen(), ramp);
    assert!(log_e_of(&bad, GateIndex(1)) > first, "the second gate adds to the first");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Replicas, restarts and the order of values change nothing.
    #[test]
    fn values_counted_apart_add_up_to_one_verdict(
        values in prop::collection::vec((any::<bool>(), -50.0..50.0_f64), 0..300),
        split in 0..300_usize,
    ) {
        let reference = worth(1, 1.0).references["revenue"].clone();
        let counted = |values: &[(bool, f64)]| {
            let mut counts = kpi::Counts::default();
            for (is_candidate, value) in values {
                let arm = if *is_candidate { &mut counts.candidate } else { &mut counts.incumbent };
                arm.record(&reference, *value).unwrap();
            }
            let mut gate = canary(300);
            gate.values.insert("revenue".to_owned(), counts);
            gate
        };
        let (one, other) = values.split_at(split.min(values.len()));
        let sum = |first: &[(bool, f64)], second: &[(bool, f64)]| {
            let mut sum = counted(first);
            sum.merge(&counted(second)).unwrap();
            sum.values
        };
        prop_assert_eq!(sum(one, other), sum(other, one));
        prop_assert_eq!(sum(one, other), sum(&values, &[]));
        let evidence = Evidence {
            references: [("revenue".to_owned(), reference.clone())].into(),
            ..only(counted(&values))
        };
        let verdict = look(&[revenue(within(0.9))], &evidence);
        prop_assert_ne!(verdict.decision, Decision::Pass, "none of them is due");
    }
}

#[test]
fn a_metric_without_a_reference_says_what_it_waits_for() {
    let mut evidence = Evidence::default();
    let waits = |values, least, most| Unmade { values, least, most };
    for (unmade, words) in [
        (waits(3_000, 0.0, 0.0), "no reference yet: 3000 values, all alike"),
        (waits(400, 0.0, 7.0), "no reference yet: 400 values"),
    ] {
        evidence.unmade.insert("revenue".to_owned(), unmade);
        let verdict = look(&[revenue(within(0.9))], &evidence);
        assert_eq!(report(&verdict, "revenue").limit, words);
        assert_eq!(report(&verdict, "revenue").verdict, CheckVerdict::Inconclusive);
    }
}
