//! How values are drawn at once.

use super::*;

/// Mean and variance over draws, of the values' sum and their squares' sum.
fn spread_of(draws: &[kpi::Values], of: fn(&kpi::Values) -> u64) -> (f64, f64) {
    let values: Vec<f64> = draws.iter().map(|it| float(of(it))).collect();
    let mean = values.iter().sum::<f64>() / values.len() as f64;
    let square = values.iter().map(|it| (it - mean).powi(2)).sum::<f64>();
    (mean, square / values.len() as f64)
}

/// Laws with heavy tails, and with many values alike.
pub(super) fn heavy() -> [Law; 3] {
    let worth = Law::LogNormal { median: 10.0, sigma: 1.5 };
    [
        worth.clone(),
        Law::Mixture(vec![(0.7, Law::Constant(0.0)), (0.3, Law::exponential(5.0))]),
        Law::Mixture(vec![(0.95, Law::Constant(0.0)), (0.05, worth)]),
    ]
}

/// The values of so many units, drawn one by one.
pub(super) fn singles(numbers: &Numbers, rng: &mut Rng, units: ArmCount) -> kpi::Counts {
    let mut counts = kpi::Counts::default();
    for (arm, units) in [(Arm::Candidate, units.candidate), (Arm::Incumbent, units.incumbent)] {
        (0..units).for_each(|_| numbers.one(rng, 0, (arm, &mut counts)));
    }
    counts
}

#[test]
fn sums_drawn_at_once_have_the_law_of_sums_of_single_values() {
    let laws = [
        Law::LogNormal { median: 10.0, sigma: 0.8 },
        Law::Normal { mean: 0.0, sd: 3.0 },
        Law::Mixture(vec![(0.7, Law::Constant(0.0)), (0.3, Law::exponential(5.0))]),
    ];
    for law in laws {
        let (incumbent, candidate) = (law.clone(), law.clone());
        let metric = "revenue".to_owned();
        let numbers = Numbers::new(&load::Values { metric, incumbent, candidate }, 3).unwrap();
        let (mut rng, units, draws) = (Rng::new(5), 200, 4_000);
        let count = ArmCount { candidate: units, incumbent: 0 };
        let at_once: Vec<_> =
            (0..draws).map(|_| numbers.draw(&mut rng, 0, count).candidate).collect();
        let singles: Vec<_> =
            (0..draws).map(|_| singles(&numbers, &mut rng, count).candidate).collect();
        let measures: [fn(&kpi::Values) -> u64; 3] =
            [|it| it.sum, |it| it.squares, |it| it.buckets.iter().skip(32).sum()];
        for of in measures {
            let ((mean, variance), (other, other_variance)) =
                (spread_of(&at_once, of), spread_of(&singles, of));
            // Four standard errors of the difference of two means, and of two variances.
            let error = 4.0 * (2.0 * variance / f64::from(draws)).sqrt();
            assert!((mean - other).abs() <= error, "{law:?} {mean} {other} {error}");
            let ratio = variance / other_variance;
            assert!((0.87..1.15).contains(&ratio), "{law:?} {ratio}");
        }
    }
}

#[test]
fn values_before_the_canary_make_the_reference_where_they_are_enough() {
    let found = [0, 499, 500, 1 << 40].map(Frozen::at_canary);
    assert_eq!(found, [Frozen::After(1_000), Frozen::After(501), Frozen::Yes, Frozen::Yes]);
}

#[test]
fn values_that_are_all_alike_make_no_reference() {
    let constant = || Law::Constant(3.0);
    let metric = "revenue".to_owned();
    let values = load::Values { metric, incumbent: constant(), candidate: constant() };
    assert!(matches!(Numbers::new(&values, 1), Err(Error::Values { .. })));
}
