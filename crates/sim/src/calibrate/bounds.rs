//! Exact bounds of a probability that was estimated by counting.

/// Beyond this part of what is already summed, further terms change nothing.
const NEGLIGIBLE: f64 = 1e-17;

/// The two ends of an interval of probabilities.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Interval {
    pub lower: f64,
    pub upper: f64,
}

/// The central 95 % interval of Clopper & Pearson (Biometrika 26, 1934) for `hits` of `trials`: each
/// end leaves out at most 2.5 %, whatever the truth. (0, 1) without trials.
pub fn clopper_pearson(hits: u64, trials: u64) -> Interval {
    const TAIL: f64 = 0.025;
    // The ends lie on either side of the estimate, and there the sums are of falling terms.
    let rate = if trials == 0 { 0.0 } else { float(hits) / float(trials) };
    let lower =
        if hits == 0 { 0.0 } else { solve(0.0, rate, |p| at_least(hits, trials, p) < TAIL) };
    let upper =
        if hits >= trials { 1.0 } else { solve(rate, 1.0, |p| at_most(hits, trials, p) > TAIL) };
    Interval { lower, upper }
}

/// The p up to which `below` holds, by bisection to the last bit.
fn solve(from: f64, to: f64, below: impl Fn(f64) -> bool) -> f64 {
    let (mut low, mut high) = (from, to);
    for _ in 0..64 {
        let middle = 0.5 * (low + high);
        if below(middle) { low = middle } else { high = middle }
    }
    0.5 * (low + high)
}

/// P(X ≥ k) of a binomial, summed upwards: quick where k is above the mean, as at a lower bound.
fn at_least(k: u64, n: u64, p: f64) -> f64 {
    let odds = p / (1.0 - p);
    sum(mass(k, n, p), k..n, |i| odds * float(n - i) / float(i + 1))
}

/// P(X ≤ k), summed downwards.
fn at_most(k: u64, n: u64, p: f64) -> f64 {
    let odds = (1.0 - p) / p;
    sum(mass(k, n, p), (0..k).rev(), |i| odds * float(i + 1) / float(n - i))
}

/// A first term and those that follow, each a multiple of the one before.
fn sum(first: f64, steps: impl Iterator<Item = u64>, multiple: impl Fn(u64) -> f64) -> f64 {
    let (mut term, mut sum) = (first, first);
    for i in steps {
        term *= multiple(i);
        sum += term;
        if term < NEGLIGIBLE * sum {
            break;
        }
    }
    sum
}

fn mass(k: u64, n: u64, p: f64) -> f64 {
    let (k, n) = (float(k), float(n));
    let choose = libm::lgamma(n + 1.0) - libm::lgamma(k + 1.0) - libm::lgamma(n - k + 1.0);
    (choose + k * p.ln() + (n - k) * (-p).ln_1p()).exp()
}

fn float(count: u64) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Published values: 0 and 10 of 10 have closed forms; 5 of 10 and 2 of 100 are in every table.
    #[test]
    fn bounds_are_those_of_the_tables() {
        let near = |found: Interval, lower: f64, upper: f64| {
            assert!((found.lower - lower).abs() < 5e-7, "{found:?}");
            assert!((found.upper - upper).abs() < 5e-7, "{found:?}");
        };
        near(clopper_pearson(0, 10), 0.0, 1.0 - 0.025_f64.powf(0.1));
        near(clopper_pearson(10, 10), 0.025_f64.powf(0.1), 1.0);
        near(clopper_pearson(5, 10), 0.187_086, 0.812_914);
        near(clopper_pearson(2, 100), 0.002_431_337, 0.070_383_93);
        near(clopper_pearson(0, 0), 0.0, 1.0);
    }

    #[test]
    fn each_end_leaves_out_just_its_part() {
        for (hits, trials) in [(1, 10_000), (370, 10_000), (9_999, 10_000)] {
            let Interval { lower, upper } = clopper_pearson(hits, trials);
            assert!((at_least(hits, trials, lower) - 0.025).abs() < 1e-9, "{hits}");
            assert!((at_most(hits, trials, upper) - 0.025).abs() < 1e-9, "{hits}");
            assert!(lower < float(hits) / float(trials) && upper > float(hits) / float(trials));
        }
    }
}
