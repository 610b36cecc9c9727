//! Expectations by exact enumeration: every possible sequence of a few units, weighted by its
//! probability. No sampling, so the tolerance is that of floating point.

use seatrial_analysis::errors_row::ErrorsRow;
use seatrial_analysis::two_outcome::{Centres, Check, Contrast, Family, Margin};
use seatrial_analysis::{Cells, Mixture, Stratum};

use crate::stratum;

const RATES: [f64; 6] = [0.0, 0.01, 0.1, 0.3, 0.5, 0.9];
const SHARES: [f64; 4] = [0.01, 0.05, 0.25, 0.5];
const UNITS: u64 = 5;

/// E[exp(log_e)] over the multinomial of `UNITS` units, candidate rate `p1`, incumbent rate `p0`.
fn expectation(pi: f64, p1: f64, p0: f64, log_e: impl Fn(&[Stratum<Cells>]) -> f64) -> f64 {
    let probabilities = [pi * p1, pi * (1.0 - p1), (1.0 - pi) * p0, (1.0 - pi) * (1.0 - p0)];
    compositions()
        .into_iter()
        .map(|counts| (counts, multinomial(counts, probabilities)))
        .filter(|(_, probability)| *probability > 0.0)
        .map(|(counts, probability)| probability * log_e(&[stratum(pi, counts)]).exp())
        .sum()
}

fn compositions() -> Vec<[u64; 4]> {
    let mut all = Vec::new();
    for a in 0..=UNITS {
        for b in 0..=UNITS - a {
            for c in 0..=UNITS - a - b {
                all.push([a, b, c, UNITS - a - b - c]);
            }
        }
    }
    all
}

fn multinomial(counts: [u64; 4], probabilities: [f64; 4]) -> f64 {
    let factorial = |n: u64| (1..=n).product::<u64>() as f64;
    let ways = factorial(UNITS) / counts.map(factorial).iter().product::<f64>();
    let powers = counts.iter().zip(probabilities).map(|(n, p)| p.powi(i32::try_from(*n).unwrap()));
    ways * powers.product::<f64>()
}

#[test]
fn errors_row_expects_one_without_an_effect_and_at_most_one_if_no_worse() {
    let row = ErrorsRow::default();
    for pi in SHARES {
        for p0 in RATES {
            let same = expectation(pi, p0, p0, |strata| row.log_e(strata));
            assert!((same - 1.0).abs() < 1e-12, "{pi} {p0}: {same}");
            for p1 in RATES.into_iter().filter(|p1| *p1 < p0) {
                assert!(expectation(pi, p1, p0, |strata| row.log_e(strata)) < 1.0);
            }
        }
    }
}

#[test]
fn betting_family_expects_one_on_the_boundary_of_each_null() {
    let nulls = [
        (Contrast::no_worse(), 1.0, 0.0),
        (Contrast::no_worse_than(1.05, 0.01).unwrap(), 1.05, 0.01),
        (Contrast::within_ratio(2.0).unwrap(), 2.0, 0.0),
        (Contrast::within_absolute(0.02).unwrap(), 1.0, 0.02),
    ];
    for (contrast, a, t) in nulls {
        for (centres, mixture) in [
            (Centres::Feedback, Mixture::Uniform),
            (Centres::Feedback, Mixture::Common),
            (Centres::Errors, Mixture::HalfOnWhole),
            (Centres::Errors, Mixture::WithinRatio),
        ] {
            let family = Family::new(contrast, &centres, mixture).unwrap();
            for pi in SHARES {
                for (p0, p1) in RATES.map(|p0| (p0, a * p0 + t)).into_iter().filter(|b| b.1 <= 1.0)
                {
                    let e = expectation(pi, p1, p0, |strata| family.log_e(strata));
                    assert!((e - 1.0).abs() < 1e-11, "{contrast:?} {pi} {p0}: {e}");
                }
            }
        }
    }
}

#[test]
fn checks_expect_at_most_one_inside_their_nulls() {
    let margin = Margin::Both { ratio: 2.0, absolute: 0.05 };
    for check in [Check::errors(margin).unwrap(), Check::feedback(margin).unwrap()] {
        for pi in SHARES {
            for p0 in RATES {
                for p1 in RATES {
                    let rollback = expectation(pi, p1, p0, |strata| check.rollback_log_e(strata));
                    assert!(p1 > p0 || rollback <= 1.0 + 1e-11, "{pi} {p1} {p0}: {rollback}");
                    let beyond_both = p1 >= 2.0 * p0 && p1 >= p0 + 0.05;
                    let healthy = expectation(pi, p1, p0, |strata| check.healthy_log_e(strata));
                    assert!(!beyond_both || healthy <= 1.0 + 1e-11, "{pi} {p1} {p0}: {healthy}");
                }
            }
        }
    }
}
