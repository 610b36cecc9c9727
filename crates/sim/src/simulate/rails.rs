//! How likely a guardrail is to trip, from above: where it cannot, no request is drawn by itself.
//!
//! Owns three bounds on the probability that one candidate answer trips a rail. A run of `limit` bad
//! answers ends at a given one with probability badʳᵘⁿ. A window of at least m answers holds more than
//! a·m bad ones with probability at most exp(−m·KL(a‖p)) (Chernoff); m is at least `minRequests`. And the
//! answers of a window are Poisson, of a mean μ at least: beside a bad answer it holds B + 1 bad ones of
//! N + 1 with B and N − B Poisson, and E exp(t(B + 1 − a(N + 1))) = eᵗ⁽¹⁻ᵃ⁾·exp(−μ(1 − exp(−KL(a‖p)))) at
//! the best t, of which eᵗ is the ratio of the odds of a and of p. A rail of readiness never trips here: the
//! candidate is always ready.
//!
//! And the law of runs of bad answers that are rare: n answers hold Poisson many of them, of the mean
//! n(1 − p)pˡ, but for a total variation below (2l + 1)·pˡ (Chen and Stein).

use super::arrivals::float;
use seatrial_domain::plan::Guardrail;
use std::time::Duration;

/// A run of requests is drawn in one where all its trips together are expected fewer times than this
/// in the whole of a rollout: less than anything a simulation of it could show.
pub(super) const NEGLIGIBLE: f64 = 1e-9;

/// Runs of bad answers are Poisson but for this in total variation, and less where fewer than one is
/// expected; else they are drawn answer by answer.
const RUNS_APART: f64 = 1e-5;

/// The most runs of bad answers that are expected in a rollout in which their times are drawn: where they
/// are as rare the counts of the others depend on there being none by less than a simulation can show.
pub(super) const RARE: f64 = 1e-2;

/// A gateway's window ends up to a hundredth of its length early.
const WINDOW_KEPT: f64 = 0.99;

/// The candidate's answers around one moment.
#[derive(Debug, Clone, Copy)]
pub(super) struct Moment {
    /// Probability of a failed answer.
    pub(super) failed: f64,
    /// Probability of a late one.
    pub(super) late: f64,
    /// Answers a second, at least.
    pub(super) rate: f64,
    /// Seconds since the guardrails were set up.
    pub(super) age: u64,
}

/// How far the rails look back, in whole seconds; at least one.
pub(super) fn memory(rails: &[Guardrail]) -> u64 {
    let longest = rails.iter().filter_map(Guardrail::window).max().unwrap_or_default();
    longest.as_secs().saturating_add(u64::from(longest.subsec_nanos() > 0)).max(1)
}

/// Runs of bad answers that trip a rail.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Runs {
    /// How long they are.
    pub(super) limit: u32,
    /// How often one ends at an answer.
    pub(super) chance: f64,
}

/// From above, the probability that one answer of this moment trips any rail.
pub(super) fn trip(rails: &[Guardrail], moment: &Moment) -> f64 {
    rails.iter().map(|rail| trip_of(rail, moment)).sum::<f64>().min(1.0)
}

/// The same without rails of runs.
pub(super) fn window_trip(rails: &[Guardrail], moment: &Moment) -> f64 {
    let windows = rails.iter().filter(|rail| run_of(rail).is_none());
    windows.map(|rail| trip_of(rail, moment)).sum::<f64>().min(1.0)
}

/// The runs of this moment that trip a rail, where they are apart enough to be Poisson.
pub(super) fn runs(rails: &[Guardrail], moment: &Moment) -> Option<Runs> {
    let limit = rails.iter().filter_map(run_of).min()?;
    let bad = moment.failed + moment.late;
    let run = bad.powf(f64::from(limit));
    let apart = (2.0 * f64::from(limit) + 1.0) * run <= RUNS_APART;
    apart.then_some(Runs { limit, chance: (1.0 - bad) * run })
}

const fn run_of(rail: &Guardrail) -> Option<u32> {
    match rail {
        Guardrail::ConsecutiveErrors { limit } => Some(*limit),
        Guardrail::ErrorRatio { .. }
        | Guardrail::DeadlineExceeded { .. }
        | Guardrail::NotReady { .. } => None,
    }
}

fn trip_of(rail: &Guardrail, moment: &Moment) -> f64 {
    match *rail {
        Guardrail::ConsecutiveErrors { limit } => {
            (moment.failed + moment.late).powf(f64::from(limit))
        }
        Guardrail::ErrorRatio { limit, min_requests, window } => {
            share_of_window(moment.failed, limit, (min_requests, window), moment)
        }
        Guardrail::DeadlineExceeded { ratio, min_requests, window } => {
            share_of_window(moment.late, ratio, (min_requests, window), moment)
        }
        Guardrail::NotReady { .. } => 0.0,
    }
}

