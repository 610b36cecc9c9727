//! How far the whole empirical distribution may be from the true one, at all times.
//!
//! Owns A·√((log(1 + log(t/t₀)) + C)/t), with the smallest C for which
//! min over η of 4·exp(−γ²C)·(1 + 1/((γ² − 1)·log η)) is at most α, where
//! γ² = 2/η·(A − √(2(η − 1)/C))² > 1 (Howard & Ramdas, Bernoulli 28, 2022, theorem 2).

use super::{Error, above};
use crate::level::Alpha;

/// Halvings until neither end of an interval of ordinary numbers moves.
const HALVINGS: u32 = 100;
/// Where C is looked for: beyond, α is below any that a test is made for.
const C_MAX: f64 = 10_000.0;

/// A bound on the largest difference of the two distribution functions.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct EmpiricalProcess {
    units_min: f64,
    a: f64,
    c: f64,
}

impl EmpiricalProcess {
    /// Begins at `units_min` > 0 units; `a` > 1/√2 is the factor before the root, usually .85. Errors:
    /// [`Error`].
    pub fn new(units_min: f64, a: f64, alpha: Alpha) -> Result<Self, Error> {
        let units_min = above(0.0, "units_min", units_min, "above 0")?;
        let a = above(std::f64::consts::FRAC_1_SQRT_2, "a", a, "above 1/√2")?;
        let (mut low, mut high) = (0.0, C_MAX);
        for _ in 0..HALVINGS {
            let middle = 0.5 * (low + high);
            if least_error(a, middle) > alpha.get() { low = middle } else { high = middle }
        }
        Ok(Self { units_min, a, c: high })
    }

    /// The largest difference after so many units that is not exceeded at any time, but with probability
    /// α; ∞ before the first.
    pub fn bound(&self, units: f64) -> f64 {
        if units < self.units_min {
            return f64::INFINITY;
        }
        let epochs = (units / self.units_min).ln().ln_1p();
        self.a * ((epochs + self.c) / units).sqrt()
    }
}

/// The error of C with the best growth of epochs: it falls and rises between the η at which one of its
/// two factors has no end.
fn least_error(a: f64, c: f64) -> f64 {
    let gamma_squared = |eta: f64| {
        let left = a - (2.0 * (eta - 1.0) / c).sqrt();
        if left > 0.0 { 2.0 / eta * left * left } else { 0.0 }
    };
    let (mut inside, mut outside) = (1.0, 2.0 * a * a);
    for _ in 0..HALVINGS {
        let middle = 0.5 * (inside + outside);
        if gamma_squared(middle) > 1.0 { inside = middle } else { outside = middle }
    }
    let error = |eta: f64| {
        let gamma_squared = gamma_squared(eta);
        if gamma_squared <= 1.0 || eta <= 1.0 {
            return f64::INFINITY;
        }
        4.0 * (-gamma_squared * c).exp() * (1.0 + 1.0 / ((gamma_squared - 1.0) * eta.ln()))
    };
    let (mut low, mut high) = (1.0, inside);
    for _ in 0..HALVINGS {
        let third = (high - low) / 3.0;
        let (left, right) = (low + third, high - third);
        if error(left) < error(right) { high = right } else { low = left }
    }
    error(0.5 * (low + high))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_no_bound_before_it_begins_and_narrows_afterwards() {
        let bound = EmpiricalProcess::new(32.0, 0.85, Alpha::USUAL).unwrap();
        assert!(bound.bound(31.0).is_infinite());
        assert!(bound.bound(32.0) > bound.bound(1_000.0));
        let stricter = EmpiricalProcess::new(32.0, 0.85, Alpha::new(0.001).unwrap()).unwrap();
        assert!(stricter.bound(100.0) > bound.bound(100.0));
        assert_eq!(EmpiricalProcess::new(32.0, 0.7, Alpha::USUAL).unwrap_err().name, "a");
    }
}
