//! Is the difference of means within a margin?
//!
//! Owns the asymptotic confidence sequence (Waudby-Smith, Arbour, Sinha, Kennedy & Ramdas,
//! "Time-uniform central limit theory and asymptotic confidence sequences"). In each stratum
//! X = ±(m₁ − a·m₀ − t) has the standard error se² = s₁²/n₁ + a²s₀²/n₀, from its own arms' winsorised
//! means and variances: that is Δ̂ with σ̂ = √n·se, and Δ̂·n/σ̂ = √n·X/se. With the known weight
//! w = √(4π(1−π)) one stratum has s = w·√n·X/se and v = w²·n, those of the plain sequence in units of a
//! half-and-half split. Means of different strata are never pooled.
//!
//! A pass is about all units of the [gate]: the null is Σ φX ≤ 0, φ being each stratum's part of the
//! incumbent's units, who are a fair sample of them. So s = √v·Σ φX/√(Σ φ²se² + Σ φ(X − Σ φX)²/n₀) with
//! v = Σ w²·n, the strata's Xs averaged by their units and divided by the average's own error: that of each X,
//! and that of a sample's parts, which are everybody's but for chance. Where histories fare differently and
//! values vary little, the parts are what is known least. Averaged by how surely each is known, a stratum
//! whose values vary little could pass for one whose mean is lost.
//!
//! **None is left out.** Where too few of a history were counted on an arm, its mean is not known, but
//! winsorised values lie within the reference's range, and so does their mean. The pass takes the worst of
//! what may be there: the candidate at the one end and the incumbent at the other, without an error. That is
//! below the true X, so that no candidate passes for it; and as it weighs by its part of the units, a history
//! of few of them costs little. Left out, a candidate that has lost exactly those who are few yet would pass.
//!
//! [gate]: crate::gate
//!
//! Refuses to speak before the burn-in: the approximation is of many units.

use super::summary::{Summary, balanced_units};
use super::{Better, Error};
use crate::counts::{Stratum, float};
use crate::level::Alpha;
use crate::mixture::Normal;

/// Candidate units, in strata whose means are known, before the asymptotic sequence says anything.
pub const BURN_IN_CANDIDATE_UNITS: u64 = 1_000;

/// Where the sequence is tightest: about 10,000 candidate units at a small share.
pub(super) const TUNED_VARIANCE: f64 = 40_000.0;

/// sign·(m₁ − a·m₀ − t), which the null bounds by 0.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Contrast {
    sign: f64,
    a: f64,
    t: f64,
}

/// The strata's Xs over all units of a gate.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Everybody {
    /// Σ n₀, the incumbent's units.
    units: f64,
    /// Σ n₀·X.
    sum: f64,
    /// Σ (n₀·se)², and Σ n₀·(X − Σ φX)² for the parts.
    squared_error: f64,
    /// v = Σ w²·n, of strata that are known.
    pub(super) balanced_units: f64,
}

impl Everybody {
    /// Σ φX.
    pub(super) fn mean(&self) -> f64 {
        self.sum / self.units
    }

    /// What a bound on s/√v is multiplied with.
    pub(super) fn error_of_one(&self) -> f64 {
        self.squared_error.sqrt() / self.units
    }
}

impl Contrast {
    /// Null: the candidate's mean is at the ratio or beyond. Errors: [`Error::Ratio`].
    pub(super) fn within_ratio(better: Better, r: f64) -> Result<Self, Error> {
        let (worse, sign) = match better {
            Better::Higher => (r > 0.0 && r < 1.0, 1.0),
            Better::Lower => (r > 1.0 && r.is_finite(), -1.0),
        };
        if worse { Ok(Self { sign, a: r, t: 0.0 }) } else { Err(Error::Ratio(r)) }
    }

    /// Null: the candidate's mean is worse by m or more. Errors: [`Error::Absolute`].
    pub(super) fn within_absolute(better: Better, m: f64) -> Result<Self, Error> {
        if !(m > 0.0 && m.is_finite()) {
            return Err(Error::Absolute(m));
        }
        Ok(match better {
            Better::Higher => Self { sign: 1.0, a: 1.0, t: -m },
            Better::Lower => Self { sign: -1.0, a: 1.0, t: m },
        })
    }

    /// The candidate's mean less the incumbent's, or the other way round.
    pub(super) const fn difference(sign: f64) -> Self {
        Self { sign, a: 1.0, t: 0.0 }
    }

    /// Log e-value against the null, of values within `range`; 0 before the burn-in.
    pub(super) fn log_e(&self, strata: &[Stratum<Summary>], range: (f64, f64)) -> f64 {
        let Some(all) = self.everybody(strata, range) else { return 0.0 };
        let v = all.balanced_units;
        let s = (v / all.squared_error).sqrt() * all.sum;
        Normal::new(TUNED_VARIANCE, Alpha::USUAL).log_e(s, v)
    }

    /// None before the burn-in.
    pub(super) fn everybody(
        &self,
        strata: &[Stratum<Summary>],
        range: (f64, f64),
    ) -> Option<Everybody> {
        measured(strata)?;
        let mut all = Everybody::default();
        let mut parts = Vec::with_capacity(strata.len());
        for stratum in strata {
            let units = stratum.counts.incumbent.units;
            let (x, squared_error) = self.x(&stratum.counts, range);
            parts.push((units, x));
            all.units += units;
            all.sum += units * x;
            all.squared_error += units * units * squared_error;
            if stratum.counts.is_measured() {
                all.balanced_units += balanced_units(stratum);
            }
        }
        let mean = all.mean();
        let of_parts: f64 = parts.iter().map(|(units, x)| units * (x - mean).powi(2)).sum();
        all.squared_error += of_parts;
        Some(all)
    }

