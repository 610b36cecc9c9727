//! KPIs: expectations by enumeration, calibration and delay by seeded simulation, and what a mutation
//! would change.

use seatrial_analysis::kpi::{BURN_IN_CANDIDATE_UNITS, Better, Check, Counts, Reference, Worse};
use seatrial_analysis::two_outcome::Margin;
use seatrial_analysis::units_needed::{self, ExpectedKpi, ExpectedValues};
use seatrial_analysis::{Alpha, Pi, Stratum, Weight, kpi};

use crate::traffic::Rng;

const SHARES: [f64; 3] = [0.01, 0.05, 0.5];
/// Probabilities of the values −2, 0, 1, 5 and 40: the incumbent's, better ones, worse ones.
pub(crate) const VALUES: [f64; 5] = [-2.0, 0.0, 1.0, 5.0, 40.0];
const INCUMBENT: [f64; 5] = [0.1, 0.4, 0.3, 0.15, 0.05];
const BETTER: [f64; 5] = [0.0, 0.4, 0.3, 0.2, 0.1];
const WORSE: [f64; 5] = [0.4, 0.3, 0.2, 0.1, 0.0];

pub(crate) fn five_values() -> Reference {
    let values: Vec<f64> = (0..400).map(|i| VALUES[[0, 1, 1, 2, 1, 2, 3, 4][i % 8]]).collect();
    let reference = Reference::freeze(&values).unwrap();
    assert_eq!(VALUES.map(|value| reference.bucket_of(value).unwrap()), [0, 1, 2, 3, 4]);
    reference
}

/// E[exp(log_e)] over all sequences of three units; `told` is the share the test is told.
fn expectation(
    (pi, told): (f64, f64),
    candidate: [f64; 5],
    incumbent: [f64; 5],
    log_e: impl Fn(&[Stratum<Counts>]) -> f64,
) -> f64 {
    let reference = five_values();
    let arms = candidate.iter().map(|p| pi * p).chain(incumbent.iter().map(|p| (1.0 - pi) * p));
    let outcomes: Vec<(usize, f64)> = arms.enumerate().filter(|(_, p)| *p > 0.0).collect();
    let mut sum = 0.0;
    for (i, p) in &outcomes {
        for (j, q) in &outcomes {
            for (k, r) in &outcomes {
                let mut counts = Counts::default();
                for outcome in [*i, *j, *k] {
                    let value = VALUES[outcome % 5];
                    let arm =
                        if outcome < 5 { &mut counts.candidate } else { &mut counts.incumbent };
                    arm.record(&reference, value).unwrap();
                }
                sum += p * q * r * log_e(&[Stratum::new(told, counts).unwrap()]).exp();
            }
        }
    }
    sum
}

pub(crate) fn worse(better: Better) -> impl Fn(&[Stratum<Counts>]) -> f64 {
    let worse = Worse::new(&five_values(), better);
    move |strata| worse.log_e(strata).unwrap()
}

#[test]
fn rollback_expects_one_without_an_effect_and_at_most_one_if_no_worse() {
    for pi in SHARES {
        for values in [INCUMBENT, BETTER, WORSE] {
            let e = expectation((pi, pi), values, values, worse(Better::Higher));
            assert!((e - 1.0).abs() < 1e-11, "{pi}: {e}");
        }
        assert!(expectation((pi, pi), BETTER, INCUMBENT, worse(Better::Higher)) < 1.0);
        assert!(expectation((pi, pi), WORSE, INCUMBENT, worse(Better::Higher)) > 1.0);
        assert!(expectation((pi, pi), WORSE, INCUMBENT, worse(Better::Lower)) < 1.0);
        assert!(expectation((pi, pi), BETTER, INCUMBENT, worse(Better::Lower)) > 1.0);
    }
}

#[test]
fn a_wrong_share_breaks_the_expectation() {
    let right = expectation((0.05, 0.05), INCUMBENT, INCUMBENT, worse(Better::Higher));
    let wrong = expectation((0.05, 0.2), INCUMBENT, INCUMBENT, worse(Better::Higher));
    assert!((right - 1.0).abs() < 1e-11 && (wrong - 1.0).abs() > 1e-6, "{right} {wrong}");
}

/// Values of one shape with mean and standard deviation 1.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Shape {
    Exponential,
    LogNormal,
    Normal,
}

