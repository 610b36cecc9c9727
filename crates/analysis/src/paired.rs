//! One-sided lower bounds for paired comparisons on a holdout.
//!
//! Owns the fixed-sample question of validation: candidate and incumbent answered the same rows, how
//! much worse may the candidate be? A metric passes iff the 95 % lower bound of (candidate −
//! incumbent) is above −maxDrop. These are looked at once; they are not e-values and must not be
//! used on live traffic.

use crate::counts::float;
use crate::normal;

const CONFIDENCE: f64 = 0.95;

/// Right and wrong answers of two versions on the same rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Discordance {
    /// All rows both versions answered.
    pub pairs: u64,
    /// Rows only the candidate got right.
    pub candidate_only: u64,
    /// Rows only the incumbent got right.
    pub incumbent_only: u64,
}

impl Discordance {
    /// The difference of accuracies, candidate − incumbent. `None` without pairs.
    pub fn difference(&self) -> Option<f64> {
        (self.pairs > 0)
            .then(|| (float(self.candidate_only) - float(self.incumbent_only)) / float(self.pairs))
    }

    /// One-sided 95 % lower bound of the difference of accuracies: the smallest Δ that Tango's score
    /// test does not reject (Tango, "Equivalence test and confidence interval for the difference in
    /// proportions for the paired-sample design", Statistics in Medicine 17, 1998). Unlike the Wald
    /// bound it does not collapse to zero width when the versions never disagree. `None` without
    /// pairs, or with more discordant rows than pairs.
    pub fn lower_bound(&self) -> Option<f64> {
        let discordant = self.candidate_only.checked_add(self.incumbent_only)?;
        if discordant > self.pairs {
            return None;
        }
        let z = normal::quantile(CONFIDENCE);
        let (mut low, mut high) = (-1.0, self.difference()?);
        for _ in 0..64 {
            let middle = 0.5 * (low + high);
            if self.score(middle) > z {
                low = middle;
            } else {
                high = middle;
            }
        }
        Some(low)
    }

    /// Tango's score statistic for the null "difference = delta", decreasing in delta.
    fn score(&self, delta: f64) -> f64 {
        let (n, wins, losses) =
            (float(self.pairs), float(self.candidate_only), float(self.incumbent_only));
        let a = 2.0 * n;
        let b = -wins - losses + (2.0 * n - wins + losses) * delta;
        let c = -losses * delta * (1.0 - delta);
        let losses_rate = ((b * b - 4.0 * a * c).max(0.0).sqrt() - b) / (2.0 * a);
        let variance = n * (2.0 * losses_rate + delta * (1.0 - delta));
        (wins - losses - n * delta) / variance.max(f64::MIN_POSITIVE).sqrt()
    }
}

/// How far below an observed difference of shares its 95 % lower bound lies at least: −Tango's bound
/// for `pairs` rows without a discordant one, z²/(n + z²). Rows that never disagree prove no more,
/// whatever share is computed from them. In (0, 1].
pub fn least_width(pairs: u64) -> f64 {
    let z2 = normal::quantile(CONFIDENCE).powi(2);
    z2 / (float(pairs) + z2)
}

/// The fewest pairs with which versions that never disagree are shown to differ by less than
/// `margin`. `None` where no number of them suffices.
pub fn pairs_needed(margin: f64) -> Option<u64> {
    if margin <= 0.0 || margin.is_nan() {
        return None;
    }
    let (mut low, mut high) = (0, 1);
    while least_width(high) >= margin {
        (low, high) = (high, high.checked_mul(2)?);
    }
    while high - low > 1 {
        let middle = low + (high - low) / 2;
        if least_width(middle) < margin { high = middle } else { low = middle }
    }
    Some(high)
}

/// One-sided 95 % lower bound of the mean of per-row differences, oriented so that larger is better
/// for the candidate: mean − t·s/√n, with Student's quantile by its expansion in 1/ν (Abramowitz &
/// Stegun 26.7.5), which is too small by up to an eighth for ν ≤ 3 and exact there instead. `None` below two rows, or where a difference is not finite.
pub fn mean_lower_bound(differences: &[f64]) -> Option<f64> {
    if differences.len() < 2 || differences.iter().any(|d| !d.is_finite()) {
        return None;
    }
    let n: f64 = differences.iter().map(|_| 1.0).sum();
    let mean = differences.iter().sum::<f64>() / n;
    let variance = differences.iter().map(|d| (d - mean).powi(2)).sum::<f64>() / (n - 1.0);
    Some(mean - student_quantile(n - 1.0) * (variance / n).sqrt())
}

