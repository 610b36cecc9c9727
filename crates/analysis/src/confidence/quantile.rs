//! Where one arm's latency quantile lies.
//!
//! Owns its confidence sequence over bucket edges. At the largest edge below the quantile more than
//! q = 1 − quantile of the answers are slower, at the first edge from it on at most q. Each is a
//! rate against a fixed number, so one mixture a side judges all edges; exceedances fall from edge to
//! edge and the evidence with them, so the edges rejected lie together, and the error of each side is
//! that of one edge.

use super::{Interval, TUNED_UNITS};
use crate::counts::float;
use crate::latency::{Edges, Error};
use crate::level::Alpha;
use crate::mixture::BetaBinomial;

/// The tests of one quantile, made once.
#[derive(Debug, Clone, Copy)]
pub struct Quantile {
    /// Against P(slower) ≤ q.
    more: BetaBinomial,
    /// Against P(slower) ≥ q.
    fewer: BetaBinomial,
}

impl Quantile {
    /// Errors: [`Error::Quantile`].
    pub fn new(quantile: f64) -> Result<Self, Error> {
        if !(quantile > 0.0 && quantile < 1.0) {
            return Err(Error::Quantile(quantile));
        }
        let q = 1.0 - quantile;
        let v_opt = TUNED_UNITS * q * quantile;
        let one_sided = |g, h| BetaBinomial::one_sided(v_opt, (g, h), Alpha::USUAL);
        Ok(Self { more: one_sided(q, quantile), fewer: one_sided(quantile, q) })
    }

    /// The quantile of one arm's answers in microseconds, at level α on both sides together: above
    /// the lower end (0 where it may be below the first edge) and at most the upper one (∞ where it
    /// may be beyond the last edge). `None` for counts of other edges.
    pub fn interval(&self, edges: &Edges, arm: &[u64], alpha: Alpha) -> Option<Interval> {
        if arm.len() != edges.buckets() {
            return None;
        }
        let half = alpha.halved();
        let units: u64 = arm.iter().sum();
        let mut slower = units;
        let above: Vec<f64> = arm
            .iter()
            .take(edges.thresholds().len())
            .map(|count| {
                slower -= count;
                float(slower)
            })
            .collect();
        let within = |above: f64| float(units) - above;
        let more = |above: &f64| half.rejects(self.more.log_e_of(*above, within(*above)));
        let not_fewer = |above: &f64| !half.rejects(self.fewer.log_e_of(within(*above), *above));
        let micros = |index: usize| edges.thresholds().get(index).map(|edge| float(*edge));
        let lower = above.partition_point(more).checked_sub(1).and_then(micros);
        let upper = micros(above.partition_point(not_fewer));
        Some(Interval { lower: lower.unwrap_or(0.0), upper: upper.unwrap_or(f64::INFINITY) })
    }
}
