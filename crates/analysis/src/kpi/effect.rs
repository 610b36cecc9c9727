//! How large is the difference of means?
//!
//! Owns what is shown of it. Of a [gate](crate::gate) it is what the pass rests on: the same average over
//! all units, with the same error, so that an interval clear of an absolute margin is never beside a check
//! that waits. Of several gates, whose units together are nobody's, it is the average with the least error:
//! that is what a fail is told by, which says that the candidate is worse somewhere.

use super::everybody::{Contrast, TUNED_VARIANCE, measured};
use super::summary::{Summary, balanced_units};
use crate::confidence::Interval;
use crate::counts::Stratum;
use crate::level::Alpha;
use crate::mixture::TwoSidedNormal;

/// Both arms' winsorised means, and how they differ.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Effect {
    /// The candidate's mean, over strata in which both are known.
    pub candidate: f64,
    /// The incumbent's mean with the strata weighed alike: the difference of the two is a weighted
    /// average of the strata's differences.
    pub incumbent: f64,
    /// The standard error of their difference: a bound made of it holds at one fixed time alone.
    pub error: f64,
    /// Confidence sequence of the difference, candidate − incumbent; none before the burn-in.
    pub difference: Option<Interval>,
}

/// That of all units of a gate, at level α on both sides together: the strata averaged by the incumbent's
/// units, each at the ends of `range` where it is not known. Before the burn-in, those with both arms.
pub(super) fn of_gate(
    strata: &[Stratum<Summary>],
    range: (f64, f64),
    alpha: Alpha,
) -> Option<Effect> {
    let Some(known) = measured(strata) else {
        let weight = |it: &Summary| if it.candidate.units > 0.0 { it.incumbent.units } else { 0.0 };
        return means(strata.iter().map(|it| (weight(&it.counts), it.counts)));
    };
    let end = |contrast: Contrast| {
        let all = contrast.everybody(strata, range)?;
        Some(all.mean() - bound(all.balanced_units, alpha) * all.error_of_one())
    };
    let [lower, below] = [1.0, -1.0].map(|sign| end(Contrast::difference(sign)));
    let difference = lower.zip(below).map(|(lower, below)| Interval { lower, upper: -below });
    let means = means(known.iter().map(|it| (it.counts.incumbent.units, it.counts)))?;
    Some(Effect { difference, ..means })
}

/// That of strata of any gates, at level α on both sides together: the values d for which |Σ slope·(X − d)|
/// stays within the bound, slope = √(w²·n)/se, hence centred on the strata's differences averaged by their
/// slopes. What is not known is left out. Before the burn-in, the average by candidate units.
pub(super) fn over_gates(strata: &[Stratum<Summary>], alpha: Alpha) -> Option<Effect> {
    let Some(known) = measured(strata) else {
        let weight = |it: &Summary| if it.incumbent.units > 0.0 { it.candidate.units } else { 0.0 };
        return means(strata.iter().map(|it| (weight(&it.counts), it.counts)));
    };
    let slope = |stratum: &Stratum<Summary>| {
        let Summary { candidate, incumbent } = stratum.counts;
        let squared_error =
            candidate.variance / candidate.units + incumbent.variance / incumbent.units;
        (balanced_units(stratum) / squared_error).sqrt()
    };
    let weighed: Vec<_> = known.iter().map(|it| (slope(it), it.counts)).collect();
    let slopes: f64 = weighed.iter().map(|(slope, _)| slope).sum();
    let v: f64 = known.iter().map(|it| balanced_units(it)).sum();
    let means = means(weighed.into_iter())?;
    let (centre, radius) = (means.candidate - means.incumbent, v.sqrt() * bound(v, alpha) / slopes);
    let difference = Some(Interval { lower: centre - radius, upper: centre + radius });
    Some(Effect { difference, ..means })
}

/// The two-sided bound on s at v, in units of √v.
fn bound(v: f64, alpha: Alpha) -> f64 {
    TwoSidedNormal::new(TUNED_VARIANCE, Alpha::USUAL).bound(v, alpha) / v.sqrt()
}

/// Averages over strata, and the standard error of their difference.
fn means(weighed: impl Iterator<Item = (f64, Summary)>) -> Option<Effect> {
    let (mut total, mut candidate, mut incumbent, mut squared_error) = (0.0, 0.0, 0.0, 0.0);
    for (weight, summary) in weighed.filter(|(weight, _)| *weight > 0.0) {
        let Summary { candidate: one, incumbent: other } = summary;
        total += weight;
        candidate += weight * one.mean;
        incumbent += weight * other.mean;
        squared_error +=
            weight * weight * (one.variance / one.units + other.variance / other.units);
    }
    let average = |sum: f64| sum / total;
    (total > 0.0).then(|| Effect {
        candidate: average(candidate),
        incumbent: average(incumbent),
        error: average(squared_error.sqrt()),
        difference: None,
    })
}

#[cfg(test)]
mod tests {
    use super::super::summary::Arm;
    use super::*;

    /// Of one stratum both averages are its own difference, and so is how far it may be off at this level.
    #[test]
    fn one_stratum_is_told_alike_as_a_gate_and_as_all_gates() {
        let arm = |units: f64, mean: f64| Arm { units, varied: units / 2.0, mean, variance: 40.0 };
        let counts = Summary { candidate: arm(4_000.0, 7.0), incumbent: arm(12_000.0, 9.0) };
        let strata = [Stratum::new(0.25, counts).unwrap()];
        let error = (40.0_f64 / 4_000.0 + 40.0 / 12_000.0).sqrt();
        let v = 4.0 * 0.25 * 0.75 * 16_000.0;
        for level in [0.05, 0.002] {
            let alpha = Alpha::new(level).unwrap();
            let radius = error * TwoSidedNormal::new(TUNED_VARIANCE, Alpha::USUAL).bound(v, alpha)
                / f64::sqrt(v);
            let of_gate = of_gate(&strata, (0.0, 30.0), alpha).unwrap();
            let over_gates = over_gates(&strata, alpha).unwrap();
            for effect in [of_gate, over_gates] {
                let Interval { lower, upper } = effect.difference.unwrap();
                assert!((lower + 2.0 + radius).abs() < 1e-9, "{level}: {effect:?} {radius}");
                assert!((upper + 2.0 - radius).abs() < 1e-9, "{level}: {effect:?} {radius}");
            }
        }
    }

    /// A gate is averaged by the incumbent's units and several gates by the candidate's, those with both arms.
    #[test]
    fn before_the_burn_in_strata_weigh_by_their_units() {
        let arm = |units: f64, mean: f64| Arm { units, varied: units / 2.0, mean, variance: 40.0 };
        let of = |candidate, incumbent| {
            let counts = Summary { candidate: arm(candidate, 7.0 + candidate), incumbent };
            Stratum::new(0.25, counts).unwrap()
        };
        let strata =
            [of(200.0, arm(3_000.0, 9.0)), of(300.0, arm(500.0, 9.0)), of(90.0, arm(0.0, 0.0))];
        let gate = of_gate(&strata, (0.0, 30.0), Alpha::USUAL).unwrap();
        let gates = over_gates(&strata, Alpha::USUAL).unwrap();
        assert!((gate.candidate - (6.0 * 207.0 + 307.0) / 7.0).abs() < 1e-9, "{gate:?}");
        assert!((gates.candidate - (2.0 * 207.0 + 3.0 * 307.0) / 5.0).abs() < 1e-9, "{gates:?}");
        assert_eq!((gate.difference, gates.difference), (None, None));
    }
}
