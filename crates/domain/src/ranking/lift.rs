//! Estimates of a ratio and of a difference of two rates, each with a lower bound.
//!
//! A ratio: log of Walter's estimate with ½ added everywhere, and its delta-method error (Walter,
//! "The distribution of Levin's measure of attributable risk", Biometrika 1975). A difference: one
//! success and one failure added to each arm (Agresti & Caffo, "Simple and effective confidence
//! intervals for proportions and differences of proportions", The American Statistician 2000). Both
//! stay finite where nothing, or everything, is bad.

use crate::mix::{self, By, float};
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

/// A difference of means with this standard error, of units enough to be normal.
pub(super) fn normal(estimate: f64, error: f64) -> Bound {
    Bound { estimate, lower: estimate - Z * error }
}

/// Both arms' rates of bad outcomes over the strata that both have units in, and how far apart they
/// are.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Apart {
    pub(super) candidate: f64,
    pub(super) incumbent: f64,
    pub(super) bound: Bound,
}

/// The candidate's rate less the incumbent's, for as many units in each stratum; none where none has
/// units of both.
pub(super) fn difference(strata: &[Counts]) -> Option<Apart> {
    let parts = mix::parts(strata, By::Candidate)?;
    let (candidate, incumbent) = mix::rates(strata, By::Candidate);
    let (candidate, incumbent) = (candidate?, incumbent?);
    // So many units in one stratum would tell an arm's rate as well (Kish, "Survey Sampling", 1965).
    let units = |of: fn(&Counts) -> u64| {
        let each = parts.iter().zip(strata).filter(|(part, _)| **part > 0.0);
        each.map(|(part, it)| part * part / float(of(it))).sum::<f64>().recip()
    };
    let smoothed = |rate: f64, units: f64| {
        let rate = (rate * units + 1.0) / (units + 2.0);
        (rate, rate * (1.0 - rate).max(0.0) / (units + 2.0))
    };
    let (more, of_candidate) = smoothed(candidate, units(|it| it.candidate_total));
    let (less, of_incumbent) = smoothed(incumbent, units(|it| it.incumbent_total));
    let lower = more - less - Z * (of_candidate + of_incumbent).sqrt();
    let bound = Bound { estimate: candidate - incumbent, lower: lower.max(-1.0) };
    Some(Apart { candidate, incumbent, bound })
}
