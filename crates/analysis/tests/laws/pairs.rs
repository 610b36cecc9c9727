//! Shadow pairs: expectations by enumeration, what they find, and how soon.

use seatrial_analysis::Alpha;
use seatrial_analysis::paired::Discordance;
use seatrial_analysis::pairs::{Disagreement, Error, less_right_log_e, mcnemar_log_e, sign_log_e};

use crate::traffic::Rng;

const PAIRS: u64 = 12;

/// E[exp(log_e)] over `PAIRS` pairs, each with the outcome at this rate.
fn expectation(rate: f64, log_e: impl Fn(u64, u64) -> f64) -> f64 {
    let choose = |k: u64| (0..k).map(|i| (PAIRS - i) as f64 / (i + 1) as f64).product::<f64>();
    (0..=PAIRS)
        .map(|k| {
            let [with, without] = [k, PAIRS - k].map(|n| i32::try_from(n).unwrap());
            let probability = choose(k) * rate.powi(with) * (1.0 - rate).powi(without);
            probability * log_e(k, PAIRS - k).exp()
        })
        .sum()
}

#[test]
fn a_budgets_tests_expect_one_at_the_budget_and_less_inside_their_nulls() {
    for budget in [0.01, 0.25, 0.6] {
        let test = Disagreement::new(budget).unwrap();
        let over = |rate| expectation(rate, |with, without| test.over_log_e(with, without));
        let within = |rate| expectation(rate, |with, without| test.within_log_e(with, without));
        assert!((over(budget) - 1.0).abs() < 1e-9, "{budget}: {}", over(budget));
        assert!((within(budget) - 1.0).abs() < 1e-9, "{budget}: {}", within(budget));
        assert!(over(0.5 * budget) < 1.0 && over(1.5 * budget) > 1.0);
        assert!(within(1.5 * budget) < 1.0 && within(0.5 * budget) > 1.0);
    }
}

#[test]
fn signs_expect_one_for_even_odds_and_less_for_better_ones() {
    let sign = |rate| expectation(rate, sign_log_e);
    assert!((sign(0.5) - 1.0).abs() < 1e-9, "{}", sign(0.5));
    assert!(sign(0.3) < 1.0 && sign(0.8) > 1.0);
    let both = |rate| {
        expectation(rate, |incumbent_only, candidate_only| {
            mcnemar_log_e(&Discordance { pairs: 50, candidate_only, incumbent_only })
        })
    };
    assert!((both(0.5) - 1.0).abs() < 1e-9 && both(0.2) > 1.0 && both(0.8) > 1.0);
}

#[test]
fn swapped_arms_turn_the_evidence_round() {
    let worse = Discordance { pairs: 1_000, candidate_only: 20, incumbent_only: 60 };
    let better = Discordance { candidate_only: 60, incumbent_only: 20, ..worse };
    assert!(Alpha::USUAL.rejects(less_right_log_e(&worse)));
    assert!(less_right_log_e(&better) < 0.0);
    assert!((mcnemar_log_e(&worse) - mcnemar_log_e(&better)).abs() < 1e-12);
}

/// The part of 500 shadows that reject within 5,000 pairs, looked at every ten.
fn rejecting(rate: f64, log_e: impl Fn(u64, u64) -> f64) -> f64 {
    let runs = (0..500).filter(|seed| {
        let (mut rng, mut with) = (Rng::new(*seed), 0);
        (1..=500).any(|look| {
            with += (0..10).filter(|_| rng.happens(rate)).count() as u64;
            Alpha::USUAL.rejects(log_e(with, 10 * look - with))
        })
    });
    runs.count() as f64 / 500.0
}

#[test]
fn a_disagreement_at_the_budget_is_rarely_called_over_or_within_it() {
    let test = Disagreement::new(0.25).unwrap();
    let over = |rate| rejecting(rate, |with, without| test.over_log_e(with, without));
    let within = |rate| rejecting(rate, |with, without| test.within_log_e(with, without));
    assert!(over(0.25) <= 0.05 && within(0.25) <= 0.05, "{} {}", over(0.25), within(0.25));
    assert!(over(0.30) > 0.99 && within(0.20) > 0.99, "{} {}", over(0.3), within(0.2));
}

/// Of the arcsine law above one half, the mean is 1/2 + 1/pi; one pair bets twice that much.
#[test]
fn one_sign_is_worth_what_the_mixture_above_one_half_makes_of_it() {
    let part = 2.0 / std::f64::consts::PI;
    assert!((sign_log_e(1, 0) - part.ln_1p()).abs() < 1e-9, "{}", sign_log_e(1, 0));
    assert!((sign_log_e(0, 1) - (-part).ln_1p()).abs() < 1e-9, "{}", sign_log_e(0, 1));
}

#[test]
fn no_disagreement_at_all_is_within_a_budget_soon() {
    let test = Disagreement::new(0.01).unwrap();
    let needed =
        (1..10_000).find(|pairs| Alpha::USUAL.rejects(test.within_log_e(0, *pairs))).unwrap();
    // −ln(20)/ln(.99) = 298 is the fewest any test of a rate can do with.
    assert!((298..600).contains(&needed), "{needed}");
}

#[test]
fn budgets_that_ask_nothing_are_refused() {
    for budget in [0.0, 1.0, -0.5, f64::NAN] {
        assert!(matches!(Disagreement::new(budget), Err(Error::Budget(_))));
    }
}