fn student_quantile(freedom: f64) -> f64 {
    /// For one, two and three degrees of freedom.
    const FEW: [f64; 3] = [6.313_752, 2.919_986, 2.353_363];
    let exact = FEW.iter().zip([1.0, 2.0, 3.0]).find(|(_, of)| freedom <= *of);
    if let Some((quantile, _)) = exact {
        return *quantile;
    }
    let z = normal::quantile(CONFIDENCE);
    let first = (z.powi(3) + z) / 4.0;
    let second = (5.0 * z.powi(5) + 16.0 * z.powi(3) + 3.0 * z) / 96.0;
    let third = (3.0 * z.powi(7) + 19.0 * z.powi(5) + 17.0 * z.powi(3) - 15.0 * z) / 384.0;
    z + first / freedom + second / freedom.powi(2) + third / freedom.powi(3)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bound(pairs: u64, candidate_only: u64, incumbent_only: u64) -> f64 {
        Discordance { pairs, candidate_only, incumbent_only }.lower_bound().unwrap()
    }

    #[test]
    fn few_identical_answers_prove_little() {
        // With no discordant row the bound has the closed form −z²/(n + z²).
        let z2 = normal::quantile(0.95).powi(2);
        for pairs in [1_u64, 10, 359] {
            assert!((bound(pairs, 0, 0) + z2 / (float(pairs) + z2)).abs() < 1e-9);
        }
        assert!(bound(10, 0, 0) < -0.03 && bound(359, 0, 0) > -0.03);
    }

    #[test]
    fn bound_solves_the_score_equation_and_nears_the_wald_bound() {
        let counts = Discordance { pairs: 5_000, candidate_only: 260, incumbent_only: 240 };
        let bound = counts.lower_bound().unwrap();
        assert!((counts.score(bound) - normal::quantile(0.95)).abs() < 1e-6);
        let wald = 0.004 - 1.6449 * (500.0_f64 - 0.08).sqrt() / 5_000.0;
        assert!((bound - wald).abs() < 1e-4, "{bound} {wald}");
    }

    #[test]
    fn losing_rows_lower_the_bound() {
        assert!(bound(359, 20, 14) > bound(359, 14, 20));
        assert!(bound(359, 0, 359) <= -0.99);
        assert_eq!(
            Discordance { pairs: 0, candidate_only: 0, incumbent_only: 0 }.lower_bound(),
            None
        );
        assert_eq!(
            Discordance { pairs: 3, candidate_only: 2, incumbent_only: 2 }.lower_bound(),
            None
        );
    }

    #[test]
    fn the_least_width_is_that_of_versions_that_never_disagree() {
        for pairs in [1_u64, 30, 359] {
            assert!((bound(pairs, 0, 0) + least_width(pairs)).abs() < 1e-9);
        }
        for margin in [0.001, 0.03, 0.1, 0.5, 0.99] {
            let needed = pairs_needed(margin).unwrap();
            assert!(least_width(needed) < margin, "{margin}: {needed}");
            assert!(needed == 1 || least_width(needed - 1) >= margin, "{margin}: {needed}");
        }
        assert_eq!(pairs_needed(0.03), Some(88));
        assert_eq!([pairs_needed(0.0), pairs_needed(f64::NAN)], [None, None]);
    }

    #[test]
    fn students_quantile_is_exact_for_few_rows_and_near_for_more() {
        let tables = [6.313_752, 2.919_986, 2.353_363, 2.131_847, 2.015_048];
        for (freedom, exact) in (1_u8..).zip(tables) {
            let found = student_quantile(f64::from(freedom));
            assert!((found - exact).abs() < 0.01, "{freedom}: {found} {exact}");
        }
    }

    #[test]
    fn mean_bound_uses_students_quantile() {
        // Student's .95 quantile for 9 degrees of freedom is 1.833113.
        let differences: Vec<f64> = (0..10).map(f64::from).collect();
        let expected = 4.5 - 1.833_113 * (82.5_f64 / 9.0 / 10.0).sqrt();
        assert!((mean_lower_bound(&differences).unwrap() - expected).abs() < 2e-4);
        assert_eq!(mean_lower_bound(&[0.1]), None);
        assert_eq!(mean_lower_bound(&[0.1, f64::NAN]), None);
    }
}
