//! How large is the difference of means, and is it within a margin?
//!
//! Owns the asymptotic confidence sequence (Waudby-Smith, Arbour, Sinha, Kennedy & Ramdas,
//! "Time-uniform central limit theory and asymptotic confidence sequences"). In each stratum
//! X = ±(m₁ − a·m₀ − t) has the standard error se² = s₁²/n₁ + a²s₀²/n₀, from its own arms' winsorised
//! means and variances: that is Δ̂ with σ̂ = √n·se, and Δ̂·n/σ̂ = √n·X/se. With the known weight
//! w = √(4π(1−π)) one stratum has s = w·√n·X/se and v = w²·n, those of the plain sequence in units of a
//! half-and-half split. Means of different strata are never pooled.
//!
//! A pass is about all units of the [gate]: the null is Σ φX ≤ 0, φ being each stratum's part of the
//! incumbent's units, who are a fair sample of them. So s = √v·Σ φX/√(Σ φ²se²) with v = Σ w²·n, the
//! strata's Xs averaged by their units and divided by the average's own error. Averaged by how surely
//! each is known, a stratum whose values vary little could pass for one whose mean is lost. The effect
//! that is shown over gates is averaged so, as that is the estimate with the least error.
//!
//! [gate]: crate::gate
//!
//! Refuses to speak before the burn-in: the approximation is of many units.

use super::counts::{Counts, Values};
use super::reference::Reference;
use super::{Better, Error};
use crate::confidence::Interval;
use crate::counts::{Pi, Stratum, float};
use crate::level::Alpha;
use crate::mixture::{Normal, TwoSidedNormal};

/// Candidate units before the asymptotic sequence says anything.
pub const BURN_IN_CANDIDATE_UNITS: u64 = 1_000;

/// Units each arm needs in a stratum whose variance is to be trusted.
const STRATUM_UNITS_MIN: f64 = 100.0;

/// Of these, so many outside the bucket that has the most: an arm in which a rare value has not come yet
/// shows no variance, and would be taken for certain.
const VARIED_UNITS_MIN: f64 = 30.0;

/// Where the sequence is tightest: about 10,000 candidate units at a small share.
const TUNED_VARIANCE: f64 = 40_000.0;

/// Both arms' winsorised means, and how they differ.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Effect {
    /// The candidate's mean, over strata.
    pub candidate: f64,
    /// The incumbent's mean with the strata weighed alike: the difference of the two is a weighted
    /// average of the strata's differences.
    pub incumbent: f64,
    /// The standard error of their difference: a bound made of it holds at one fixed time alone.
    pub error: f64,
    /// Confidence sequence of the difference, candidate − incumbent; none before the burn-in.
    pub difference: Option<Interval>,
}

/// One stratum's arms in the metric's unit.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Summary {
    pub(crate) candidate: Arm,
    pub(crate) incumbent: Arm,
}

/// Units, winsorised mean and variance.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Arm {
    pub(crate) units: f64,
    /// Those outside the bucket that has the most.
    pub(crate) varied: f64,
    pub(crate) mean: f64,
    pub(crate) variance: f64,
}

/// sign·(m₁ − a·m₀ − t), which the null bounds by 0.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Contrast {
    sign: f64,
    a: f64,
    t: f64,
}

/// A stratum's X in standard errors, and its weights.
#[derive(Debug, Clone, Copy)]
struct Term {
    /// w·√n/se: what a difference of one adds to s.
    slope: f64,
    /// X.
    x: f64,
    /// se².
    squared_error: f64,
    /// w²·n.
    v: f64,
}

impl Summary {
    pub(super) fn new(counts: &Counts, reference: &Reference) -> Self {
        let arm = |values: &Values| Arm::new(values, reference);
        Self { candidate: arm(&counts.candidate), incumbent: arm(&counts.incumbent) }
    }

    /// The same means and variances with `scale` times the units.
    pub(crate) fn scaled(&self, scale: f64) -> Self {
        let arm = |arm: Arm| Arm { units: scale * arm.units, varied: scale * arm.varied, ..arm };
        Self { candidate: arm(self.candidate), incumbent: arm(self.incumbent) }
    }
}

