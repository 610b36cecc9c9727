//! A sum that looks better than each of its slices (Simpson's paradox). Both versions answer the same
//! rows, so accuracy's sum lies between its slices; a metric of ranks knows no such bound.

use super::super::answer::{Elements, Output};
use super::super::report::{SliceValue, Verdict};
use super::*;
use seatrial_domain::plan::MetricName;
use seatrial_domain::tensor::DataType;

fn reading(scores: Vec<f64>) -> Reading {
    let rows = scores.len();
    let output = Output {
        name: "p".to_owned(),
        datatype: DataType::Fp32,
        shape: vec![rows],
        elements: Elements::Real(scores),
    };
    Reading::of(&[output], rows).unwrap()
}

/// 100 mobile rows, mostly of class 1, and 100 of the web, mostly of class 0.
const LABELS: fn(usize) -> bool =
    |row| if row < 100 { row % 10 != 0 } else { row.is_multiple_of(10) };

fn rows(value: &str, rows: std::ops::Range<usize>) -> slices::Rows {
    let value = Some(SliceValue { column: "client".to_owned(), value: value.to_owned() });
    slices::Rows { value, max_drop: Some(0.1), rows: rows.collect() }
}

/// A verdict for each check, and the values of candidate and incumbent.
fn judged(
    candidate: impl Fn(usize) -> f64,
    incumbent: impl Fn(usize) -> f64,
) -> Vec<(Verdict, f64, f64)> {
    let answers = Answers {
        ground_labels: (0..200).map(|row| u8::from(LABELS(row)).to_string()).collect(),
        ground_numbers: None,
        candidate: reading((0..200).map(candidate).collect()),
        incumbent: Some(reading((0..200).map(incumbent).collect())),
        slices: vec![rows("mobile", 0..100), rows("web", 100..200)],
    };
    let auc = Metric { name: MetricName::RocAuc, min: None, max_drop: Some(0.1) };
    let plan = Holdout {
        dataset: None,
        metrics: vec![auc],
        slices: Vec::new(),
        expected: None,
        rtol: 0.0,
        atol: 0.0,
    };
    let (evaluations, checks) = evaluate(answers, &plan);
    let pair = |(check, of): (&report::Check, &report::Evaluation)| {
        (check.verdict, of.candidate.unwrap(), of.incumbent.unwrap())
    };
    checks.iter().zip(&evaluations).map(pair).collect()
}

/// Right within each client, and blind to which client it is.
fn within(row: usize) -> f64 {
    let base = if row < 100 { 0.40 } else { 0.60 };
    if LABELS(row) { base + 0.05 } else { base }
}

/// Knows the client and nothing else.
fn by_client(row: usize) -> f64 {
    if row < 100 { 0.9 } else { 0.1 }
}

#[test]
fn better_in_the_sum_and_worse_in_each_slice_fails_by_the_slices() {
    let found = judged(by_client, within);
    let [all, mobile, web] = found.as_slice() else { panic!("{found:?}") };
    assert!(all.1 > all.2 && all.0 == Verdict::Passed, "{all:?}");
    for slice in [mobile, web] {
        assert!(slice.1 < slice.2 && slice.0 == Verdict::Failed, "{slice:?}");
    }
}

#[test]
fn worse_in_the_sum_and_better_in_each_slice_fails_by_the_sum_alone() {
    let found = judged(within, by_client);
    let [all, mobile, web] = found.as_slice() else { panic!("{found:?}") };
    assert!(all.1 < all.2 && all.0 == Verdict::Failed, "{all:?}");
    for slice in [mobile, web] {
        assert!(slice.1 > slice.2 && slice.0 == Verdict::Passed, "{slice:?}");
    }
}
