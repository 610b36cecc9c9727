//! All units of a gate, from strata of several histories: expectations by enumeration, and users who come
//! again. Each is at its margin over all units, and within or beyond it in each history.

use seatrial_analysis::latency::{Check as Latency, Edges, Limit, QuantileRatio, Slower};
use seatrial_analysis::two_outcome::{Centres, Check, Contrast, Family, Margin};
use seatrial_analysis::{Alpha, ArmHistogram, Cells, Mixture, Stratum, units_needed};

use crate::traffic::Rng;

/// The share, and what is known of those who were in the gate before.
const SHARE: f64 = 0.5;
const SEEN: f64 = 0.25;
/// Of units whose arm is open, as many are new as not.
const OPEN: f64 = 0.5;

/// π of new units, and of those seen.
fn chances() -> [f64; 2] {
    [SHARE, (SHARE - SEEN) / (1.0 - SEEN)]
}

/// The parts of all units, those included whom the gate before had moved.
fn parts() -> [f64; 2] {
    let all = OPEN + OPEN / (1.0 - SEEN);
    [OPEN / all, OPEN / (1.0 - SEEN) / all]
}

/// What the second history must have for this mean over all units.
fn with_mean(mean: f64, first: f64) -> [f64; 2] {
    [first, (mean - parts()[0] * first) / parts()[1]]
}

/// E[exp(log_e)] over all sequences of three units, from the probabilities of the outcomes of each history
/// and arm.
fn expectation<C>(
    outcomes: impl Fn(usize, usize) -> Vec<f64>,
    counted: impl Fn(&[(usize, usize, usize)]) -> [C; 2],
    log_e: impl Fn(&[Stratum<C>]) -> f64,
) -> f64 {
    let mut units = Vec::new();
    for (history, pi) in chances().into_iter().enumerate() {
        for (arm, chance) in [(0, pi), (1, 1.0 - pi)] {
            let told = outcomes(history, arm).into_iter().enumerate();
            units.extend(told.map(|(it, p)| ((history, arm, it), OPEN * chance * p)));
        }
    }
    units.retain(|(_, p)| *p > 0.0);
    let mut sum = 0.0;
    for (one, p) in &units {
        for (two, q) in &units {
            for (three, r) in &units {
                let mut counts = counted(&[*one, *two, *three]).into_iter();
                let strata = chances().map(|pi| Stratum::new(pi, counts.next().unwrap()).unwrap());
                sum += p * q * r * log_e(&strata).exp();
            }
        }
    }
    sum
}

fn answers(units: &[(usize, usize, usize)]) -> [ArmHistogram; 2] {
    let mut counts = [ArmHistogram::empty(5), ArmHistogram::empty(5)];
    for (history, arm, bucket) in units {
        let arms = &mut counts[*history];
        let buckets = if *arm == 0 { &mut arms.candidate } else { &mut arms.incumbent };
        buckets[*bucket] += 1;
    }
    counts
}

fn cells(units: &[(usize, usize, usize)]) -> [Cells; 2] {
    let mut counts = [Cells::default(); 2];
    for (history, arm, good) in units {
        let cells = &mut counts[*history];
        let count = match (arm, good) {
            (0, 0) => &mut cells.candidate_bad,
            (0, _) => &mut cells.candidate_good,
            (_, 0) => &mut cells.incumbent_bad,
            (_, _) => &mut cells.incumbent_good,
        };
        *count += 1;
    }
    counts
}

fn edges() -> Edges {
    Edges::try_from(vec![10, 20, 40, 80]).unwrap()
}

/// The test as it would be if histories did not matter.
fn added_up(strata: &[Stratum<ArmHistogram>]) -> [Stratum<ArmHistogram>; 1] {
    let mut sum = strata[0].clone();
    strata[1..].iter().for_each(|stratum| sum.counts.merge(&stratum.counts).unwrap());
    [sum]
}

