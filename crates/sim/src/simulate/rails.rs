//! How likely a guardrail is to trip, from above: where it cannot, no request is drawn by itself.
//!
//! Owns three bounds on the probability that one candidate answer trips a rail. A run of `limit` bad
//! answers ends at a given one with probability badʳᵘⁿ. A window of m answers holds more than a·m bad
//! ones with probability at most exp(−m·KL(a‖p)) (Chernoff), which falls with m; m is at least
//! `minRequests`, and at least f times its mean but for exp(−mean·(f·ln f − f + 1)) (the Poisson law's
//! lower tail). A rail of readiness never trips here: the candidate is always ready.

use super::arrivals::float;
use seatrial_domain::plan::Guardrail;
use std::time::Duration;

/// A run of requests is drawn in one where all its trips together are expected fewer times than this
/// in the whole of a rollout: less than anything a simulation of it could show.
pub(super) const NEGLIGIBLE: f64 = 1e-9;

/// Parts of the mean that a window's count is compared with.
const PARTS: [f64; 6] = [0.1, 0.2, 0.3, 0.5, 0.7, 0.85];

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

/// From above, the probability that one answer of this moment trips any rail.
pub(super) fn trip(rails: &[Guardrail], moment: &Moment) -> f64 {
    rails.iter().map(|rail| trip_of(rail, moment)).sum::<f64>().min(1.0)
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
    let least = f64::from(min_requests);
    let span = (WINDOW_KEPT * window.as_secs_f64()).min(float(moment.age));
    let mean = moment.rate * span;
    let fewer = |part: f64| (-mean * (part * part.ln() - part + 1.0)).exp();
    let bound = |part: f64| fewer(part) + (-(part * mean).max(least) * divergence).exp();
    PARTS.into_iter().map(bound).fold((-least * divergence).exp(), f64::min)
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