fn value(rng: &mut Rng, shape: Shape, factor: f64) -> f64 {
    let log_deviation = 2.0_f64.ln().sqrt();
    match shape {
        Shape::Exponential => -factor * (1.0 - rng.uniform()).ln(),
        Shape::LogNormal => factor * (log_deviation * (rng.normal() - log_deviation / 2.0)).exp(),
        Shape::Normal => factor + rng.normal(),
    }
}

pub(crate) fn frozen(shape: Shape) -> Reference {
    let mut rng = Rng::new(4_711);
    let values: Vec<f64> = (0..2_000).map(|_| value(&mut rng, shape, 1.0)).collect();
    Reference::freeze(&values).unwrap()
}

pub(crate) fn observe(
    stratum: &mut Stratum<Counts>,
    rng: &mut Rng,
    units: u32,
    reference: &Reference,
    draw: impl Fn(&mut Rng, bool) -> f64,
) {
    for _ in 0..units {
        let candidate = rng.happens(stratum.pi.get());
        let value = draw(rng, candidate);
        let counts = &mut stratum.counts;
        let arm = if candidate { &mut counts.candidate } else { &mut counts.incumbent };
        arm.record(reference, value).unwrap();
    }
}

pub(crate) fn empty(pi: f64) -> Stratum<Counts> {
    Stratum::new(pi, Counts::default()).unwrap()
}

/// Total units until the rollback fires, with a look every `block`, if within `blocks`.
fn fires_after(seed: u64, shape: Shape, factor: f64, (block, blocks): (u32, u32)) -> Option<u32> {
    let reference = frozen(shape);
    let pi = Pi::new(0.5).unwrap();
    let worse = Worse::new(&reference, Better::Higher).prepared_for(&[pi]);
    let (mut rng, mut stratum) = (Rng::new(seed), empty(0.5));
    (1..=blocks).map(|look| look * block).find(|_| {
        observe(&mut stratum, &mut rng, block, &reference, |rng, candidate| {
            value(rng, shape, if candidate { factor } else { 1.0 })
        });
        let log_e = worse.log_e(std::slice::from_ref(&stratum)).unwrap();
        Alpha::USUAL.fires(Weight::ALL, log_e)
    })
}

#[test]
fn a_copy_of_the_incumbent_is_rarely_rolled_back() {
    for shape in [Shape::Exponential, Shape::LogNormal, Shape::Normal] {
        let fired = (0..600).filter(|seed| fires_after(*seed, shape, 1.0, (200, 30)).is_some());
        let fired = fired.count();
        assert!(fired <= 30, "{shape:?}: {fired} of 600");
    }
}

/// Two hundredths less, with a coefficient of variation of 1. The information per unit is .25·λ²/2,
/// with λ = ln .98 for the exponential, that over the deviation of the logarithm for the log-normal,
/// and .02 for the shifted normal.
#[test]
fn two_hundredths_less_are_found_near_the_information_limit() {
    let scale = 0.98_f64.ln().powi(2);
    let cases = [
        (Shape::Exponential, scale),
        (Shape::LogNormal, scale / 2.0_f64.ln()),
        (Shape::Normal, 0.0004),
    ];
    for (shape, squared) in cases {
        let limit = 20.0_f64.ln() * 8.0 / squared;
        let runs = 150;
        let total: u32 =
            (0..runs).map(|seed| fires_after(seed, shape, 0.98, (1_000, 2_000)).unwrap()).sum();
        let over = f64::from(total) / runs as f64 / limit;
        assert!((0.9..1.5).contains(&over), "{shape:?}: {over} times the limit");
    }
}

pub(crate) fn within(margin: Margin) -> (Reference, Check) {
    let reference = frozen(Shape::LogNormal);
    let check = Check::new(&reference, Better::Higher, margin).unwrap();
    (reference, check)
}

/// Which part of 400 runs passes within 200,000 units at 50 %, looked at every 2,000.
fn passed(margin: Margin, factor: f64) -> f64 {
    let (reference, check) = within(margin);
    let runs = (0..400).filter(|seed| {
        let (mut rng, mut stratum) = (Rng::new(9_000 + seed), empty(0.5));
        (0..20).any(|_| {
            observe(&mut stratum, &mut rng, 1_000, &reference, |rng, candidate| {
                value(rng, Shape::LogNormal, if candidate { factor } else { 1.0 })
            });
            Alpha::USUAL.rejects(check.healthy_log_e(std::slice::from_ref(&stratum)).unwrap())
        })
    });
    runs.count() as f64 / 400.0
}

