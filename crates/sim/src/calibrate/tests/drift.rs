//! Drift of predictions over ten classes.

use super::*;

#[test]
fn the_same_classes_are_no_drift_at_any_share_and_over_gates() {
    let drift = Cell { max_units: 100_000, ..alike(Metric::Drift, 0.1) };
    let gates = Cell { shares: vec![0.01, 0.05, 0.25, 0.5], ..drift.clone() };
    for cell in [
        Cell { shares: vec![0.5], ..drift.clone() },
        Cell { traffic: Traffic::Ramp, ..gates.clone() },
        gates,
        Cell { traffic: Traffic::Users, max_units: 1_000, shares: vec![0.1, 0.5], ..drift },
    ] {
        let found = summary(&cell, 300);
        assert!(found.rate <= 0.05 && found.kl_units.is_none(), "{found:?}");
    }
}

#[test]
fn a_class_that_grew_by_half_is_found() {
    let cell = Cell { effect: 0.05, max_units: 1_000_000, ..alike(Metric::Drift, 0.1) };
    let found = summary(&cell, 100);
    assert!(found.rate > 0.98 && found.over_kl.unwrap() > 1.0, "{found:?}");
    let fewer = summary(&Cell { effect: -0.05, ..cell }, 100);
    assert!(fewer.rate > 0.98, "{fewer:?}");
}

#[test]
fn drift_has_no_pass_and_no_rivals() {
    let drift = alike(Metric::Drift, 0.1);
    let healthy = Cell { question: Question::Healthy { margin: 0.1 }, ..drift.clone() };
    let rivals = Cell { methods: vec![Method::Windows], ..drift };
    for (cell, told) in [(healthy, "--healthy"), (rivals, "--method")] {
        assert!(Prepared::new(&cell).unwrap_err().to_string().contains(told));
    }
}