#[test]
fn limit_expects_one_at_the_limit_over_all_units_whoever_exceeds_it() {
    let limit = Limit::new(&edges(), 80, 0.95).unwrap();
    let log_e = |strata: &[_]| limit.healthy_log_e(strata).unwrap();
    let mean = |above: [f64; 2], log_e: &dyn Fn(&[Stratum<ArmHistogram>]) -> f64| {
        let outcomes = |history: usize, arm: usize| match arm {
            0 => vec![0.5, 0.0, 0.0, 0.5 - above[history], above[history]],
            _ => vec![0.2, 0.2, 0.2, 0.2, 0.2],
        };
        expectation(outcomes, answers, log_e)
    };
    for first in [0.0, 0.02, 0.05, 0.08, 0.1] {
        let e = mean(with_mean(0.05, first), &log_e);
        assert!((e - 1.0).abs() < 1e-11, "{first}: {e}");
        assert!(mean(with_mean(0.06, first), &log_e) < 1.0);
        assert!(mean(with_mean(0.04, first), &log_e) > 1.0);
    }
    let careless = mean(with_mean(0.05, 0.0), &|strata| log_e(&added_up(strata)));
    assert!(careless > 1.01, "added up, the new ones are too many: {careless}");
}

#[test]
fn quantile_ratio_expects_at_most_one_at_the_ratio_over_all_units() {
    let ratio = QuantileRatio::new(&edges(), 0.9, 2.0).unwrap();
    // A tenth of the incumbent's take over 10, and a tenth of the candidate's over twice as much.
    for (first_incumbent, first_candidate) in
        [(0.0, 0.0), (0.0, 0.1), (0.1, 0.0), (0.1, 0.1), (0.2, 0.15)]
    {
        let (over, far_over) = (with_mean(0.1, first_incumbent), with_mean(0.1, first_candidate));
        let outcomes = |history: usize, arm: usize| match arm {
            0 => vec![1.0 - far_over[history], 0.0, far_over[history], 0.0, 0.0],
            _ => vec![1.0 - over[history], over[history], 0.0, 0.0, 0.0],
        };
        let e = expectation(outcomes, answers, |strata| ratio.log_e(strata).unwrap());
        assert!(e <= 1.0 + 1e-11, "{first_incumbent} {first_candidate}: {e}");
    }
}

#[test]
fn two_outcomes_expect_one_at_the_margin_over_all_units_whoever_is_beyond_it() {
    let nulls = [
        (Contrast::within_ratio(2.0).unwrap(), 2.0, 0.0),
        (Contrast::within_absolute(0.05).unwrap(), 1.0, 0.05),
    ];
    for (contrast, a, t) in nulls {
        for centres in [Centres::Errors, Centres::Feedback] {
            let family = Family::new(contrast, &centres, Mixture::Uniform).unwrap();
            for (incumbent, first) in [([0.1, 0.3], 0.1), ([0.2, 0.1], 0.2), ([0.2, 0.2], 0.5)] {
                let [new, seen] = incumbent;
                let all = parts()[0] * new + parts()[1] * seen;
                let candidate = with_mean(a * all + t, first);
                let outcomes = |history: usize, arm: usize| {
                    let bad = if arm == 0 { candidate[history] } else { incumbent[history] };
                    vec![bad, 1.0 - bad]
                };
                let e = expectation(outcomes, cells, |strata| family.log_e_together(strata));
                assert!((e - 1.0).abs() < 1e-11, "{contrast:?} {candidate:?}: {e}");
                let each = expectation(outcomes, cells, |strata| family.log_e(strata));
                assert!((each - 1.0).abs() > 1e-4, "each with its own stake it is another null");
            }
        }
    }
}