#[test]
fn a_candidate_at_the_margin_rarely_passes_and_an_equal_one_does() {
    let at_margin = passed(Margin::Ratio(0.9), 0.9);
    assert!(at_margin <= 0.05, "{at_margin}");
    let equal = passed(Margin::Ratio(0.9), 1.0);
    assert!(equal > 0.95, "{equal}");
    assert!(passed(Margin::Both { ratio: 0.9, absolute: 0.1 }, 1.0) > 0.9);
}

pub(crate) fn observed(seed: u64, pi: f64, units: u32, base: f64, lift: f64) -> Stratum<Counts> {
    let reference = frozen(Shape::LogNormal);
    let (mut rng, mut stratum) = (Rng::new(seed), empty(pi));
    observe(&mut stratum, &mut rng, units, &reference, |rng, candidate| {
        base * value(rng, Shape::LogNormal, if candidate { lift } else { 1.0 })
    });
    stratum
}

#[test]
fn nothing_passes_before_the_burn_in() {
    let (_, check) = within(Margin::Ratio(0.5));
    let few = observed(1, 0.5, 1_900, 1.0, 1.0);
    assert!(few.counts.candidate.units() < BURN_IN_CANDIDATE_UNITS);
    assert!(check.healthy_log_e(std::slice::from_ref(&few)).unwrap().abs() < 1e-12);
    let effect = check.effect(&[few], Alpha::USUAL).unwrap().unwrap();
    assert!(effect.difference.is_none() && effect.candidate > 0.0);
    let enough = observed(1, 0.5, 2_400, 1.0, 1.0);
    assert!(check.healthy_log_e(&[enough]).unwrap() > 3.0);
}

/// A loss of 20 that one unit in a thousand of the incumbent's makes, and two of the candidate's: just
/// the margin. With probability .135 none of 1,000 of its units does.
#[test]
fn an_arm_that_has_not_shown_its_rare_values_passes_nothing() {
    let loss = |unit: u32, every: u32| if unit.is_multiple_of(every) { 20.0 } else { 0.0 };
    let reference =
        Reference::freeze(&(0..20_000).map(|unit| loss(unit, 1_000)).collect::<Vec<_>>()).unwrap();
    let check = Check::new(&reference, Better::Lower, Margin::Absolute(0.02)).unwrap();
    let mut counts = Counts::default();
    (1..=1_000).for_each(|_| counts.candidate.record(&reference, 0.0).unwrap());
    (0..19_000).for_each(|unit| counts.incumbent.record(&reference, loss(unit, 1_000)).unwrap());
    let log_e = |counts: &Counts| {
        check.healthy_log_e(&[Stratum::new(0.05, counts.clone()).unwrap()]).unwrap()
    };
    assert!(log_e(&counts).abs() < 1e-12);
    counts.candidate.record(&reference, 20.0).unwrap();
    assert!(log_e(&counts).abs() < 1e-12, "one is no measure of how rare it is");
}

/// Simpson: the candidate gets more units where the base is high. Pooled it would look better.
#[test]
fn strata_of_different_base_levels_are_not_pooled() {
    let (_, check) = within(Margin::Ratio(0.95));
    let low = observed(2, 0.05, 60_000, 0.3, 0.9);
    let high = observed(3, 0.5, 60_000, 1.0, 0.9);
    let mut pooled = low.clone();
    pooled.counts.merge(&high.counts).unwrap();
    assert!(Alpha::USUAL.rejects(check.healthy_log_e(&[pooled]).unwrap()), "pooled it looks fine");
    let strata = [low, high];
    assert!(check.healthy_log_e(&strata).unwrap() < 0.0);
    assert!(Alpha::USUAL.fires(Weight::ALL, check.rollback_log_e(&strata).unwrap()));
    let effect = check.effect(&strata, Alpha::USUAL).unwrap().unwrap();
    assert!(effect.difference.unwrap().upper < 0.0, "{effect:?}");
}

