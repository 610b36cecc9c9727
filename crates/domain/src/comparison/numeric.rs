//! Agreement of numbers within tolerances, the incumbent being the reference.

use crate::tensor::Tensor;

/// |a − b| ≤ atol + rtol·|b|, elementwise.
#[derive(Debug, Clone, Copy)]
pub(super) struct Tolerance {
    pub(super) rtol: f64,
    pub(super) atol: f64,
}

impl Tolerance {
    /// Both tensors have one shape and one type. Text has no tolerance: it must be equal.
    pub(super) fn agree(self, incumbent: &Tensor, candidate: &Tensor) -> bool {
        match (incumbent.data.to_f64(), candidate.data.to_f64()) {
            (Some(reference), Some(other)) => {
                reference.iter().zip(&other).all(|(b, a)| self.near(*a, *b))
            }
            (None, _) | (_, None) => incumbent.data == candidate.data,
        }
    }

    fn near(self, a: f64, b: f64) -> bool {
        if a.is_nan() || b.is_nan() {
            return a.is_nan() && b.is_nan();
        }
        if a.is_infinite() || b.is_infinite() {
            return a.is_infinite() && b.is_infinite() && a.signum() == b.signum();
        }
        (a - b).abs() <= self.atol + self.rtol * b.abs()
    }
}
