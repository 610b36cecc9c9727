//! Draws have the moments and the distribution function that their law says.

use super::*;
use crate::rng::Rng;

fn laws() -> Vec<Law> {
    let slow = Law::Shifted { by: 3.0, law: Box::new(Law::exponential(0.5)) };
    vec![
        Law::Normal { mean: 2.0, sd: 0.5 },
        Law::LogNormal { median: 2.0, sigma: 0.5 },
        Law::Gamma { mean: 2.0, shape: 3.0 },
        Law::Gamma { mean: 2.0, shape: 0.4 },
        Law::exponential(2.0),
        Law::Mixture(vec![(0.7, Law::Constant(0.0)), (0.3, slow)]),
    ]
}

/// The 99.9 % quantile of Kolmogorov's statistic is 1.95.
#[test]
fn draws_follow_their_distribution_function_and_mean() {
    for (seed, law) in (1..).zip(laws()) {
        let law = law.checked().unwrap();
        let mut rng = Rng::new(seed);
        let mut drawn: Vec<f64> = (0..20_000).map(|_| law.sample(&mut rng)).collect();
        drawn.sort_unstable_by(f64::total_cmp);
        let n = drawn.len() as f64;
        let ranks = (0_u32..).map(|rank| f64::from(rank) / n);
        let gap = |(x, rank): (&f64, f64)| (law.cdf(*x) - rank - 0.5 / n).abs();
        // A point mass has many ranks at one value; it is checked by its mean.
        if !matches!(law, Law::Mixture(_)) {
            let largest = drawn.iter().zip(ranks).map(gap).fold(0.0, f64::max);
            assert!(largest * n.sqrt() < 1.95, "{law:?}: {largest}");
        }
        let mean = drawn.iter().sum::<f64>() / n;
        assert!((mean / law.mean() - 1.0).abs() < 0.04, "{law:?}: {mean}");
        let variance = drawn.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / n;
        assert!((variance / law.variance() - 1.0).abs() < 0.1, "{law:?}: {variance}");
        for p in [0.01, 0.5, 0.99] {
            let at = law.quantile(p);
            assert!(law.cdf(at) >= p - 1e-12 && law.cdf(at - 1e-9) <= p + 1e-6, "{law:?} {p}");
        }
    }
}

#[test]
fn scaling_a_law_scales_its_outcomes() {
    for law in laws() {
        let twice = law.scaled(2.0);
        assert!((twice.mean() / law.mean() - 2.0).abs() < 1e-12);
        assert!((twice.cdf(5.0) - law.cdf(2.5)).abs() < 1e-12);
    }
}

/// erf √.2, and complements of sums of Poisson probabilities.
#[test]
fn the_incomplete_gamma_function_has_its_known_values() {
    let known = [
        (0.5, 0.2, 0.472_910_743_134_461_9),
        (1.0, 2.0, 0.864_664_716_763_387_3),
        (3.0, 2.5, 0.456_186_883_712_086_9),
        (10.0, 25.0, 0.999_778_523_361_747_5),
    ];
    for (shape, x, expected) in known {
        assert!(
            (lower_gamma(shape, x) - expected).abs() < 1e-9,
            "{shape} {x}: {}",
            lower_gamma(shape, x)
        );
    }
    assert!(lower_gamma(2.0, -1.0) <= 0.0 && lower_gamma(2.0, f64::INFINITY) >= 1.0);
}

/// Sums of many draws lie within five standard errors of their mean.
#[test]
fn counts_have_their_means() {
    let mut rng = Rng::new(9);
    let mut near = |draws: u32, mean: f64, sd: f64, draw: &mut dyn FnMut(&mut Rng) -> f64| {
        let sum: f64 = (0..draws).map(|_| draw(&mut rng)).sum();
        let found = sum / f64::from(draws);
        assert!((found - mean).abs() < 5.0 * sd / f64::from(draws).sqrt(), "{found} {mean}");
    };
    near(20_000, 3.0, 1.7, &mut |rng| binomial(rng, 100, 0.03) as f64);
    near(20_000, 900.0, 9.5, &mut |rng| binomial(rng, 1_000, 0.9) as f64);
    near(20_000, 49.0, 49.5, &mut |rng| geometric(rng, 0.02) as f64);
    near(20_000, 7.5, 2.8, &mut |rng| poisson(rng, 7.5) as f64);
    let mut rng = Rng::new(1);
    assert_eq!(binomial(&mut rng, 5, 1.5), 5);
    assert_eq!(binomial(&mut rng, 5, -0.5), 0);
    assert_eq!(geometric(&mut rng, 0.0), u64::MAX);
    assert_eq!(poisson(&mut rng, 0.0), 0);
}

#[test]
fn a_histogram_drawn_at_once_is_one_drawn_unit_by_unit() {
    let law = Law::Gamma { mean: 5.0, shape: 2.0 };
    let edges: Vec<f64> = (1..30).map(f64::from).collect();
    let buckets = Buckets::of(&law, &edges);
    assert!((buckets.probabilities().iter().sum::<f64>() - 1.0).abs() < 1e-12);
    let mut rng = Rng::new(4);
    for units in [100, 200_000] {
        let mut drawn = vec![0; 30];
        let rounds = 200_000 / units;
        (0..rounds).for_each(|_| buckets.add(&mut rng, units, &mut drawn));
        assert_eq!(drawn.iter().sum::<u64>(), 200_000);
        let mut plain = vec![0; 30];
        multinomial(&mut rng, 200_000, buckets.probabilities(), &mut plain);
        for (histogram, name) in [(&drawn, "buckets"), (&plain, "multinomial")] {
            for (count, p) in histogram.iter().zip(buckets.probabilities()) {
                let (expected, sd) = (200_000.0 * p, (200_000.0 * p * (1.0 - p)).sqrt());
                assert!(
                    (*count as f64 - expected).abs() < 5.0 * sd + 1.0,
                    "{name} {units}: {count} {expected}"
                );
            }
        }
    }
}

#[test]
fn laws_that_make_none_are_refused() {
    assert!(Law::Normal { mean: 0.0, sd: 0.0 }.checked().is_err());
    assert!(Law::LogNormal { median: -1.0, sigma: 1.0 }.checked().is_err());
    assert!(Law::Mixture(vec![(0.5, Law::Constant(1.0))]).checked().is_err());
    let nested = Law::Shifted { by: 1.0, law: Box::new(Law::exponential(f64::NAN)) };
    assert!(nested.checked().is_err());
}
