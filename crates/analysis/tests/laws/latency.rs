//! Latency: expectations by enumeration, the limit's figures, and what carries no evidence.

use seatrial_analysis::latency::{Edges, Error, Limit, QuantileRatio, Slower};
use seatrial_analysis::{Alpha, ArmHistogram, Stratum};

const SHARES: [f64; 3] = [0.01, 0.05, 0.5];
/// Answers of five speeds: the incumbent, one faster, one slower.
const INCUMBENT: [f64; 5] = [0.1, 0.4, 0.3, 0.15, 0.05];
const FASTER: [f64; 5] = [0.3, 0.4, 0.2, 0.07, 0.03];
const SLOWER: [f64; 5] = [0.0, 0.2, 0.3, 0.3, 0.2];

fn edges() -> Edges {
    Edges::try_from(vec![10, 20, 40, 80]).unwrap()
}

fn limited(micros: u64) -> Limit {
    Limit::new(&edges(), micros, 0.95).unwrap()
}

/// E[exp(log_e)] over all sequences of three units.
fn expectation(
    pi: f64,
    candidate: [f64; 5],
    incumbent: [f64; 5],
    log_e: impl Fn(&[Stratum<ArmHistogram>]) -> f64,
) -> f64 {
    let outcomes: Vec<(usize, f64)> = candidate
        .iter()
        .map(|p| pi * p)
        .chain(incumbent.iter().map(|p| (1.0 - pi) * p))
        .enumerate()
        .filter(|(_, p)| *p > 0.0)
        .collect();
    let mut sum = 0.0;
    for (i, p) in &outcomes {
        for (j, q) in &outcomes {
            for (k, r) in &outcomes {
                let mut counts = vec![0; 10];
                [*i, *j, *k].into_iter().for_each(|outcome| counts[outcome] += 1);
                let incumbent = counts.split_off(5);
                let histogram = ArmHistogram { candidate: counts, incumbent };
                sum += p * q * r * log_e(&[Stratum::new(pi, histogram).unwrap()]).exp();
            }
        }
    }
    sum
}

#[test]
fn slower_expects_one_without_an_effect_and_at_most_one_if_no_slower() {
    let slower = Slower::new(&edges(), &[10, 40, 30, 15, 5]).unwrap();
    let log_e = |strata: &[_]| slower.log_e(strata).unwrap();
    for pi in SHARES {
        // The reference does not have to be right: any frozen scores are valid.
        let same = expectation(pi, SLOWER, SLOWER, log_e);
        assert!((same - 1.0).abs() < 1e-11, "{same}");
        assert!((expectation(pi, INCUMBENT, INCUMBENT, log_e) - 1.0).abs() < 1e-11);
        assert!(expectation(pi, FASTER, INCUMBENT, log_e) < 1.0);
        assert!(expectation(pi, SLOWER, INCUMBENT, log_e) > 1.0);
    }
}

#[test]
fn limit_expects_at_most_one_if_no_slower_or_within_the_limit() {
    for pi in SHARES {
        // Exactly 5 % of the incumbent's answers and 20 % of the slower ones exceed 80 µs.
        let log_e = |strata: &[_]| limited(80).rollback_log_e(strata).unwrap();
        assert!(expectation(pi, INCUMBENT, INCUMBENT, log_e) <= 1.0 + 1e-11);
        assert!(expectation(pi, SLOWER, SLOWER, log_e) <= 1.0 + 1e-11);
        let within = [0.0, 0.0, 0.0, 0.95, 0.05];
        assert!(expectation(pi, within, FASTER, log_e) <= 1.0 + 1e-11);
        let healthy = |strata: &[_]| limited(80).healthy_log_e(strata).unwrap();
        assert!((expectation(pi, INCUMBENT, FASTER, healthy) - 1.0).abs() < 1e-11);
        assert!(expectation(pi, SLOWER, FASTER, healthy) < 1.0);
        assert!(expectation(pi, FASTER, FASTER, healthy) > 1.0);
    }
}

#[test]
fn quantile_ratio_expects_at_most_one_when_the_ratio_is_reached() {
    let ratio = QuantileRatio::new(&edges(), 0.9, 2.0).unwrap();
    let log_e = |strata: &[_]| ratio.log_e(strata).unwrap();
    // The incumbent's p90 lies in (10, 20], the candidate's in (40, 80]: at least twice as slow.
    let incumbent = [0.5, 0.5, 0.0, 0.0, 0.0];
    let candidate = [0.4, 0.1, 0.2, 0.3, 0.0];
    for pi in SHARES {
        let e = expectation(pi, candidate, incumbent, log_e);
        assert!(e <= 1.0 + 1e-11, "{e}");
    }
}

