//! What `comparison` promises, as tests.

use super::{Agreement, compare};
use crate::plan::{Compare, CompareBy};
use crate::tensor::{Tensor, TensorData};

fn class(output: &str) -> Compare {
    Compare { output: output.into(), by: CompareBy::Class { max_disagreement: 0.25 } }
}

fn numeric(rtol: f64, atol: f64) -> Compare {
    let by = CompareBy::Numeric { rtol, atol, max_exceed: 0.25 };
    Compare { output: "*".into(), by }
}

fn label(values: &[i64]) -> Tensor {
    Tensor::new("label".into(), vec![values.len()], TensorData::Int64(values.to_vec())).unwrap()
}

fn scores(rows: usize, values: &[f32]) -> Tensor {
    let shape = vec![rows, values.len() / rows];
    Tensor::new("scores".into(), shape, TensorData::Fp32(values.to_vec())).unwrap()
}

fn agrees(rule: &Compare, incumbent: &[Tensor], candidate: &[Tensor]) -> bool {
    compare(rule, incumbent, candidate) == Agreement::Agree
}

#[test]
fn labels_decide_where_there_are_any() {
    let incumbent = [label(&[3]), scores(1, &[0.1, 0.9])];
    assert!(agrees(&class("*"), &incumbent, &[label(&[3]), scores(1, &[0.9, 0.1])]));
    assert!(!agrees(&class("*"), &incumbent, &[label(&[4]), scores(1, &[0.1, 0.9])]));
}

#[test]
fn without_labels_the_winning_class_of_every_row_decides() {
    let incumbent = [scores(2, &[0.1, 0.9, 0.7, 0.3])];
    assert!(agrees(&class("*"), &incumbent, &[scores(2, &[0.4, 0.6, 0.6, 0.4])]));
    assert!(!agrees(&class("*"), &incumbent, &[scores(2, &[0.4, 0.6, 0.4, 0.6])]));
}

#[test]
fn labels_beyond_doubles_are_told_apart() {
    let (a, b) = (label(&[(1 << 53) + 1]), label(&[1 << 53]));
    assert!(!agrees(&class("*"), &[a], &[b]));
}

#[test]
fn numbers_agree_within_the_tolerances_of_the_incumbent() {
    let incumbent = [scores(1, &[100.0, 0.0])];
    assert!(agrees(&numeric(0.01, 0.0), &incumbent, &[scores(1, &[101.0, 0.0])]));
    assert!(!agrees(&numeric(0.01, 0.0), &incumbent, &[scores(1, &[101.1, 0.0])]));
    assert!(!agrees(&numeric(0.01, 0.0), &incumbent, &[scores(1, &[100.0, 0.001])]));
    assert!(agrees(&numeric(0.01, 0.002), &incumbent, &[scores(1, &[100.0, 0.001])]));
}

#[test]
fn not_a_number_agrees_only_with_itself() {
    let nan = [scores(1, &[f32::NAN, f32::INFINITY])];
    assert!(agrees(&numeric(0.0, 0.0), &nan, &nan));
    assert!(!agrees(&numeric(1.0, 1.0), &nan, &[scores(1, &[0.0, f32::INFINITY])]));
    assert!(!agrees(&numeric(1.0, 1.0), &nan, &[scores(1, &[f32::NAN, f32::NEG_INFINITY])]));
}

#[test]
fn another_shape_or_a_missing_output_disagrees() {
    let incumbent = [label(&[1, 2])];
    assert!(!agrees(&class("*"), &incumbent, &[label(&[1])]));
    let Agreement::Disagree(difference) = compare(&class("label"), &incumbent, &[]) else {
        panic!("a missing output agreed");
    };
    assert_eq!(difference.candidate, "(missing)");
    assert_eq!(difference.incumbent, "[1, 2]");
    assert!(!agrees(&class("other"), &incumbent, &incumbent));
}

fn numbers(shape: Vec<usize>, values: &[f32]) -> Tensor {
    Tensor::new("price".into(), shape, TensorData::Fp32(values.to_vec())).unwrap()
}

#[test]
fn a_rule_that_finds_no_output_of_its_kind_does_not_apply() {
    let differ = compare(&numeric(0.0, 0.0), &[label(&[1])], &[label(&[2])]);
    assert_eq!(differ, Agreement::NotApplicable);
    // One number a request is no score, in whichever of the two ways it is written.
    for shape in [vec![3], vec![3, 1]] {
        let (a, b) = (numbers(shape.clone(), &[1.0, 2.0, 3.0]), numbers(shape, &[9.0, 2.0, 3.0]));
        for rule in [class("*"), class("price")] {
            let differ = compare(&rule, std::slice::from_ref(&a), std::slice::from_ref(&b));
            assert_eq!(differ, Agreement::NotApplicable);
        }
        assert!(!agrees(&numeric(0.01, 0.0), &[a], &[b]));
    }
}
