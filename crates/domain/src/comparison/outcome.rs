//! What one answer says: its class, or the bucket its score falls in.
//!
//! Owns that an answer is one outcome, whatever it holds: of a batch the first row, of several
//! outputs the first that can be read so. A unit counts once.

use super::class::{arg_max, has_scores};
use super::{Reading, chosen, is_float};
use crate::plan::DriftBy;
use crate::tensor::{Tensor, TensorData};

/// What stands for an answer without an output that could be read so.
const NONE: &str = "(none)";
/// Elements of a row that are read, and those of a label that are told apart.
const SCORES_MAX: usize = 65_536;
const LABEL_MAX: usize = 16;
/// Characters of a label.
const CHARS_MAX: usize = 64;

/// The answer's outcome, by the output of this name (`*`: the first that can be read so). By class:
/// a discrete output's value, or the number of the class with the highest score. By score: the
/// bucket between edges of the output's number, or of its highest score.
#[must_use]
pub fn outcome(output: &str, by: &DriftBy, answer: &[Tensor]) -> String {
    let reading = match by {
        DriftBy::Class => Reading::Classes,
        DriftBy::Score { .. } => Reading::Numbers,
    };
    let Some(output) = chosen(output, reading, answer).into_iter().next() else {
        return NONE.to_owned();
    };
    let told = match by {
        DriftBy::Class if !is_float(output) => label(output),
        DriftBy::Class => scores(output).map(|scores| arg_max(&scores).to_string()),
        DriftBy::Score { edges } => score(output).map(|score| bucket(edges, score)),
    };
    told.unwrap_or_else(|| NONE.to_owned())
}

/// Whether an outcome by class is this one: the number of the class, or of yes (1) and no (0).
#[must_use]
pub fn is_class(outcome: &str, class: f64) -> bool {
    let truth = match outcome {
        "true" => Some(1.0_f64),
        "false" => Some(0.0),
        _ => None,
    };
    outcome == class.to_string() || truth.is_some_and(|truth| truth.total_cmp(&class).is_eq())
}

/// The elements of the first row.
fn first_row(output: &Tensor, most: usize) -> TensorData {
    let width: usize = output.shape.iter().skip(1).product();
    output.data.head(width.clamp(1, most))
}

/// The first row's scores, one for each class. None of what holds no number.
fn scores(output: &Tensor) -> Option<Vec<f64>> {
    let classes = output.shape.last().copied().unwrap_or(1).clamp(1, SCORES_MAX);
    output.data.head(classes).to_f64().filter(|scores| !scores.is_empty())
}

fn score(output: &Tensor) -> Option<f64> {
    let scores = if has_scores(output) { scores(output) } else { first_row(output, 1).to_f64() };
    scores?.into_iter().reduce(f64::max)
}

fn label(output: &Tensor) -> Option<String> {
    let parts: Vec<String> = match first_row(output, LABEL_MAX) {
        TensorData::Bytes(texts) => {
            texts.iter().map(|text| String::from_utf8_lossy(text).into_owned()).collect()
        }
        TensorData::Uint64(v) => v.iter().map(u64::to_string).collect(),
        TensorData::Int64(v) => v.iter().map(i64::to_string).collect(),
        TensorData::Bool(v) => v.iter().map(bool::to_string).collect(),
        other @ (TensorData::Uint8(_)
        | TensorData::Uint16(_)
        | TensorData::Uint32(_)
        | TensorData::Int8(_)
        | TensorData::Int16(_)
        | TensorData::Int32(_)
        | TensorData::Fp16(_)
        | TensorData::Fp32(_)
        | TensorData::Fp64(_)) => {
            other.to_f64().unwrap_or_default().iter().map(f64::to_string).collect()
        }
    };
    (!parts.is_empty()).then(|| parts.join(",").chars().take(CHARS_MAX).collect())
}

/// The bucket's name: it holds what is above its lower edge, up to its upper one.
fn bucket(edges: &[f64], score: f64) -> String {
    let index = edges.partition_point(|edge| *edge < score);
    let low = index.checked_sub(1).and_then(|before| edges.get(before));
    let shown = |edge: Option<&f64>| edge.map(f64::to_string).unwrap_or_default();
    format!("{}..{}", shown(low), shown(edges.get(index)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tensor(name: &str, shape: &[usize], data: TensorData) -> Tensor {
        Tensor::new(name.to_owned(), shape.to_vec(), data).unwrap()
    }

    fn ints(values: &[i64]) -> Tensor {
        tensor("label", &[values.len()], TensorData::Int64(values.to_vec()))
    }

    fn floats(shape: &[usize], values: &[f32]) -> Tensor {
        tensor("score", shape, TensorData::Fp32(values.to_vec()))
    }

    #[test]
    fn a_class_is_the_label_or_the_highest_score_of_the_first_row() {
        let scores = floats(&[2, 3], &[0.1, 0.2, 0.7, 0.9, 0.1, 0.0]);
        let both = [scores.clone(), ints(&[7, 8])];
        assert_eq!(outcome("*", &DriftBy::Class, &both), "7", "labels come before scores");
        assert_eq!(outcome("score", &DriftBy::Class, &both), "2");
        assert_eq!(outcome("*", &DriftBy::Class, &[scores]), "2");
        let text = tensor("label", &[1], TensorData::Bytes(vec![b"cat".to_vec()]));
        assert_eq!(outcome("*", &DriftBy::Class, &[text]), "cat");
        let flags = tensor("label", &[1, 2], TensorData::Bool(vec![true, false]));
        assert_eq!(outcome("*", &DriftBy::Class, &[flags]), "true,false");
    }

    #[test]
    fn a_score_falls_between_edges_with_the_upper_one_included() {
        let by = DriftBy::Score { edges: vec![-1.0, 0.5] };
        let of = |score: f32| outcome("*", &by, &[floats(&[1], &[score])]);
        assert_eq!([of(-1.0), of(0.0), of(0.5), of(0.6)], ["..-1", "-1..0.5", "-1..0.5", "0.5.."]);
        let sure = floats(&[1, 2], &[0.1, 0.9]);
        assert_eq!(outcome("*", &by, &[sure]), "0.5..", "the highest of a row of scores");
        assert_eq!(outcome("label", &by, &[ints(&[3])]), "0.5..");
    }

    #[test]
    fn an_answer_that_cannot_be_read_so_is_an_outcome_of_its_own() {
        let price = [floats(&[1, 1], &[3.0])];
        assert_eq!(outcome("*", &DriftBy::Class, &price), NONE);
        assert_eq!(outcome("other", &DriftBy::Class, &[ints(&[1])]), NONE);
        let by = DriftBy::Score { edges: vec![0.5] };
        assert_eq!(outcome("*", &by, &[ints(&[1])]), NONE);
        assert_eq!(outcome("*", &by, &[floats(&[0], &[])]), NONE);
    }
}