fn healthy_at(units: u64, exceeding: u64) -> bool {
    let edges = Edges::default();
    let limit = Limit::new(&edges, 250_000, 0.99).unwrap();
    let mut counts = ArmHistogram::empty(edges.buckets());
    counts.candidate[edges.bucket_of(2_000)] = units - exceeding;
    counts.candidate[edges.worst_bucket()] = exceeding;
    let log_e = limit.healthy_log_e(&[Stratum::new(0.05, counts).unwrap()]).unwrap();
    Alpha::new(0.05).unwrap().rejects(log_e)
}

#[test]
fn limit_passes_at_358_units_without_an_exceedance_and_at_939_with_one() {
    assert!(healthy_at(358, 0) && !healthy_at(357, 0));
    assert!(healthy_at(939, 1) && !healthy_at(938, 1));
}

#[test]
fn differences_below_the_limit_never_roll_back() {
    let edges = Edges::default();
    let limit = Limit::new(&edges, 250_000, 0.99).unwrap();
    let mut counts = ArmHistogram::empty(edges.buckets());
    counts.candidate[edges.bucket_of(19)] = 5_000;
    counts.incumbent[edges.bucket_of(12)] = 95_000;
    let strata = [Stratum::new(0.05, counts.clone()).unwrap()];
    assert!(limit.rollback_log_e(&strata).unwrap() <= 0.0);
    let slower = Slower::new(&edges, &counts.incumbent).unwrap();
    assert!(slower.log_e(&strata).unwrap() > 100.0, "without a limit it is plainly slower");
}

#[test]
fn answers_over_the_limit_roll_back_only_when_the_incumbents_are_faster() {
    let edges = Edges::default();
    let limit = Limit::new(&edges, 250_000, 0.99).unwrap();
    let rollback = |incumbent_micros| {
        let mut counts = ArmHistogram::empty(edges.buckets());
        counts.candidate[edges.bucket_of(300_000)] = 100;
        counts.incumbent[edges.bucket_of(incumbent_micros)] = 1_900;
        limit.rollback_log_e(&[Stratum::new(0.05, counts).unwrap()]).unwrap()
    };
    assert!(rollback(2_000) > 50.0);
    assert!(rollback(300_000) < 0.5);
}

#[test]
fn a_faster_candidate_is_within_the_ratio_and_a_slower_one_is_not() {
    let edges = Edges::default();
    let ratio = QuantileRatio::new(&edges, 0.99, 1.5).unwrap();
    let log_e = |candidate_micros: u64| {
        let mut counts = ArmHistogram::empty(edges.buckets());
        counts.candidate[edges.bucket_of(candidate_micros)] = 2_000;
        counts.incumbent[edges.bucket_of(1_000)] = 38_000;
        ratio.log_e(&[Stratum::new(0.05, counts).unwrap()]).unwrap()
    };
    assert!(log_e(1_000) > 10.0);
    assert!(log_e(1_600) < 0.0);
}

#[test]
fn impossible_checks_are_refused() {
    assert_eq!(Limit::new(&edges(), 5, 0.99).unwrap_err(), Error::Limit(5));
    assert_eq!(Limit::new(&edges(), 50, 1.0).unwrap_err(), Error::Quantile(1.0));
    assert_eq!(QuantileRatio::new(&edges(), 0.99, 1.0).unwrap_err(), Error::Ratio(1.0));
    let wrong = [Stratum::new(0.05, ArmHistogram::empty(3)).unwrap()];
    assert!(limited(80).rollback_log_e(&wrong).is_err());
}

/// Two peaks that don't meet, of which every answer takes an eighth longer: a score of ranks falls
/// behind one that knows the shape.
#[test]
fn a_slowdown_shows_in_whatever_shape_the_incumbent_has() {
    let edges = Edges::default();
    let mut rng = crate::traffic::Rng::new(7);
    let mut histogram = |factor: f64, answers: u32| {
        let mut buckets = vec![0; edges.buckets()];
        for _ in 0..answers {
            let peak = if rng.happens(0.7) { 20_000.0 } else { 100_000.0 };
            let micros = peak * factor * (0.1 * rng.normal()).exp();
            buckets[edges.thresholds().partition_point(|edge| (*edge as f64) < micros)] += 1;
        }
        buckets
    };
    let slower = Slower::new(&edges, &histogram(1.0, 20_000)).unwrap();
    let mut log_e = |factor| {
        let candidate = histogram(factor, 60);
        let counts = ArmHistogram { candidate, incumbent: histogram(1.0, 1_140) };
        slower.log_e(&[Stratum::new(0.05, counts).unwrap()]).unwrap()
    };
    let (found, copy, faster) = (log_e(1.125), log_e(1.0), log_e(0.9));
    assert!(found > 5.0, "{found}");
    assert!(copy < 1.0 && faster < 0.0, "{copy} {faster}");
}
