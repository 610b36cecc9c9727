//! A law cut into buckets: whole histograms in one draw.

use super::counts::binomial;
use super::law::Law;
use crate::rng::Rng;
use rand_distr::Distribution;
use rand_distr::weighted::WeightedAliasIndex;

/// Probabilities of buckets, prepared for drawing many units at once.
#[derive(Debug, Clone)]
pub struct Buckets {
    probabilities: Vec<f64>,
    /// Those that can be hit: the bucket, and its probability given none before it.
    chain: Vec<(usize, f64)>,
    one: Option<WeightedAliasIndex<f64>>,
}

impl Buckets {
    /// Buckets with these weights, which need not sum to one. Weights that are negative, not
    /// numbers, or all zero, draw nothing.
    pub fn new(weights: &[f64]) -> Self {
        let sum: f64 = weights.iter().sum();
        let probabilities: Vec<f64> = weights.iter().map(|weight| weight / sum).collect();
        // From the end, so that the last bucket's conditional probability is exactly one.
        let mut chain = Vec::new();
        let mut tail = 0.0;
        for (bucket, p) in probabilities.iter().enumerate().rev().filter(|(_, p)| **p > 0.0) {
            tail += p;
            chain.push((bucket, p / tail));
        }
        chain.reverse();
        let one = WeightedAliasIndex::new(probabilities.clone()).ok();
        Self { probabilities, chain, one }
    }

    /// The law in buckets as of `Edges`: bucket b holds outcomes in (edge b−1, edge b], the last all
    /// above. Edges rise, in the law's units.
    pub fn of(law: &Law, edges: &[f64]) -> Self {
        Self::cut(|x| law.cdf(x), edges)
    }

    /// The same from a distribution function.
    pub fn cut(cdf: impl Fn(f64) -> f64, edges: &[f64]) -> Self {
        let at = edges.iter().map(|edge| cdf(*edge)).chain([1.0]);
        let mut below = 0.0;
        let weights: Vec<f64> = at
            .map(|cdf| {
                let weight = (cdf - below).max(0.0);
                below = cdf;
                weight
            })
            .collect();
        Self::new(&weights)
    }

    /// The probability of each bucket.
    pub fn probabilities(&self) -> &[f64] {
        &self.probabilities
    }

    /// The bucket of one unit.
    pub fn one(&self, rng: &mut Rng) -> usize {
        self.one.as_ref().map_or(0, |alias| alias.sample(rng))
    }

    /// Adds the buckets of `units` units to `into`: one by one while they are few, then by chained
    /// binomials, whose cost does not depend on how many they are.
    pub fn add(&self, rng: &mut Rng, units: u64, into: &mut [u64]) {
        let few = self.chain.len().saturating_mul(4);
        if usize::try_from(units).is_ok_and(|units| units <= few) {
            for _ in 0..units {
                let bucket = self.one(rng);
                into.iter_mut().skip(bucket).take(1).for_each(|count| *count += 1);
            }
            return;
        }
        let mut left = units;
        for (bucket, given) in &self.chain {
            let drawn = binomial(rng, left, given.min(1.0));
            into.iter_mut().skip(*bucket).take(1).for_each(|count| *count += drawn);
            left -= drawn;
            if left == 0 {
                break;
            }
        }
    }
}
