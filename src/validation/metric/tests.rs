//! What `metric` promises, as tests.

use super::*;
use crate::validation::answer::{Elements, Output};
use seatrial_domain::tensor::DataType;

fn output(name: &str, shape: &[usize], elements: Elements) -> Output {
    let datatype = match &elements {
        Elements::Whole(_) => DataType::Int64,
        Elements::Real(_) => DataType::Fp32,
        Elements::Text(_) => DataType::Bytes,
    };
    Output { name: name.to_owned(), datatype, shape: shape.to_vec(), elements }
}

fn value(metric: MetricName, truth: &[&str], outputs: &[Output]) -> Result<f64, String> {
    let reading = Reading::of(outputs, truth.len())?;
    let numbers = truth.iter().map(|text| text.parse().ok()).collect();
    let ground = Ground::new(truth, numbers, &[&reading]);
    let known = ground.know(reading);
    let rows: Vec<usize> = (0..truth.len()).collect();
    measure(metric, &ground, &known, &rows)?.value().ok_or_else(|| "undefined".to_owned())
}

fn labels(values: &[i128]) -> Output {
    output("label", &[values.len()], Elements::Whole(values.to_vec()))
}

fn close(found: Result<f64, String>, wanted: f64) {
    let found = found.unwrap();
    assert!((found - wanted).abs() < 1e-9, "{found} {wanted}");
}

#[test]
fn accuracy_counts_equal_labels_however_they_are_written() {
    close(value(MetricName::Accuracy, &["1", "0", "1", "1"], &[labels(&[1, 0, 0, 1])]), 0.75);
    let flags = output("y", &[2], Elements::Whole(vec![1, 0]));
    close(value(MetricName::Accuracy, &["true", "false"], &[flags]), 1.0);
    let texts = output("y", &[2, 1], Elements::Text(vec!["cat".into(), "dog".into()]));
    close(value(MetricName::Accuracy, &["cat", "cat"], &[texts]), 0.5);
}

#[test]
fn f1_is_of_the_greater_of_two_classes_and_macro_otherwise() {
    // Worked by hand: TP 2, FP 1, FN 1.
    let two = [labels(&[1, 1, 0, 1, 0])];
    close(value(MetricName::F1, &["1", "1", "1", "0", "0"], &two), 2.0 / 3.0);
    // Class 0: 1; class 1: TP 1, FP 1 -> 2/3; class 2: FN 1 -> 0.
    let three = [labels(&[0, 1, 1])];
    close(value(MetricName::F1, &["0", "1", "2"], &three), (1.0 + 2.0 / 3.0) / 3.0);
}

#[test]
fn roc_auc_counts_ordered_pairs_and_halves_ties() {
    let scores = output("p", &[4, 1], Elements::Real(vec![0.1, 0.4, 0.35, 0.8]));
    close(value(MetricName::RocAuc, &["0", "0", "1", "1"], &[scores]), 0.75);
    let tied = output("p", &[2], Elements::Real(vec![0.5, 0.5]));
    close(value(MetricName::RocAuc, &["0", "1"], &[tied]), 0.5);
    let one = output("p", &[2], Elements::Real(vec![0.5, 0.5]));
    assert!(value(MetricName::RocAuc, &["1", "1"], &[one]).is_err());
}

#[test]
fn roc_auc_of_many_classes_is_one_versus_rest() {
    let scores = vec![0.8, 0.1, 0.1, 0.2, 0.7, 0.1, 0.3, 0.3, 0.4];
    let scores = output("p", &[3, 3], Elements::Real(scores));
    close(value(MetricName::RocAuc, &["a", "b", "c"], &[scores]), 1.0);
}

#[test]
fn log_loss_is_the_mean_surprise_and_wants_probabilities() {
    let scores = output("p", &[2, 2], Elements::Real(vec![0.75, 0.25, 0.5, 0.5]));
    let wanted = -(0.75_f64.ln() + 0.5_f64.ln()) / 2.0;
    close(value(MetricName::LogLoss, &["0", "1"], &[scores]), wanted);
    let logits = output("p", &[2, 2], Elements::Real(vec![3.0, -1.0, 0.5, 0.5]));
    let fault = value(MetricName::LogLoss, &["0", "1"], &[logits]).unwrap_err();
    assert!(fault.contains("no probabilities"), "{fault}");
}

#[test]
fn regression_errors_are_of_the_single_number() {
    let predicted = || output("y", &[3, 1], Elements::Real(vec![1.0, 2.0, 5.0]));
    close(value(MetricName::Mae, &["1", "3", "3"], &[predicted()]), 1.0);
    close(value(MetricName::Rmse, &["1", "3", "3"], &[predicted()]), (5.0_f64 / 3.0).sqrt());
    assert!(value(MetricName::Rmse, &["1", "2"], &[labels(&[1, 2])]).is_err());
}

#[test]
fn scores_without_a_label_output_name_the_highest_class() {
    let scores = output("p", &[2, 3], Elements::Real(vec![0.1, 0.7, 0.2, 0.6, 0.3, 0.1]));
    close(value(MetricName::Accuracy, &["1", "2"], &[scores]), 0.5);
    let narrow = output("p", &[3, 2], Elements::Real(vec![0.5; 6]));
    let fault = value(MetricName::Accuracy, &["a", "b", "c"], &[narrow]).unwrap_err();
    assert_eq!(fault, "2 score columns for the 3 classes of the labels");
}

