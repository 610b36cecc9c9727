//! Units that a test of one planned look needs: what is paid for being allowed to look at any time.

use seatrial_analysis::normal;

const POWER: f64 = 0.9;

/// The quantiles of the level and of the power.
pub(super) fn quantiles(alpha: f64) -> (f64, f64) {
    (normal::quantile(1.0 - alpha), normal::quantile(POWER))
}

/// The one-sided test of two rates with pooled variance, p₁ the candidate's, over both arms.
pub(super) fn rates(pi: f64, (p1, p0): (f64, f64), alpha: f64) -> Option<f64> {
    let (level, power) = quantiles(alpha);
    let both = pi * p1 + (1.0 - pi) * p0;
    let under_null = (both * (1.0 - both) * (1.0 / pi + 1.0 / (1.0 - pi))).sqrt();
    let under_truth = (p1 * (1.0 - p1) / pi + p0 * (1.0 - p0) / (1.0 - pi)).sqrt();
    (p1 > p0).then(|| ((level * under_null + power * under_truth) / (p1 - p0)).powi(2))
}

/// The one-sided test of a difference of means, `gap` away from what is tested, with these variances of
/// a unit's: the candidate's and the incumbent's.
pub(super) fn means(pi: f64, gap: f64, variances: (f64, f64), alpha: f64) -> Option<f64> {
    let (level, power) = quantiles(alpha);
    let variance = variances.0 / pi + variances.1 / (1.0 - pi);
    (gap > 0.0).then(|| (level + power).powi(2) * variance / (gap * gap))
}

/// The one-sided test of one proportion `p` against `null`, on whichever side of it; in its own units.
pub(super) fn proportion(p: f64, null: f64, alpha: f64) -> Option<f64> {
    let (level, power) = quantiles(alpha);
    let (gap, sd) = ((p - null).abs(), |p: f64| (p * (1.0 - p)).sqrt());
    (gap > 1e-12).then(|| ((level * sd(null) + power * sd(p)) / gap).powi(2))
}

/// Mann and Whitney's test by Noether's formula (JASA 82, 1987), from the probability that a
/// candidate's outcome is worse than an incumbent's.
pub(super) fn ranks(pi: f64, worse: f64, alpha: f64) -> Option<f64> {
    let (level, power) = quantiles(alpha);
    let gap = worse - 0.5;
    (gap > 1e-9).then(|| (level + power).powi(2) / (12.0 * pi * (1.0 - pi) * gap * gap))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Twice (z.₉₅ + z.₉)² = 17.1 of a unit's variance over the gap's square, in each arm.
    #[test]
    fn means_need_what_the_textbook_says() {
        let units = means(0.5, 0.5, (1.0, 1.0), 0.05).unwrap();
        assert!((units / 2.0 - 68.5).abs() < 0.1, "{units}");
        assert_eq!(means(0.5, 0.0, (1.0, 1.0), 0.05), None);
    }

    #[test]
    fn the_published_horizon_is_found() {
        let units = rates(0.01, (0.01, 0.005), 0.05).unwrap();
        assert!((units / 240_132.0 - 1.0).abs() < 0.02, "{units}");
        assert_eq!(rates(0.01, (0.005, 0.005), 0.05), None);
        assert_eq!(ranks(0.5, 0.5, 0.05), None);
    }
}
