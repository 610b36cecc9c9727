//! The KPI's tests over several histories: what holds for all units of a gate, and what is shown of it.

use super::kpi::{empty, observe, observed, within};
use crate::traffic::Rng;
use proptest::prelude::*;
use seatrial_analysis::kpi::{Better, Check, Counts, Effect};
use seatrial_analysis::mixture::Normal;
use seatrial_analysis::two_outcome::Margin;
use seatrial_analysis::{Alpha, Stratum};

fn effect(check: &Check, strata: &[Stratum<Counts>]) -> Effect {
    check.effect(strata, Alpha::USUAL).unwrap().unwrap()
}

fn passes(check: &Check, strata: &[Stratum<Counts>]) -> bool {
    Alpha::USUAL.rejects(check.healthy_log_e(strata).unwrap())
}

/// Of one history few are moved, and those have lost nearly all. The incumbent has as many of them as of the
/// other, which has lost nothing.
#[test]
fn a_candidate_that_loses_only_those_too_few_to_measure_does_not_pass() {
    let (_, check) = within(Margin::Ratio(0.9));
    let kept = observed(1, 0.5, 12_000, 1.0, 1.0);
    assert!(passes(&check, std::slice::from_ref(&kept)));
    for (pi, units) in [(0.01, 6_000), (0.000_1, 6_000)] {
        let lost = observed(2, pi, units, 1.0, 0.1);
        assert!(lost.counts.candidate.units() < 100, "{lost:?}");
        let strata = [kept.clone(), lost];
        assert!(!passes(&check, &strata));
        let incumbents = strata[1].counts.incumbent.units();
        assert_eq!(check.unmeasured(&strata).unwrap(), incumbents);
        let shown = effect(&check, &strata).difference.unwrap();
        assert!(
            shown.lower < -0.4 && shown.upper > 1.0,
            "half of all may have any mean: {shown:?}"
        );
    }
    assert_eq!(check.unmeasured(&[kept]).unwrap(), 0);
}

/// One unit in two hundred of the incumbent's.
#[test]
fn a_history_of_hardly_anybody_does_not_keep_an_equal_candidate() {
    let (_, check) = within(Margin::Ratio(0.9));
    let strata = [observed(1, 0.5, 40_000, 1.0, 1.0), observed(2, 0.3, 150, 1.0, 1.0)];
    assert!(check.unmeasured(&strata).unwrap() > 0);
    assert!(passes(&check, &strata));
}

#[test]
fn the_difference_that_is_shown_is_the_one_a_pass_rests_on() {
    let strata = [observed(6, 0.05, 40_000, 1.0, 1.0), observed(7, 0.5, 20_000, 2.0, 0.9)];
    let (reference, check) = within(Margin::Ratio(0.97));
    let shown = effect(&check, &strata);
    let lost = shown.incumbent - shown.candidate;
    assert!(lost > 0.01, "{shown:?}");
    let at = Check::new(&reference, Better::Higher, Margin::Absolute(lost));
    let found = at.unwrap().healthy_log_e(&strata).unwrap();
    let units = |it: &Stratum<Counts>| it.counts.candidate.units() + it.counts.incumbent.units();
    let balanced = |it: &Stratum<Counts>| {
        let pi = it.pi.get();
        4.0 * pi * (1.0 - pi) * units(it) as f64
    };
    let v = strata.iter().map(balanced).sum();
    let nothing = Normal::new(40_000.0, Alpha::USUAL).log_e(0.0, v);
    assert!((found - nothing).abs() < 1e-9, "at that margin X is nought: {found} {nothing}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// At half of alpha a side the interval is the wider one, so that what it excludes is passed.
    #[test]
    fn a_margin_below_the_interval_is_passed(
        seed in 0..1_000_u64,
        units in (3_000..40_000_u32, 0..20_000_u32),
        lift in (0.9..1.1_f64, 0.6..1.1_f64),
    ) {
        let (reference, check) = within(Margin::Ratio(0.9));
        let strata = [
            observed(seed, 0.5, units.0, 1.0, lift.0),
            observed(seed + 1, 0.02, units.1, 1.4, lift.1),
        ];
        let shown = effect(&check, &strata);
        let Some(interval) = shown.difference else { return Ok(()) };
        let apart = shown.candidate - shown.incumbent;
        prop_assert!(interval.lower < apart && apart < interval.upper, "{:?}", shown);
        let margin = 1e-6 - interval.lower;
        prop_assume!(margin > 0.0);
        let check = Check::new(&reference, Better::Higher, Margin::Absolute(margin)).unwrap();
        prop_assert!(passes(&check, &strata), "{:?}", shown);
    }
}

/// By hand, from each stratum's own effect: weights are `sqrt(4 pi (1 - pi) n) / error`.
#[test]
fn strata_weigh_of_several_gates_weigh_by_their_share_their_units_and_their_spread() {
    let (_, check) = within(Margin::Ratio(0.97));
    let strata = [observed(6, 0.05, 40_000, 1.0, 1.0), observed(7, 0.5, 20_000, 2.0, 0.9)];
    let effect = |strata: &[_]| check.effect_over_gates(strata, Alpha::USUAL).unwrap().unwrap();
    let (mut total, mut candidate, mut incumbent) = (0.0, 0.0, 0.0);
    for stratum in &strata {
        let alone = effect(std::slice::from_ref(stratum));
        let units = (stratum.counts.candidate.units() + stratum.counts.incumbent.units()) as f64;
        let pi = stratum.pi.get();
        let weight = (4.0 * pi * (1.0 - pi) * units).sqrt() / alone.error;
        total += weight;
        candidate += weight * alone.candidate;
        incumbent += weight * alone.incumbent;
    }
    let both = effect(&strata);
    assert!((both.candidate - candidate / total).abs() < 1e-9, "{both:?}");
    assert!((both.incumbent - incumbent / total).abs() < 1e-9, "{both:?}");
}

/// The candidate loses a tenth with those whose values vary much, and nothing with the others, who are as
/// many: a loss of a twentieth of all, at the margin.
#[test]
fn a_mean_that_is_surely_kept_in_one_history_makes_up_for_no_loss_in_another() {
    let (reference, check) = within(Margin::Absolute(0.05));
    let history = |seed, pi, spread: f64, loss: f64| {
        let (mut rng, mut stratum) = (Rng::new(seed), empty(pi));
        observe(&mut stratum, &mut rng, 40_000, &reference, |rng, candidate| {
            1.0 + spread * rng.normal() - if candidate { loss } else { 0.0 }
        });
        stratum
    };
    let passed = (0..40).filter(|seed| {
        let strata = [history(seed + 100, 0.5, 0.05, 0.0), history(seed + 200, 0.5, 0.25, 0.1)];
        Alpha::USUAL.rejects(check.healthy_log_e(&strata).unwrap())
    });
    let passed = passed.count();
    assert!(passed <= 2, "{passed} of 40");
    let equal = [history(1, 0.5, 0.05, 0.0), history(2, 0.5, 0.25, 0.0)];
    assert!(Alpha::USUAL.rejects(check.healthy_log_e(&equal).unwrap()));
}