fn bound(metric: MetricName, truth: &[String], versions: &[Vec<f64>; 2]) -> f64 {
    let reading = |values: &Vec<f64>| {
        Reading::of(&[output("y", &[values.len()], Elements::Real(values.clone()))], truth.len())
    };
    let [candidate, incumbent] = [&versions[0], &versions[1]].map(|v| reading(v).unwrap());
    let numbers = truth.iter().map(|text| text.parse().ok()).collect();
    let ground = Ground::new(truth, numbers, &[&candidate, &incumbent]);
    let rows: Vec<usize> = (0..truth.len()).collect();
    let [candidate, incumbent] = [candidate, incumbent]
        .map(|reading| measure(metric, &ground, &ground.know(reading), &rows).unwrap());
    lower_bound(metric, &candidate, &incumbent).unwrap()
}

#[test]
fn large_whole_labels_and_codes_stay_apart() {
    for (one, other) in [("9007199254740993", "9007199254740992"), ("07", "7"), ("-01", "-1")] {
        assert_ne!(reading::canonical(one), reading::canonical(other));
    }
    for (one, other) in [("3", "3.0"), ("-0.0", "0"), ("true", "1"), ("1e3", "1000")] {
        assert_eq!(reading::canonical(one), reading::canonical(other));
    }
    let huge = output("y", &[2], Elements::Whole(vec![9_007_199_254_740_993, 1]));
    close(value(MetricName::Accuracy, &["9007199254740992", "1"], &[huge]), 0.5);
    let codes = output("y", &[2], Elements::Text(vec!["7".into(), "07".into()]));
    close(value(MetricName::Accuracy, &["07", "07"], &[codes]), 0.5);
}

#[test]
fn a_row_of_many_scores_is_told_by_its_beginning() {
    let scores = output("p", &[1, 1_000], Elements::Real(vec![0.123_456_789; 1_000]));
    let fault = value(MetricName::LogLoss, &["0"], &[scores]).unwrap_err();
    assert!(fault.contains("no probabilities") && fault.len() < 200, "{fault}");
}

#[test]
fn identical_answers_prove_as_little_for_f1_and_auc_as_for_accuracy() {
    let truth: Vec<String> = (0..40).map(|i| (i % 2).to_string()).collect();
    let right: Vec<f64> = (0..40).map(|i| f64::from(i % 2) * 0.8 + 0.1).collect();
    for metric in [MetricName::F1, MetricName::RocAuc] {
        let found = bound(metric, &truth, &[right.clone(), right.clone()]);
        assert!((found + paired::least_width(40)).abs() < 1e-9, "{metric:?} {found}");
    }
}

#[test]
fn bounds_of_f1_cover_the_true_difference() {
    const ROWS: usize = 60;
    const TRIALS: u32 = 200;
    let mut noise = crate::validation::synthetic::SplitMix(7);
    let mut above = 0;
    for _trial in 0..TRIALS {
        let truth: Vec<f64> = (0..ROWS).map(|_| noise.below(2) as f64).collect();
        let mut answers = |percent_wrong: i64| -> Vec<f64> {
            let wrong = |t: &f64| if noise.below(100) < percent_wrong { 1.0 - t } else { *t };
            truth.iter().map(wrong).collect()
        };
        // With errors alike in both classes, F1 is the share that is right: .80 and .90.
        let versions = [answers(20), answers(10)];
        let labels: Vec<String> = truth.iter().map(f64::to_string).collect();
        above += u32::from(bound(MetricName::F1, &labels, &versions) > -0.1);
    }
    // 5 % by its level; three standard errors of the simulation more, and the bootstrap's own.
    assert!(f64::from(above) / f64::from(TRIALS) < 0.1, "{above} of {TRIALS} above the truth");
}

#[test]
fn paired_bounds_see_a_small_steady_loss_and_forgive_noise() {
    // Truth i mod 2; the incumbent is off by ±0.2, the candidate a little more or as much.
    let truth: Vec<String> = (0..400).map(|i| (i % 2).to_string()).collect();
    let off = |size: f64| -> Vec<f64> {
        (0..400).map(|i| f64::from(i % 2) + if i % 3 == 0 { size } else { -size }).collect()
    };
    for metric in [MetricName::Mae, MetricName::Rmse] {
        let worse = bound(metric, &truth, &[off(0.25), off(0.2)]);
        assert!((worse + 0.05).abs() < 0.005, "{metric:?} {worse}");
        let same = bound(metric, &truth, &[off(0.2), off(0.2)]);
        assert!(same.abs() < 1e-9, "{metric:?} {same}");
    }
    let separating = off(0.2);
    let blind: Vec<f64> = (0..400).map(|i| f64::from(i / 2 % 2)).collect();
    for metric in [MetricName::RocAuc, MetricName::F1] {
        let lost = bound(metric, &truth, &[blind.clone(), separating.clone()]);
        assert!((-0.65..-0.45).contains(&lost), "{metric:?} {lost}");
        assert!(bound(metric, &truth, &[separating.clone(), blind.clone()]) > 0.4);
    }
}
