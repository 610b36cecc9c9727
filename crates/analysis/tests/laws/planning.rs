//! Units needed, from the same e-functions that decide.

use seatrial_analysis::latency::{Check as Latency, Edges, Limit, QuantileRatio, Slower};
use seatrial_analysis::two_outcome::{Check, Margin};
use seatrial_analysis::units_needed::{self, Expected, ExpectedAnswers};
use seatrial_analysis::{Alpha, ArmHistogram, Pi, Stratum};

use crate::stratum;

fn alpha() -> Alpha {
    Alpha::new(0.05).unwrap()
}

fn expected(candidate_bad: f64, incumbent_bad: f64) -> Expected {
    Expected { pi: Pi::new(0.05).unwrap(), candidate_bad, incumbent_bad }
}

fn errors(margin: Margin, rates: Expected) -> Option<u64> {
    units_needed::two_outcome(&Check::errors(margin).unwrap(), &[], &rates, alpha())
}

#[test]
fn zero_errors_pass_at_the_published_units() {
    let none = expected(0.0, 0.0);
    let both = |absolute| errors(Margin::Both { ratio: 2.0, absolute }, none).unwrap();
    assert!(both(0.005).abs_diff(857) <= 2, "{}", both(0.005));
    assert!(both(0.01).abs_diff(428) <= 2, "{}", both(0.01));
    let alone = errors(Margin::Absolute(0.005), none).unwrap();
    assert!(alone.abs_diff(719) <= 10, "1.2 × ln 20 / δ, found {alone}");
    assert_eq!(
        errors(Margin::Ratio(2.0), none),
        None,
        "a ratio decides nothing when nothing fails"
    );
}

#[test]
fn a_candidate_beyond_the_margin_never_passes() {
    assert_eq!(errors(Margin::Absolute(0.005), expected(0.03, 0.01)), None);
}

#[test]
fn planned_units_are_the_first_that_pass() {
    let check = Check::errors(Margin::Both { ratio: 2.0, absolute: 0.005 }).unwrap();
    let so_far = [stratum(0.05, [0, 200, 0, 3_800])];
    let rates = Expected::observed(&so_far[0]).unwrap();
    let more = units_needed::two_outcome(&check, &so_far, &rates, alpha()).unwrap();
    let passes = |more: u64| {
        let counts = [0, 200 + more, 0, 3_800 + 19 * more];
        alpha().rejects(check.healthy_log_e(&[stratum(0.05, counts)]))
    };
    assert!(passes(more) && !passes(more - 1), "{more}");
    let done = [stratum(0.05, [0, 1_000, 0, 19_000])];
    assert_eq!(units_needed::two_outcome(&check, &done, &rates, alpha()), Some(0));
}

#[test]
fn feedback_needs_more_units_the_smaller_its_margin() {
    let needed = |margin| {
        let check = Check::feedback(Margin::Absolute(margin)).unwrap();
        units_needed::two_outcome(&check, &[], &expected(0.03, 0.09), alpha()).unwrap()
    };
    assert!(needed(0.05) < needed(0.02) && needed(0.02) < 1_000, "{}", needed(0.02));
}

#[test]
fn latency_limit_needs_the_published_units() {
    let edges = Edges::default();
    let limit = Limit::new(&edges, 250_000, 0.99).unwrap();
    let needed = |so_far: &[_], exceeding| {
        let pi = Pi::new(0.05).unwrap();
        let answers = ExpectedAnswers { pi, exceeding };
        units_needed::latency_limit(&limit, so_far, answers, alpha()).unwrap()
    };
    assert_eq!(needed(&[], 0.0), Some(358));
    assert_eq!(needed(&[], 0.02), None);
    let mut counts = ArmHistogram::empty(edges.buckets());
    counts.candidate[edges.worst_bucket()] = 1;
    assert_eq!(needed(&[Stratum::new(0.05, counts).unwrap()], 0.0), Some(938));
    // Of those seen before at 2.5 % hardly half as many are moved, and less is staked on all others.
    let seen = Stratum::new(0.025 / 0.975, ArmHistogram::empty(edges.buckets())).unwrap();
    let new = needed(&[seen], 0.0).unwrap();
    assert!((690..=740).contains(&new), "{new}");
}

#[test]
fn any_latency_check_extrapolates_its_own_histogram() {
    let edges = Edges::default();
    let mut counts = ArmHistogram::empty(edges.buckets());
    counts.candidate[edges.bucket_of(1_000)] = 50;
    counts.incumbent[edges.bucket_of(1_000)] = 950;
    let limit = Limit::new(&edges, 250_000, 0.99).unwrap();
    let ratio = QuantileRatio::new(&edges, 0.99, 1.5).unwrap();
    let slower = Slower::new(&edges, &counts.incumbent).unwrap();
    let strata = [Stratum::new(0.05, counts).unwrap()];
    let needed = |check: &Latency| units_needed::latency(&check.passing(&strata).unwrap(), alpha());
    assert_eq!(needed(&Latency::Limited(limit.clone())), Some(308));
    let both = needed(&Latency::LimitedRatio(limit, ratio.clone())).unwrap();
    let alone = needed(&Latency::Ratio(slower, ratio)).unwrap();
    assert!(both > 0 && alone > 0 && both < 1_000 && alone < 1_000, "{both} {alone}");
    let limit = Latency::Limited(Limit::new(&edges, 9, 0.99).unwrap());
    let none = limit.passing::<ArmHistogram>(&[]).unwrap();
    assert_eq!(units_needed::latency(&none, alpha()), None);
}

/// Bucket by bucket the units are those of a search over the whole test, and no fewer are enough.
#[test]
fn a_ratios_units_are_the_first_that_pass_the_whole_test() {
    let edges = Edges::default();
    let ratio = QuantileRatio::new(&edges, 0.99, 1.2).unwrap();
    let limit = Limit::new(&edges, 4_000, 0.99).unwrap();
    let mut compared = 0;
    for seed in 0..12 {
        let mut rng = crate::traffic::Rng::new(seed);
        let mut counts = ArmHistogram::empty(edges.buckets());
        for _ in 0..(20 + 15 * seed) {
            counts.candidate[edges.bucket_of(rng.latency_micros(0.97))] += 1;
        }
        (0..4_000).for_each(|_| {
            counts.incumbent[edges.bucket_of(rng.latency_micros(1.0))] += 1;
        });
        let slower = Slower::new(&edges, &counts.incumbent).unwrap();
        let both = Latency::LimitedRatio(limit.clone(), ratio.clone());
        for check in [Latency::Ratio(slower, ratio.clone()), both] {
            let units = counts.candidate_units();
            let strata = [Stratum::new(0.05, counts.clone()).unwrap()];
            let needed = units_needed::latency(&check.passing(&strata).unwrap(), alpha());
            let Some(needed) = needed else { continue };
            // As many times the counts as make whole units: there the whole test is asked.
            let healthy = |times: u64| {
                let scaled = |arm: &[u64]| arm.iter().map(|count| count * times).collect();
                let counts = ArmHistogram {
                    candidate: scaled(&counts.candidate),
                    incumbent: scaled(&counts.incumbent),
                };
                let log_e = check.healthy_log_e(&[Stratum::new(0.05, counts).unwrap()]).unwrap();
                alpha().rejects(log_e)
            };
            assert!(healthy((units + needed).div_ceil(units)), "{seed}: {needed}");
            assert!(needed == 0 || !healthy((units + needed - 1) / units), "{seed}: {needed}");
            compared += 1;
        }
    }
    assert!(compared > 12, "{compared}");
}