impl Arm {
    fn new(values: &Values, reference: &Reference) -> Self {
        let units = float(values.units());
        if units == 0.0 {
            return Self { units, varied: 0.0, mean: 0.0, variance: 0.0 };
        }
        let varied = units - float(values.buckets.iter().copied().max().unwrap_or(0));
        let mean = float(values.sum) / units;
        let spread = (float(values.squares) / units - mean * mean).max(0.0);
        let variance = spread * reference.step().powi(2) * units / (units - 1.0).max(1.0);
        Self { units, varied, mean: reference.value_at(mean), variance }
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

    const fn difference() -> Self {
        Self { sign: 1.0, a: 1.0, t: 0.0 }
    }

    /// Log e-value against the null; 0 before the burn-in.
    pub(super) fn log_e(&self, strata: &[Stratum<Summary>]) -> f64 {
        let Some(ready) = ready(strata) else { return 0.0 };
        let (mut sum, mut squared_error, mut v) = (0.0, 0.0, 0.0);
        for stratum in ready {
            let (term, units) = (self.term(stratum), stratum.counts.incumbent.units);
            sum += units * term.x;
            squared_error += units * units * term.squared_error;
            v += term.v;
        }
        Normal::new(TUNED_VARIANCE, Alpha::USUAL).log_e((v / squared_error).sqrt() * sum, v)
    }

    fn term(&self, stratum: &Stratum<Summary>) -> Term {
        let Summary { candidate, incumbent } = stratum.counts;
        let x = self.sign * (candidate.mean - self.a * incumbent.mean - self.t);
        let squared_error = candidate.variance / candidate.units
            + self.a * self.a * incumbent.variance / incumbent.units;
        let units = candidate.units + incumbent.units;
        let weight = 4.0 * split(stratum.pi);
        let slope = (weight * units / squared_error).sqrt();
        Term { slope, x, squared_error, v: weight * units }
    }
}

/// π(1 − π).
fn split(pi: Pi) -> f64 {
    pi.get() * (1.0 - pi.get())
}

/// Strata whose arms have units enough, and a variance, once the burn-in is over.
fn ready(strata: &[Stratum<Summary>]) -> Option<Vec<&Stratum<Summary>>> {
    let enough = |stratum: &&Stratum<Summary>| {
        let Summary { candidate, incumbent } = stratum.counts;
        candidate.units.min(incumbent.units) >= STRATUM_UNITS_MIN
            && candidate.varied.min(incumbent.varied) >= VARIED_UNITS_MIN
            && candidate.variance.min(incumbent.variance) > 0.0
    };
    let ready: Vec<_> = strata.iter().filter(enough).collect();
    let units: f64 = ready.iter().map(|stratum| stratum.counts.candidate.units).sum();
    (units >= float(BURN_IN_CANDIDATE_UNITS)).then_some(ready)
}

/// The means, and their difference with its confidence sequence at level α: the values d for which
/// |Σ slope·(X − d)| stays within the two-sided bound, hence centred on the average of the strata's
/// differences weighted by their slopes. Before the burn-in, the average by candidate units.
pub(super) fn effect(strata: &[Stratum<Summary>], alpha: Alpha) -> Option<Effect> {
    let Some(ready) = ready(strata) else {
        let weight = |s: &Summary| if s.incumbent.units > 0.0 { s.candidate.units } else { 0.0 };
        let weighed = strata.iter().map(|s| (weight(&s.counts), s.counts));
        let Means { candidate, incumbent, error } = means(weighed)?;
        return Some(Effect { candidate, incumbent, error, difference: None });
    };
    let terms: Vec<Term> = ready.iter().map(|s| Contrast::difference().term(s)).collect();
    let weighed = terms.iter().zip(&ready).map(|(term, stratum)| (term.slope, stratum.counts));
    let Means { candidate, incumbent, error } = means(weighed)?;
    let slope: f64 = terms.iter().map(|term| term.slope).sum();
    let v: f64 = terms.iter().map(|term| term.v).sum();
    let radius = TwoSidedNormal::new(TUNED_VARIANCE, Alpha::USUAL).bound(v, alpha) / slope;
    let centre = candidate - incumbent;
    let difference = Some(Interval { lower: centre - radius, upper: centre + radius });
    Some(Effect { candidate, incumbent, error, difference })
}

/// Averages over strata, and the standard error of their difference.
struct Means {
    candidate: f64,
    incumbent: f64,
    error: f64,
}

fn means(weighed: impl Iterator<Item = (f64, Summary)>) -> Option<Means> {
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
    (total > 0.0).then(|| Means {
        candidate: average(candidate),
        incumbent: average(incumbent),
        error: average(squared_error.sqrt()),
    })
}
