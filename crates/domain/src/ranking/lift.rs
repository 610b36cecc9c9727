//! Estimates of a ratio and of a difference of two rates, each with a lower bound.
//!
//! A ratio: log of Walter's estimate with ½ added everywhere, and its delta-method error (Walter,
//! "The distribution of Levin's measure of attributable risk", Biometrika 1975). A difference: one
//! success and one failure added to each arm (Agresti & Caffo, "Simple and effective confidence
//! intervals for proportions and differences of proportions", The American Statistician 2000). Both
//! stay finite where nothing, or everything, is bad.

use crate::verdict::Counts;

/// Φ⁻¹(0.975).
const Z: f64 = 1.959_963_984_540_054;

#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Bound {
    pub(super) estimate: f64,
    pub(super) lower: f64,
}

/// The first rate as a multiple of the second; each is (bad, total).
pub(super) fn ratio(one: (u64, u64), other: (u64, u64)) -> Bound {
    let half = |count: u64| float(count) + 0.5;
    let log = |(bad, total): (u64, u64)| half(bad).ln() - half(total).ln();
    let variance = |(bad, total): (u64, u64)| half(bad).recip() - half(total).recip();
    let estimate = log(one) - log(other);
    let error = (variance(one) + variance(other)).max(0.0).sqrt();
    Bound { estimate: estimate.exp(), lower: (estimate - Z * error).exp() }
}

/// The candidate's rate less the incumbent's; none where an arm has no unit.
pub(super) fn difference(counts: &Counts) -> Option<Bound> {
    let Counts { candidate_bad, candidate_total, incumbent_bad, incumbent_total } = *counts;
    if candidate_total == 0 || incumbent_total == 0 {
        return None;
    }
    let smoothed = |bad: u64, total: u64| {
        let total = float(total) + 2.0;
        let rate = (float(bad) + 1.0) / total;
        (rate, rate * (1.0 - rate).max(0.0) / total)
    };
    let (candidate, of_candidate) = smoothed(candidate_bad, candidate_total);
    let (incumbent, of_incumbent) = smoothed(incumbent_bad, incumbent_total);
    let estimate = rate(candidate_bad, candidate_total) - rate(incumbent_bad, incumbent_total);
    let lower = candidate - incumbent - Z * (of_candidate + of_incumbent).sqrt();
    Some(Bound { estimate, lower: lower.max(-1.0) })
}

/// Bad of all; nothing is bad of nothing.
pub(super) fn rate(bad: u64, total: u64) -> f64 {
    if total == 0 { 0.0 } else { float(bad) / float(total) }
}

#[expect(clippy::cast_precision_loss, reason = "counts are far below 2^53")]
const fn float(count: u64) -> f64 {
    count as f64
}