/// A history that may come and has not takes its part of the stake from the first unit on, and one
/// stratum is what it always was.
#[test]
fn one_history_is_judged_as_before_and_an_empty_one_by_what_may_come() {
    let edges = Edges::default();
    let limit = Limit::new(&edges, 250_000, 0.99).unwrap();
    let mut counts = ArmHistogram::empty(edges.buckets());
    counts.candidate[edges.bucket_of(2_000)] = 358;
    let nothing = ArmHistogram::empty(edges.buckets());
    let [new, seen] = chances();
    let healthy = |strata: &[_]| limit.healthy_log_e(strata).unwrap();
    let stratum = |pi, counts: &ArmHistogram| Stratum::new(pi, counts.clone()).unwrap();
    let alone = healthy(&[stratum(new, &counts)]);
    assert!(Alpha::USUAL.rejects(alone));
    assert!((healthy(&[stratum(seen, &counts), stratum(new, &nothing)]) - alone).abs() < 1e-12);
    let may_come = [stratum(new, &counts), stratum(seen, &nothing)];
    assert!(!Alpha::USUAL.rejects(healthy(&may_come)));
    // Half of them are moved for each of the others that is.
    let limit = Latency::Limited(limit);
    let needed = units_needed::latency(&limit.passing(&may_come).unwrap(), Alpha::USUAL).unwrap();
    assert!((340..=370).contains(&needed), "{needed}");

    let check = Check::errors(Margin::Absolute(0.005)).unwrap();
    let pis = chances().map(|pi| seatrial_analysis::Pi::new(pi).unwrap());
    let prepared = check.clone().prepared_for_gates(&[pis.to_vec()]);
    let counts = Cells { candidate_good: 600, incumbent_good: 600, ..Cells::default() };
    let strata = pis.map(|pi| Stratum { pi, counts });
    let (one, other) = (check.healthy_log_e(&strata), prepared.healthy_log_e(&strata));
    assert!((one - other).abs() < 1e-12 && one > 1.0, "{one} {other}");
}

/// Around so many microseconds new units are answered, and those who were there before.
const BASES: [f64; 2] = [10_000.0, 50_000.0];

fn micros(rng: &mut Rng, base: f64, factor: f64) -> u64 {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a positive latency of at most some seconds"
    )]
    let micros = (base * factor * (0.5 * rng.normal()).exp()).round() as u64;
    micros
}

/// A gate at 10 % after one at 5 %, and as many users who were in that as new ones: by their own places in
/// the draw. Whether it passes at any look, by history and added up.
fn passes(seed: u64, check: &Latency, factor: f64) -> [bool; 2] {
    let (edges, mut rng) = (Edges::default(), Rng::new(seed));
    let (before, share) = (0.05, 0.1);
    let empty = || ArmHistogram::empty(edges.buckets());
    let mut strata =
        [share, (share - before) / (1.0 - before)].map(|pi| Stratum::new(pi, empty()).unwrap());
    let mut passed = [false; 2];
    for _ in 0..10 {
        for _ in 0..4_000 {
            let (returning, place) = (rng.happens(0.5), rng.uniform());
            if returning && place < before {
                continue;
            }
            let on_candidate = place < share;
            let base = BASES[usize::from(returning)];
            let taken = micros(&mut rng, base, if on_candidate { factor } else { 1.0 });
            let counts = &mut strata[usize::from(returning)].counts;
            let arm = if on_candidate { &mut counts.candidate } else { &mut counts.incumbent };
            arm[edges.bucket_of(taken)] += 1;
        }
        let rejects = |strata: &[_]| Alpha::USUAL.rejects(check.healthy_log_e(strata).unwrap());
        passed[0] |= rejects(&strata);
        passed[1] |= rejects(&added_up(&strata));
    }
    passed
}

fn ratio() -> Latency {
    let edges = Edges::default();
    let mut rng = Rng::new(99);
    let mut reference = vec![0; edges.buckets()];
    for unit in 0..4_000 {
        reference[edges.bucket_of(micros(&mut rng, BASES[unit % 2], 1.0))] += 1;
    }
    let ratio = QuantileRatio::new(&edges, 0.9, 1.2).unwrap();
    Latency::Ratio(Slower::new(&edges, &reference).unwrap(), ratio)
}

#[test]
fn a_candidate_at_the_margin_for_everybody_rarely_passes_among_users_who_come_again() {
    let (check, runs) = (ratio(), 60);
    let found: Vec<_> = (0..runs).map(|seed| passes(seed, &check, 1.2)).collect();
    let rate = |which: usize| found.iter().filter(|passed| passed[which]).count();
    assert!(rate(0) <= 3, "{} of {runs}", rate(0));
    assert!(rate(1) > 50, "added up, {} of {runs} pass", rate(1));
}

#[test]
fn an_equal_candidate_passes_among_users_who_come_again() {
    let check = ratio();
    let found: Vec<_> = (100..110).map(|seed| passes(seed, &check, 1.0)).collect();
    assert!(found.iter().filter(|passed| passed[0]).count() >= 9, "{found:?}");
}
