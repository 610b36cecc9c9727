//! Do the candidate's predictions fall into classes (or score buckets) as the incumbent's do?
//!
//! Owns the test of prediction drift: given the class a unit's prediction fell into, its arm is the
//! candidate's with probability π under "no effect", whatever the classes' frequencies and however
//! they move over the day. So each class's arms are tested as the sample ratio is, by the same
//! beta-binomial, and the classes' e-values multiply: each unit bets in its own class alone, on what
//! was counted there before. A class that first appears later starts at 1. Classes that replicas
//! fold together differently, for want of room, stay valid: what a unit is counted under follows
//! from its own class and from what was seen before it.
//!
//! A share other than the stated one drifts in every class; the sample ratio, with its own budget,
//! says so first. Drift is a difference, not a fault: it has no margin and so no pass. Distances are
//! for people, and decide nothing.

use std::collections::BTreeMap;

use crate::counts::{Pi, Stratum, float};
use crate::late;
use crate::sample_ratio::{self, Assigned};

/// Units by class and arm. Any key will do: a label, a bucket's number.
pub type Counts<K> = BTreeMap<K, Assigned>;

/// How far two distributions are apart.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Distance {
    /// Population stability index, Σ (p − q)·ln(p/q), with half a unit added to every class of
    /// either arm, without which an empty class makes it infinite. By custom 0.1 is little and 0.25
    /// much.
    pub psi: f64,
    /// Jensen–Shannon divergence in bits: 0 for equal distributions, 1 for disjoint ones.
    pub jensen_shannon: f64,
}

/// Log e-value against "the arm is independent of the prediction". Give all gates of the rollout.
pub fn log_e<K>(strata: &[Stratum<Counts<K>>]) -> f64 {
    strata.iter().map(|stratum| log_e_of(stratum.pi, stratum.counts.values().copied())).sum()
}

/// The same of one stratum's units, by class in any order.
pub fn log_e_of(pi: Pi, classes: impl IntoIterator<Item = Assigned>) -> f64 {
    let mixture = sample_ratio::Mixture::at(pi);
    classes.into_iter().map(|class| mixture.log_e(class)).sum()
}

/// Log e-value with a part of the bet on a drift that began with one of the windows of [`late`]: of
/// everything counted, and of what was counted since each began. Without any, the plain test's.
pub fn log_e_since(everything: f64, since: &[f64]) -> f64 {
    if since.is_empty() { everything } else { late::mixture(everything, since) }
}

/// Adds another replica's or window's counts.
pub fn merge<K: Ord + Clone>(into: &mut Counts<K>, other: &Counts<K>) {
    for (class, counts) in other {
        into.entry(class.clone()).or_default().merge(*counts);
    }
}

/// How far the arms' classes are apart. Each stratum's incumbents weigh as its candidate units do,
/// so that gates with other traffic and another share are no difference. `None` until both arms
/// have units in one stratum.
pub fn distance<K: Ord + Clone>(strata: &[Stratum<Counts<K>>]) -> Option<Distance> {
    let mut classes: BTreeMap<&K, (f64, f64)> = BTreeMap::new();
    let (mut units, mut incumbents) = (0.0, 0.0);
    for Stratum { counts, .. } in strata {
        let sum = |arm: fn(&Assigned) -> u64| -> f64 { float(counts.values().map(arm).sum()) };
        let (candidate, incumbent) = (sum(|class| class.candidate), sum(|class| class.incumbent));
        if candidate == 0.0 || incumbent == 0.0 {
            continue;
        }
        units += candidate;
        incumbents += incumbent;
        for (class, found) in counts {
            let (p, q) = classes.entry(class).or_default();
            *p += float(found.candidate);
            *q += float(found.incumbent) * candidate / incumbent;
        }
    }
    (units > 0.0).then(|| apart(classes.values().copied(), units, incumbents))
}

/// The distances of two distributions, both as counts that sum to `units`; the second was made of
/// `incumbents` units.
fn apart(
    classes: impl ExactSizeIterator<Item = (f64, f64)>,
    units: f64,
    incumbents: f64,
) -> Distance {
    let many = float(classes.len() as u64);
    let smoothed = |part: f64, units: f64| (part * units + 0.5) / (units + 0.5 * many);
    let (mut psi, mut divergence) = (0.0, 0.0);
    for (p, q) in classes.map(|(p, q)| (p / units, q / units)) {
        let (a, b) = (smoothed(p, units), smoothed(q, incumbents));
        psi += (a - b) * (a / b).ln();
        let middle = 0.5 * (p + q);
        let term = |x: f64| if x > 0.0 { 0.5 * x * (x / middle).log2() } else { 0.0 };
        divergence += term(p) + term(q);
    }
    Distance { psi, jensen_shannon: divergence.clamp(0.0, 1.0) }
}
