//! The score that is best against a small change of scale, estimated from the reference.
//!
//! Owns the locally most powerful score made monotone. If the candidate's values are the
//! incumbent's times c, a bucket's log-likelihood ratio is, for c near 1, proportional to
//! −[e·f(e)] over the bucket's edges by its probability, where f is the density: linear in y for
//! exponential values, in log y for log-normal ones. e·f(e) is the density of log y, which a kernel
//! estimates well; where values may be negative the same is done for a shift, with f(e) itself.
//! The closest non-decreasing score (pooled adjacent violators) keeps E[e] ≤ 1 for any candidate
//! that is stochastically no worse. A poor estimate costs power, never validity.

use std::f64::consts::TAU;

use crate::counts::float;

/// How wide the kernel is, and how fast it narrows as values get more: made for the density's difference
/// quotients, which are what is needed, from 60 to 20,000 values (docs/adr/0017).
const BANDWIDTH: f64 = 1.1;
const NARROWING: f64 = -1.0 / 7.0;

/// Non-decreasing scores by bucket, with mean 0 and variance 1 in the reference; all 0 where the
/// values show no shape.
pub(super) fn scores(sorted: &[f64], edges: &[f64], counts: &[u64]) -> Vec<f64> {
    let total = float(counts.iter().sum());
    let densities = if sorted.first().is_some_and(|least| *least >= 0.0) {
        let positive: Vec<f64> = sorted.iter().filter(|y| **y > 0.0).map(|y| y.ln()).collect();
        let edges: Vec<f64> = edges.iter().map(|edge| edge.ln()).collect();
        densities(&positive, &edges, total)
    } else {
        densities(sorted, edges, total)
    };
    let below = std::iter::once(0.0).chain(densities.iter().copied());
    let above = densities.iter().copied().chain([0.0]);
    let raw = below.zip(above).zip(counts);
    let raw: Vec<f64> =
        raw.map(|((below, above), count)| (below - above) * total / float(*count)).collect();
    standardised(non_decreasing(&raw, counts), counts)
}

/// A kernel's density of the sorted points at each edge, as a part of `total` values. An edge at −∞
/// (log 0) has none. The kernel is Gaussian of the fourth order, ½(3 − u²)φ(u) (Wand & Jones, "Kernel
/// Smoothing", 1995, 2.8), which flattens slopes less than φ does; that it may fall below nought is no
/// matter to scores, which are differences.
fn densities(points: &[f64], edges: &[f64], total: f64) -> Vec<f64> {
    let count = float(points.len() as u64);
    let width = BANDWIDTH * deviation(points) * count.powf(NARROWING);
    let at = |edge: &f64| {
        if width.is_nan() || width <= 0.0 || !edge.is_finite() {
            return 0.0;
        }
        let kernel = |point: &f64| {
            let square = ((edge - point) / width).powi(2);
            0.5 * (3.0 - square) * (-0.5 * square).exp()
        };
        points.iter().map(kernel).sum::<f64>() / (total * width * TAU.sqrt())
    };
    edges.iter().map(at).collect()
}

/// The smaller of the standard deviation and what the quartiles make of it, which heavy tails do
/// not move; 0 of nothing.
fn deviation(points: &[f64]) -> f64 {
    let count = float(points.len() as u64);
    let mean = points.iter().sum::<f64>() / count;
    let deviation = (points.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / count).sqrt();
    let quartile = |quarters: usize| points.get(points.len() * quarters / 4).copied();
    match (quartile(1), quartile(3)) {
        (Some(first), Some(third)) if third > first => deviation.min((third - first) / 1.34),
        (_, None) => 0.0,
        (Some(_) | None, Some(_)) => deviation,
    }
}

/// The non-decreasing list nearest to `raw` in weighted squares: pools adjacent violators.
fn non_decreasing(raw: &[f64], weights: &[u64]) -> Vec<f64> {
    let mut pools: Vec<(f64, f64, usize)> = Vec::new();
    for (value, weight) in raw.iter().zip(weights) {
        let mut pool = (*value, float(*weight), 1);
        while let Some((before, heavy, long)) = pools.pop_if(|(before, _, _)| *before > pool.0) {
            let weight = heavy + pool.1;
            pool = ((before * heavy + pool.0 * pool.1) / weight, weight, long + pool.2);
        }
        pools.push(pool);
    }
    pools.iter().flat_map(|(value, _, long)| std::iter::repeat_n(*value, *long)).collect()
}

/// With mean 0 and variance 1 over the weights; all 0 where there is no variance.
pub(super) fn standardised(scores: Vec<f64>, weights: &[u64]) -> Vec<f64> {
    let total = float(weights.iter().sum());
    let mean_of = |f: &dyn Fn(f64) -> f64| {
        scores.iter().zip(weights).map(|(s, w)| f(*s) * float(*w)).sum::<f64>() / total
    };
    let mean = mean_of(&|s| s);
    let deviation = mean_of(&|s| (s - mean).powi(2)).sqrt();
    if deviation > 0.0 && deviation.is_finite() {
        scores.into_iter().map(|s| (s - mean) / deviation).collect()
    } else {
        vec![0.0; scores.len()]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn violators_are_pooled_by_weight() {
        let pooled = non_decreasing(&[1.0, 5.0, 2.0, 2.0, 9.0], &[1, 1, 2, 1, 1]);
        assert_eq!(pooled, [1.0, 2.75, 2.75, 2.75, 9.0]);
    }

    #[test]
    fn exponential_values_are_scored_linearly_and_log_normal_ones_by_their_logarithm() {
        let n = 4_000_u32;
        let part = |i: u32| (f64::from(i) + 0.5) / f64::from(n);
        let exponential: Vec<f64> = (0..n).map(|i| -(-part(i)).ln_1p()).collect();
        let log_normal: Vec<f64> =
            (0..n).map(|i| (1.2 * crate::normal::quantile(part(i))).exp()).collect();
        assert!(correlation(&exponential, |y| y) > 0.97);
        assert!(correlation(&log_normal, f64::ln) > 0.97);
        assert!(correlation(&log_normal, |y| y) < 0.8);
    }

    /// A kernel that flattened slopes would score the least and the largest of few values alike.
    #[test]
    fn two_hundred_values_show_the_shape_of_their_law() {
        let n = 200_u32;
        let part = |i: u32| (f64::from(i) + 0.5) / f64::from(n);
        let exponential: Vec<f64> = (0..n).map(|i| -(-part(i)).ln_1p()).collect();
        let found = correlation(&exponential, |y| y);
        assert!(found > 0.97, "{found}");
    }

    /// Of the scores with what is best for the values, over 50 equal buckets.
    fn correlation(sorted: &[f64], best: impl Fn(f64) -> f64) -> f64 {
        let size = sorted.len() / 50;
        let edges: Vec<f64> = (1..50).map(|b| sorted[b * size - 1]).collect();
        let counts = vec![size as u64; 50];
        let middles = sorted.chunks(size).map(|b| b.iter().map(|y| best(*y)).sum()).collect();
        let best = standardised(middles, &counts);
        let found = scores(sorted, &edges, &counts);
        assert!(found.windows(2).all(|pair| pair[0] <= pair[1]));
        found.iter().zip(best).map(|(a, b)| a * b).sum::<f64>() / 50.0
    }

    #[test]
    fn values_without_a_shape_have_no_score() {
        assert_eq!(scores(&[0.0, 0.0, 3.0, 3.0], &[0.0], &[2, 2]).len(), 2);
        assert_eq!(standardised(vec![7.0, 7.0], &[1, 1]), [0.0, 0.0]);
    }
}
