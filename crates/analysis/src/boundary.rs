//! Curves that a random walk, or a distribution function, stays below at all times.
//!
//! Owns stitched boundaries (Howard, Ramdas, McAuliffe & Sekhon, "Time-uniform, nonparametric,
//! nonasymptotic confidence sequences", Annals of Statistics 49, 2021) and those of Howard & Ramdas,
//! "Sequential estimation of quantiles with applications to A/B testing and best-arm identification"
//! (Bernoulli 28, 2022). A mixture is tighter near the one variance it is tuned to; these grow at the
//! rate of the iterated logarithm, for which nothing has to be chosen well.
//!
//! No check of a policy rests on them: its intervals are those of [`mixture`](crate::mixture) and of
//! bets. They complete the family, for who counts without end.

mod empirical;
mod stitching;

pub use empirical::EmpiricalProcess;
pub use stitching::{DoubleStitching, PolyStitching};

/// A boundary that its parameters don't make.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
#[error("{name} is {value}, not {range}")]
pub struct Error {
    /// Which parameter.
    pub name: &'static str,
    /// What was given.
    pub value: f64,
    /// What it must be.
    pub range: &'static str,
}

/// Errors: [`Error`] unless `value` is above `least`, and finite.
fn above(least: f64, name: &'static str, value: f64, range: &'static str) -> Result<f64, Error> {
    let inside = value > least && value.is_finite();
    if inside { Ok(value) } else { Err(Error { name, value, range }) }
}
