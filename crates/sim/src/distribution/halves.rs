//! Many units over many outcomes: the outcomes are halved, and the units with them, until few are left.
//!
//! Owns the same law as a chain of binomials, outcome by outcome, for fewer draws: a half that no unit falls
//! into is passed over, and in one with few units each is drawn by itself.

use super::buckets::Buckets;
use super::counts::binomial;
use crate::rng::Rng;

/// Outcomes below which a chain of binomials is as good.
const MANY: usize = 16;

/// Units for each outcome of a half up to which each is drawn by itself.
const FEW: u64 = 2;

/// Probabilities of outcomes, prepared for drawing many units at once.
#[derive(Debug, Clone)]
pub struct Halves {
    buckets: Buckets,
    /// A full binary tree from its root on, at 1: node n has the probabilities of 2n and 2n + 1, and the
    /// last half of the nodes are those of the outcomes. Empty where there are few.
    sums: Vec<f64>,
}

impl Halves {
    /// Outcomes with these weights, as of [`Buckets::new`].
    pub fn new(weights: &[f64]) -> Self {
        let buckets = Buckets::new(weights);
        let probabilities = buckets.probabilities();
        let hit = probabilities.iter().filter(|p| **p > 0.0).count();
        let sums = if hit > MANY { sums(probabilities) } else { Vec::new() };
        Self { buckets, sums }
    }

    /// Adds the outcomes of `units` units to `into`.
    pub fn add(&self, rng: &mut Rng, units: u64, into: &mut [u64]) {
        let outcomes = self.sums.len() / 2;
        if self.sums.is_empty() || units <= FEW.saturating_mul(wide(outcomes)) {
            self.buckets.add(rng, units, into);
        } else {
            self.halve(rng, (units, 1, outcomes), into);
        }
    }

    /// Units that fall under one node, which has so many outcomes.
    fn halve(&self, rng: &mut Rng, (units, node, outcomes): (u64, usize, usize), into: &mut [u64]) {
        if outcomes == 1 {
            self.hit(node, units, into);
        } else if units <= FEW.saturating_mul(wide(outcomes)) {
            for _ in 0..units {
                self.hit(self.one(rng, node), 1, into);
            }
        } else {
            let first = binomial(rng, units, self.sum(2 * node) / self.sum(node));
            self.halve(rng, (first, 2 * node, outcomes / 2), into);
            self.halve(rng, (units - first, 2 * node + 1, outcomes / 2), into);
        }
    }

    /// The outcome of one unit under a node.
    fn one(&self, rng: &mut Rng, mut node: usize) -> usize {
        let mut at = rng.unit() * self.sum(node);
        while 2 * node < self.sums.len() {
            let (first, second) = (self.sum(2 * node), self.sum(2 * node + 1));
            let later = at >= first && second > 0.0;
            if later {
                at -= first;
            }
            node = 2 * node + usize::from(later);
        }
        node
    }

    fn hit(&self, node: usize, units: u64, into: &mut [u64]) {
        let outcome = node - self.sums.len() / 2;
        into.iter_mut().skip(outcome).take(1).for_each(|count| *count += units);
    }

    fn sum(&self, node: usize) -> f64 {
        self.sums.get(node).copied().unwrap_or(0.0)
    }
}

fn sums(probabilities: &[f64]) -> Vec<f64> {
    let outcomes = probabilities.len().next_power_of_two();
    let mut sums = vec![0.0; outcomes];
    sums.extend(probabilities);
    sums.resize(2 * outcomes, 0.0);
    for node in (1..outcomes).rev() {
        let sum = sums.get(2 * node..2 * node + 2).map_or(0.0, |both| both.iter().sum());
        sums.iter_mut().skip(node).take(1).for_each(|it| *it = sum);
    }
    sums
}

fn wide(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Means, variances and covariances of what falls on each of forty outcomes, some of which are rare or
    /// impossible, are the multinomial law's: of few units, of some and of many.
    #[test]
    fn halves_have_the_law_of_single_units() {
        let weight = |outcome: u32| match outcome {
            7 | 39 => 0.0,
            20.. => 1e-3 * f64::from(outcome),
            _ => f64::from(1 + outcome % 5),
        };
        let weights: Vec<f64> = (0..40).map(weight).collect();
        let sum: f64 = weights.iter().sum();
        let (halves, mut rng, draws) = (Halves::new(&weights), Rng::new(2), 20_000);
        for units in [100_u64, 300, 20_000] {
            let mut moments = vec![(0.0, 0.0, 0.0); weights.len()];
            for _ in 0..draws {
                let mut drawn = vec![0; weights.len()];
                halves.add(&mut rng, units, &mut drawn);
                assert_eq!(drawn.iter().sum::<u64>(), units);
                let first = drawn[0] as f64;
                for (moment, count) in moments.iter_mut().zip(drawn) {
                    let count = count as f64;
                    *moment =
                        (moment.0 + count, moment.1 + count * count, moment.2 + count * first);
                }
            }
            let (n, of) = (units as f64, |sum: f64| sum / f64::from(draws));
            let first = (of(moments[0].0), n * weights[0] / sum);
            for (outcome, (moment, weight)) in moments.iter().zip(&weights).enumerate() {
                let p = weight / sum;
                let (mean, variance) = (of(moment.0), of(moment.1) - of(moment.0).powi(2));
                let expected = n * p * (1.0 - p);
                let error = (expected / f64::from(draws)).sqrt();
                assert!((mean - n * p).abs() <= 4.5 * error, "{units} {outcome}: {mean}");
                // A variance's own, by four and a half standard errors of a Poisson-like count.
                let of_variance = (expected * (1.0 + 2.0 * expected) / f64::from(draws)).sqrt();
                assert!((variance - expected).abs() <= 4.5 * of_variance, "{units} {outcome}");
                if outcome > 0 {
                    let covariance = of(moment.2) - mean * first.0;
                    let spread = (expected * first.1 / f64::from(draws)).sqrt();
                    let expected = -first.1 * p;
                    assert!((covariance - expected).abs() <= 5.0 * spread, "{units} {outcome}");
                }
            }
        }
    }
}