#[test]
fn a_swapped_arm_or_a_dropped_stratum_changes_the_evidence() {
    let (_, check) = within(Margin::Ratio(0.97));
    let strata = [observed(4, 0.05, 40_000, 1.0, 1.0), observed(5, 0.25, 40_000, 1.0, 0.8)];
    let swapped = strata.clone().map(|stratum| {
        let Counts { candidate, incumbent } = stratum.counts;
        let counts = Counts { candidate: incumbent, incumbent: candidate };
        Stratum { pi: stratum.pi, counts }
    });
    let rollback = |strata: &[_]| check.rollback_log_e(strata).unwrap();
    let healthy = |strata: &[_]| check.healthy_log_e(strata).unwrap();
    assert!(rollback(&strata) > 50.0 && rollback(&strata[..1]) < 3.0);
    assert!(rollback(&swapped) < rollback(&strata) - 10.0, "{}", rollback(&swapped));
    assert!(healthy(&strata[..1]) > healthy(&strata) + 1.0);
    assert!(healthy(&swapped) > 0.0 && healthy(&strata) < 0.0);
}

/// The effect's interval covers the truth at every look of 95 % of the runs.
#[test]
fn the_confidence_sequence_covers_the_difference_at_every_look() {
    let (reference, check) = within(Margin::Ratio(0.9));
    let (mut rng, mut sum) = (Rng::new(31), 0.0);
    let (low, high) = reference.range();
    let truth = {
        let mut mean = |factor| {
            sum = 0.0;
            (0..400_000).for_each(|_| {
                sum += value(&mut rng, Shape::LogNormal, factor).clamp(low, high);
            });
            sum / 400_000.0
        };
        mean(1.05) - mean(1.0)
    };
    let missed = (0..300).filter(|seed| {
        let (mut rng, mut stratum) = (Rng::new(700 + seed), empty(0.25));
        (0..15).any(|_| {
            observe(&mut stratum, &mut rng, 1_000, &reference, |rng, candidate| {
                value(rng, Shape::LogNormal, if candidate { 1.05 } else { 1.0 })
            });
            let effect = check.effect(std::slice::from_ref(&stratum), Alpha::USUAL).unwrap();
            let interval = effect.and_then(|effect| effect.difference);
            interval.is_some_and(|found| truth < found.lower || truth > found.upper)
        })
    });
    let missed = missed.count();
    assert!(missed <= 15, "{missed} of 300");
}

#[test]
fn units_needed_are_those_at_which_it_passes() {
    let (_, check) = within(Margin::Ratio(0.95));
    let so_far = observed(6, 0.5, 3_000, 1.0, 1.0);
    let more = units_needed::kpi(&check, &[so_far], Alpha::USUAL).unwrap().unwrap();
    assert!((1_000..100_000).contains(&more), "{more}");
    let values = ExpectedValues { mean: 1.0, deviation: 0.9 };
    let expected = ExpectedKpi { pi: Pi::new(0.5).unwrap(), candidate: values, incumbent: values };
    let planned = units_needed::kpi_expected(&check, &expected, Alpha::USUAL).unwrap();
    assert!((1_000..60_000).contains(&planned), "{planned}");
    let worse = ExpectedValues { mean: 0.9, deviation: 0.9 };
    let never = ExpectedKpi { candidate: worse, ..expected };
    assert_eq!(units_needed::kpi_expected(&check, &never, Alpha::USUAL), None);
}

#[test]
fn nought_for_nearly_every_unit_can_be_tested_and_a_constant_cannot() {
    let rare: Vec<f64> =
        (0..2_000).map(|i| if i % 250 == 0 { f64::from(i) } else { 0.0 }).collect();
    let reference = Reference::freeze(&rare).unwrap();
    assert!(reference.buckets() > 4, "{}", reference.buckets());
    let (low, high) = reference.range();
    assert!(low.abs() < 1e-12 && high > 1_000.0, "{low} {high}");
    assert_eq!(Reference::freeze(&[3.0; 500]), Err(kpi::Error::Constant));
    // A few below and all others alike are no constant, nor are a few above.
    for (few, range) in [(-4.0, (-4.0, 0.0)), (4.0, (0.0, 4.0))] {
        let mut values = vec![0.0; 995];
        values.extend([few; 5]);
        assert_eq!(Reference::freeze(&values).unwrap().range(), range);
    }
    assert_eq!(Reference::freeze(&[1.0; 5]), Err(kpi::Error::TooFew { found: 5 }));
    assert_eq!(Reference::freeze(&[f64::NAN; 500]), Err(kpi::Error::NotFinite));
}
