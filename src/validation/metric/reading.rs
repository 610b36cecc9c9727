//! Which of a model's outputs is its prediction.
//!
//! - The first discrete output (integers, texts, BOOL) with one element a row is the label.
//! - The first float output `[-1,C]` with C ≥ 2 is the scores of the classes, in the order of the
//!   sorted labels; without a label output the label is the highest score's class.
//! - A float output with one element a row is a value: a regression, or, where the holdout's labels
//!   are two classes, the score of the greater one (and the label, from one half up).

use super::super::answer::{Elements, Output};

#[derive(Debug, Clone, PartialEq, Default)]
pub(in super::super) struct Reading {
    pub(super) labels: Option<Vec<String>>,
    pub(super) scores: Option<Scores>,
    pub(super) values: Option<Vec<f64>>,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Scores {
    pub(super) columns: usize,
    /// Row-major.
    pub(super) values: Vec<f64>,
}

impl Reading {
    /// Reads the outputs of `rows` rows.
    pub(in super::super) fn of(outputs: &[Output], rows: usize) -> Result<Self, String> {
        let mut reading = Self::default();
        for output in outputs.iter().filter(|output| output.shape.first() == Some(&rows)) {
            let columns: usize = output.shape.iter().skip(1).product();
            match &output.elements {
                Elements::Whole(v) if columns == 1 && reading.labels.is_none() => {
                    reading.labels = Some(v.iter().map(i128::to_string).collect());
                }
                Elements::Text(v) if columns == 1 && reading.labels.is_none() => {
                    reading.labels = Some(v.iter().map(|text| canonical(text)).collect());
                }
                Elements::Real(v) if columns == 1 && reading.values.is_none() => {
                    reading.values = Some(v.clone());
                }
                Elements::Real(v)
                    if columns > 1 && output.shape.len() == 2 && reading.scores.is_none() =>
                {
                    reading.scores = Some(Scores { columns, values: v.clone() });
                }
                Elements::Whole(_) | Elements::Text(_) | Elements::Real(_) => {}
            }
        }
        if reading == Self::default() {
            let found: Vec<String> = outputs
                .iter()
                .map(|output| format!("{:?} {}", output.name, output.describe()))
                .collect();
            return Err(format!(
                "no output is a label, scores or a value a row: {rows} rows gave {}",
                found.join(", ")
            ));
        }
        Ok(reading)
    }
}

/// One text for what is one label: `3` and `3.0`, `true` as `1`. Whole numbers are kept digit by
/// digit, and a text with a leading zero is a code and no number: `07` is not `7`.
pub(super) fn canonical(label: &str) -> String {
    let label = label.trim();
    match label {
        "true" | "True" => return "1".to_owned(),
        "false" | "False" => return "0".to_owned(),
        _ => {}
    }
    if is_code(label) {
        return label.to_owned();
    }
    if let Ok(whole) = label.parse::<i128>() {
        return whole.to_string();
    }
    match label.parse::<f64>() {
        Ok(number) if number.is_finite() => {
            // Adding zero turns −0 into 0.
            (number + 0.0).to_string()
        }
        Ok(_) | Err(_) => label.to_owned(),
    }
}

fn is_code(label: &str) -> bool {
    let digits = label.trim_start_matches(['-', '+']);
    let after = digits.strip_prefix('0').and_then(|rest| rest.chars().next());
    after.is_some_and(|next| next.is_ascii_digit())
}