fn share_of_window(
    p: f64,
    limit: f64,
    (min_requests, window): (u32, Duration),
    moment: &Moment,
) -> f64 {
    if p <= 0.0 || limit >= 1.0 {
        return 0.0;
    }
    if p >= limit {
        return 1.0;
    }
    let divergence = limit * (limit / p).ln() + (1.0 - limit) * ((1.0 - limit) / (1.0 - p)).ln();
    let span = (WINDOW_KEPT * window.as_secs_f64()).min(float(moment.age));
    let odds = limit * (1.0 - p) / (p * (1.0 - limit));
    let full = p * odds.powf(1.0 - limit) * (moment.rate * span * (-divergence).exp_m1()).exp();
    full.min((-f64::from(min_requests) * divergence).exp())
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATIO: Guardrail =
        Guardrail::ErrorRatio { limit: 0.5, min_requests: 20, window: Duration::from_secs(10) };

    fn moment(failed: f64, rate: f64, age: u64) -> Moment {
        Moment { failed, late: 0.0, rate, age }
    }

    #[test]
    fn a_bound_is_above_the_probability_it_bounds() {
        // Twenty answers at the least: P(more than ten of twenty) = 0.0480 at 0.3, by the binomial law.
        assert!(trip(&[RATIO], &moment(0.3, 0.0, 60)) > 0.0480);
        let run = Guardrail::ConsecutiveErrors { limit: 3 };
        assert!((trip(&[run], &moment(0.1, 1.0, 0)) - 0.001).abs() < 1e-12);
        assert!((trip(&[RATIO], &moment(0.5, 9.0, 9)) - 1.0).abs() < 1e-12);
    }

    /// P(a window of a Poisson number of answers, one of them bad, holds more than the limit), summed.
    #[test]
    fn a_bound_on_a_full_window_is_above_the_sum_over_its_counts() {
        let mass = |mean: f64, count: u32| {
            let log: f64 = (1..=count).map(|factor| (mean / f64::from(factor)).ln()).sum();
            (log - mean).exp()
        };
        for (p, limit, rate) in
            [(0.008, 0.1, 25.0), (0.2, 0.5, 8.0), (0.05, 0.1, 40.0), (0.3, 0.5, 3.0)]
        {
            let ten = Duration::from_secs(10);
            let rail = Guardrail::ErrorRatio { limit, min_requests: 1, window: ten };
            let mean = WINDOW_KEPT * 10.0 * rate;
            let trips = |bad: u32| {
                let good = (0..800)
                    .take_while(|good| f64::from(bad + 1) > limit * f64::from(bad + 1 + good));
                good.map(|good| mass((1.0 - p) * mean, good)).sum::<f64>() * mass(p * mean, bad)
            };
            let exact = p * (0..400).map(trips).sum::<f64>();
            let bound = trip(&[rail], &moment(p, rate, 60));
            assert!(exact > 0.0 && bound >= exact && bound < 300.0 * exact, "{p}: {bound} {exact}");
        }
    }

    #[test]
    fn runs_that_come_in_clumps_have_no_poisson_law() {
        let rails = [Guardrail::ConsecutiveErrors { limit: 20 }, RATIO];
        let of = |failed: f64| runs(&rails, &moment(failed, 25.0, 60));
        let found = of(0.2).unwrap();
        assert!((found.chance / (0.8 * 0.2_f64.powi(20)) - 1.0).abs() < 1e-9 && found.limit == 20);
        assert_eq!((of(0.5), runs(&[RATIO], &moment(0.2, 25.0, 60))), (None, None));
        let sooner = [rails[0], Guardrail::ConsecutiveErrors { limit: 12 }];
        assert_eq!(runs(&sooner, &moment(0.2, 25.0, 60)).map(|it| it.limit), Some(12));
        assert!(window_trip(&rails, &moment(0.2, 25.0, 60)) < trip(&rails, &moment(0.2, 25.0, 60)));
    }

    #[test]
    fn a_full_window_of_good_answers_cannot_trip_and_an_empty_one_may() {
        assert!(trip(&[RATIO], &moment(0.01, 25.0, 60)) < 1e-16);
        assert!(trip(&[RATIO], &moment(0.2, 25.0, 0)) > 1e-3);
        assert!(trip(&[RATIO], &moment(0.2, 25.0, 60)) < 1e-9);
        let unready = Guardrail::NotReady { after: Duration::from_secs(5) };
        assert!(trip(&[unready], &moment(1.0, 25.0, 60)) <= 0.0);
        assert_eq!(memory(&[RATIO, unready]), 10);
    }
}