    /// X and se², of what is not known the least that may be.
    fn x(
        &self,
        Summary { candidate, incumbent }: &Summary,
        (lowest, highest): (f64, f64),
    ) -> (f64, f64) {
        let (worst, best) = if self.sign > 0.0 { (lowest, highest) } else { (highest, lowest) };
        let (one, its_error) = candidate.mean_or(worst);
        let (other, others_error) = incumbent.mean_or(best);
        let x = self.sign * (one - self.a * other - self.t);
        (x, its_error + self.a * self.a * others_error)
    }
}

/// Strata in which both means are known, once the burn-in is over.
pub(super) fn measured(strata: &[Stratum<Summary>]) -> Option<Vec<&Stratum<Summary>>> {
    let known: Vec<_> = strata.iter().filter(|it| it.counts.is_measured()).collect();
    let units: f64 = known.iter().map(|it| it.counts.candidate.units).sum();
    (units >= float(BURN_IN_CANDIDATE_UNITS)).then_some(known)
}

#[cfg(test)]
mod tests {
    use super::super::summary::Arm;
    use super::*;

    const RANGE: (f64, f64) = (2.0, 30.0);

    #[derive(Debug, Clone, Copy)]
    enum Of {
        Candidate,
        Incumbent,
    }

    /// Measured arms, and one of which too few were counted.
    fn strata(few_of: Of) -> [Stratum<Summary>; 2] {
        let arm =
            |units: f64, mean: f64| Arm { units, varied: units / 2.0, mean, variance: 2.0 * mean };
        let few = |arm: Arm| Arm { units: 40.0, varied: 20.0, ..arm };
        let (candidate, incumbent) = (arm(500.0, 7.0), arm(3_000.0, 9.0));
        let other = match few_of {
            Of::Candidate => Summary { candidate: few(candidate), incumbent },
            Of::Incumbent => Summary { candidate, incumbent: few(incumbent) },
        };
        let known = Summary { candidate: arm(2_000.0, 8.0), incumbent: arm(6_000.0, 10.0) };
        [Stratum::new(0.25, known).unwrap(), Stratum::new(0.1, other).unwrap()]
    }

    /// What is not known is as bad as it may be, whichever arm it is of, and what is known of the other arm
    /// keeps its error. Only units of strata that are known count as time.
    #[test]
    fn the_parts_are_added_up_as_the_formula_says() {
        let ratio = |better, r| Contrast::within_ratio(better, r).unwrap();
        let absolute = |better| Contrast::within_absolute(better, 3.0).unwrap();
        for (contrast, sign, a, t) in [
            (ratio(Better::Higher, 0.8), 1.0, 0.8, 0.0),
            (ratio(Better::Lower, 1.5), -1.0, 1.5, 0.0),
            (absolute(Better::Higher), 1.0, 1.0, -3.0),
            (absolute(Better::Lower), -1.0, 1.0, 3.0),
        ] {
            let (worst, best) = if sign > 0.0 { (2.0, 30.0) } else { (30.0, 2.0) };
            let known = sign * (8.0 - a * 10.0 - t);
            let error = 16.0 / 2_000.0 + a * a * 20.0 / 6_000.0;
            for (few_of, units, x, its_error) in [
                (Of::Candidate, 3_000.0, sign * (worst - a * 9.0 - t), a * a * 18.0 / 3_000.0),
                (Of::Incumbent, 40.0, sign * (7.0 - a * best - t), 14.0 / 500.0),
            ] {
                let all = contrast.everybody(&strata(few_of), RANGE).unwrap();
                let mean = (6_000.0 * known + units * x) / (6_000.0 + units);
                let off = |x: f64| (x - mean) * (x - mean);
                let of_parts = 6_000.0 * off(known) + units * off(x);
                let squared = 6_000.0_f64.powi(2) * error + units * units * its_error + of_parts;
                let near = |one: f64, other: f64| (one / other - 1.0).abs() < 1e-12;
                assert!(near(all.mean(), mean), "{contrast:?} {few_of:?}: {all:?}");
                assert!(near(all.error_of_one(), squared.sqrt() / (6_000.0 + units)), "{all:?}");
                assert!(near(all.balanced_units, 4.0 * 0.25 * 0.75 * 8_000.0), "{all:?}");
            }
        }
    }

    /// Two histories with half of all units each, one a point better and one a point worse than the margin:
    /// for everybody the candidate is at it. Their parts are off by as much as chance has them.
    #[test]
    fn a_history_that_happens_to_come_more_often_passes_no_candidate() {
        let arm = |units: f64, mean: f64| Arm { units, varied: units / 2.0, mean, variance: 0.01 };
        let of = |units: f64, x: f64| {
            let counts = Summary { candidate: arm(units, 9.0 + x), incumbent: arm(units, 10.0) };
            Stratum::new(0.5, counts).unwrap()
        };
        let contrast = Contrast::within_absolute(Better::Higher, 1.0).unwrap();
        let log_e = |strata: &[_]| contrast.log_e(strata, (0.0, 30.0));
        assert!(log_e(&[of(10_150.0, 1.0), of(9_850.0, -1.0)]) < 2.0);
        assert!(log_e(&[of(10_150.0, 1.0), of(9_850.0, 0.9)]) > 100.0, "what no parts change");
    }
}
