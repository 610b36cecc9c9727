//! Agreement by class: equal labels, or equal arg-max of each row of scores.

use super::is_float;
use crate::tensor::Tensor;

/// Whether the output can be read as rows of scores: its last dimension tells classes apart. The
/// first tells requests apart, so that one alone holds a number for each and no class.
pub(super) fn has_scores(output: &Tensor) -> bool {
    matches!(output.shape.as_slice(), [_, .., classes] if *classes > 1)
}

/// Both tensors have one shape and one type.
pub(super) fn agree(incumbent: &Tensor, candidate: &Tensor) -> bool {
    if !is_float(incumbent) {
        return incumbent.data == candidate.data;
    }
    winners(incumbent) == winners(candidate)
}

/// Each row's highest score; the first of equals, and NaN only where nothing else is.
fn winners(output: &Tensor) -> Vec<usize> {
    let classes = output.shape.last().copied().unwrap_or(1).max(1);
    let scores = output.data.to_f64().unwrap_or_default();
    scores.chunks(classes).map(arg_max).collect()
}

pub(super) fn arg_max(row: &[f64]) -> usize {
    let mut best = (0, f64::NAN);
    for (index, score) in row.iter().enumerate() {
        if *score > best.1 || (best.1.is_nan() && !score.is_nan()) {
            best = (index, *score);
        }
    }
    best.0
}
