//! The laws of both arms' latencies.

use super::QUANTILE;
use crate::calibrate::cell::{Cell, Error, Shape, Traffic};
use crate::calibrate::timeline::kinds;
use crate::distribution::Law;

/// Where a tail begins that an effect stretches.
const TAIL: f64 = 0.95;

/// An arm's latency: a law, of which what is above a point may be stretched.
#[derive(Debug, Clone)]
pub(super) struct Truth {
    law: Law,
    above: f64,
    stretch: f64,
}

impl Truth {
    pub(super) fn cdf(&self, x: f64) -> f64 {
        let within = if x > self.above { self.above + (x - self.above) / self.stretch } else { x };
        self.law.cdf(within)
    }
}

/// The candidate's and the incumbent's laws, in microseconds.
pub(super) fn truths(cell: &Cell) -> Result<(Truth, Truth), Error> {
    let base = 1_000.0 * cell.base;
    let around = |median: f64, sigma: f64| Law::LogNormal { median, sigma };
    let pause = Law::Gamma { mean: 5.0 * base, shape: 2.0 };
    let law = match cell.shape {
        Shape::LogNormal
        | Shape::Tail
        | Shape::Normal
        | Shape::Exponential
        | Shape::ZeroInflated => around(base, 0.5),
        Shape::Gamma => Law::Gamma { mean: 1.191_6 * base, shape: 2.0 },
        Shape::Bimodal => {
            Law::Mixture(vec![(0.7, around(base, 0.5)), (0.3, around(5.0 * base, 0.5))])
        }
        Shape::Peaks => {
            Law::Mixture(vec![(0.7, around(base, 0.25)), (0.3, around(5.0 * base, 0.25))])
        }
        Shape::Pauses => Law::Mixture(vec![
            (0.98, around(base, 0.3)),
            (0.02, Law::Shifted { by: 5.0 * base, law: Box::new(pause) }),
        ]),
        Shape::Cached => {
            Law::Mixture(vec![(0.6, around(base / 20.0, 0.2)), (0.4, around(base, 0.5))])
        }
        Shape::Tiers => Law::Mixture(vec![
            (0.5, around(base, 0.2)),
            (0.3, around(2.0 * base, 0.3)),
            (0.2, around(8.0 * base, 0.4)),
        ]),
    }
    .checked()?;
    let plain = |law: Law| Truth { law, above: f64::INFINITY, stretch: 1.0 };
    let candidate = match cell.shape {
        Shape::LogNormal
        | Shape::Gamma
        | Shape::Bimodal
        | Shape::Peaks
        | Shape::Pauses
        | Shape::Cached
        | Shape::Tiers
        | Shape::Normal
        | Shape::Exponential
        | Shape::ZeroInflated => plain(law.scaled(cell.effect)),
        Shape::Tail => {
            let (above, quantile) = (law.quantile(TAIL), law.quantile(QUANTILE));
            let stretch = 1.0 + (cell.effect - 1.0) * quantile / (quantile - above);
            Truth { law: law.clone(), above, stretch }
        }
    };
    Ok((candidate, plain(law)))
}

/// The quantile of all the incumbent's answers together, microseconds. Where the base changes with time it is
/// that of the base itself.
pub(super) fn of_everybody(cell: &Cell) -> Result<f64, Error> {
    let (_, incumbent) = truths(cell)?;
    let law = match cell.traffic {
        Traffic::Users | Traffic::Returning => {
            let kinds = kinds(cell.traffic);
            Law::Mixture(kinds.map(|(part, level)| (part, incumbent.law.scaled(level))).to_vec())
        }
        Traffic::Constant | Traffic::Ramp | Traffic::Diurnal | Traffic::Bursty => incumbent.law,
    };
    Ok(law.checked()?.quantile(QUANTILE))
}
