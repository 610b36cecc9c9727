//! A step's counts have the law of its requests, drawn one by one.

use super::super::{load, rails};
use super::*;
use crate::distribution::{Buckets, binomial, multinomial};
use crate::rng::Rng;
use std::collections::BTreeMap;

/// One draw into four counts.
type Draw<'a> = &'a dyn Fn(&mut Rng, &mut [u64]);
/// What is compared of a run.
type Measure = fn(&Ended) -> u64;

const PROBABILITIES: [f64; 4] = [0.5, 0.2, 0.25, 0.05];

/// ln n!
fn log_factorial(n: u64) -> f64 {
    (1..=n).map(|factor| (factor as f64).ln()).sum()
}

/// The probability of these counts by the sum over every sequence of single draws.
fn by_enumeration(left: &mut [u64]) -> f64 {
    if left.iter().all(|count| *count == 0) {
        return 1.0;
    }
    let mut sum = 0.0;
    for (outcome, p) in PROBABILITIES.iter().enumerate() {
        if left[outcome] > 0 {
            left[outcome] -= 1;
            sum += p * by_enumeration(left);
            left[outcome] += 1;
        }
    }
    sum
}

/// The probability of these counts drawn in one: a chain of binomials, each of what is left.
fn by_chain(counts: &[u64]) -> f64 {
    let (mut left, mut rest, mut log) = (counts.iter().sum::<u64>(), 1.0, 0.0);
    let power = |base: f64, times: u64| if times == 0 { 0.0 } else { times as f64 * base.ln() };
    for (count, p) in counts.iter().zip(PROBABILITIES) {
        let given: f64 = (p / rest).min(1.0);
        log += log_factorial(left) - log_factorial(*count) - log_factorial(left - count);
        log += power(given, *count) + power(1.0 - given, left - count);
        left -= count;
        rest -= p;
    }
    log.exp()
}

/// Every way to share `units` out over `outcomes`.
fn partitions(units: u64, outcomes: usize) -> Vec<Vec<u64>> {
    if outcomes == 1 {
        return vec![vec![units]];
    }
    let with = |first: u64| {
        let rest = partitions(units - first, outcomes - 1);
        rest.into_iter().map(move |rest| [vec![first], rest].concat())
    };
    (0..=units).flat_map(with).collect()
}

#[test]
fn counts_drawn_at_once_have_the_law_of_single_draws_by_enumeration() {
    for units in 0..=6 {
        let mut sum = 0.0;
        for counts in partitions(units, PROBABILITIES.len()) {
            let (one_by_one, at_once) = (by_enumeration(&mut counts.clone()), by_chain(&counts));
            assert!((one_by_one - at_once).abs() < 1e-13, "{counts:?} {one_by_one} {at_once}");
            sum += at_once;
        }
        assert!((sum - 1.0).abs() < 1e-12);
    }
}

/// The samplers draw by that law: each outcome of five units, over 200,000 draws, at once, in a
/// histogram, and with the arms split first.
#[test]
fn the_samplers_draw_by_that_law() {
    let draws = 200_000;
    let buckets = Buckets::new(&PROBABILITIES);
    let at_once = |rng: &mut Rng, into: &mut [u64]| multinomial(rng, 5, &PROBABILITIES, into);
    let histogram = |rng: &mut Rng, into: &mut [u64]| buckets.add(rng, 5, into);
    let arms_first = |rng: &mut Rng, into: &mut [u64]| {
        let first = binomial(rng, 5, 0.7);
        let (old, new) = into.split_at_mut(2);
        multinomial(rng, first, &[5.0 / 7.0, 2.0 / 7.0], old);
        multinomial(rng, 5 - first, &[5.0 / 6.0, 1.0 / 6.0], new);
    };
    let samplers: [Draw<'_>; 3] = [&at_once, &histogram, &arms_first];
    let mut rng = Rng::new(8);
    for draw in samplers {
        let mut found: BTreeMap<Vec<u64>, f64> = BTreeMap::new();
        for _ in 0..draws {
            let mut counts = vec![0; 4];
            draw(&mut rng, &mut counts);
            *found.entry(counts).or_default() += 1.0;
        }
        for counts in partitions(5, 4) {
            let expected = f64::from(draws) * by_chain(&counts);
            let seen = found.get(&counts).copied().unwrap_or(0.0);
            assert!((seen - expected).abs() < 5.0 * expected.sqrt() + 5.0, "{counts:?} {seen}");
        }
    }
}

/// A policy short enough to be played request by request, with gates that statistics decide.
const SHORT: &str = "  analysis: {minUnits: 100}\n  checks:\n    \
    - {name: errorRate, kind: errors, margin: {ratio: 2.0, absolute: 0.02}, weight: 0.4}\n    \
    - {name: latencyP99, kind: latency, quantile: 0.99, limit: 250ms, weight: 0.3}\n    \
    - {name: correct, kind: feedback, metric: correct, margin: {absolute: 0.05}, weight: 0.3}\n  \
    shadow: {minDuration: 2s, minRequests: 100}\n  \
    canary: {share: 10, minDuration: 5s, maxDuration: 300s}\n  \
    ramp: [{share: 50, minDuration: 5s, maxDuration: 300s}]\n  \
    standby: {keep: {duration: 5s, versions: 3}}\n  stability: {duration: 5s, holdback: 0}\n";

/// Of fifty comparisons any is farther apart than this with probability 0.0025 where the laws are one.
const APART: f64 = 2.3;

/// The largest distance of two empirical distribution functions, times √(nm / (n + m)): above
/// [`APART`] with probability 0.00005 (Kolmogorov–Smirnov), less where there are ties.
fn distance(mut a: Vec<u64>, mut b: Vec<u64>) -> f64 {
    a.sort_unstable();
    b.sort_unstable();
    let at_most = |values: &[u64], x: u64| {
        values.partition_point(|value| *value <= x) as f64 / values.len() as f64
    };
    let both = a.iter().chain(&b);
    let largest = both.map(|x| (at_most(&a, *x) - at_most(&b, *x)).abs()).fold(0.0, f64::max);
    let (n, m) = (a.len() as f64, b.len() as f64);
    largest * (n * m / (n + m)).sqrt()
}

/// Outcomes, times, looks, exposure and harm by both modes, over so many seeds.
pub(super) fn compare(lines: &str, load: &Load, count: u64) {
    compare_where(lines, load, (count, rails::RARE));
}

/// The same where so many runs of bad answers in a rollout are still drawn by their time.
fn compare_where(lines: &str, load: &Load, (count, rare): (u64, f64)) {
    let of = |mode, seed| {
        let setup = Setup { seed, ..setup(plan(lines), load.clone(), mode) };
        let simulation = Simulation { rare, ..Simulation::new(setup).unwrap() };
        runs(&simulation, count)
    };
    let (steps, singles) = (of(Mode::Aggregated, 11), of(Mode::Requests, 12));
    let measures: [(&str, Measure); 5] = [
        ("seconds", |run| run.seconds),
        ("units", |run| run.exposure.units),
        ("requests", |run| run.exposure.requests),
        ("harmed", |run| run.exposure.harmed),
        ("looks", |run| run.looks.into()),
    ];
    for (what, measure) in measures {
        let [a, b] = [&steps, &singles].map(|runs| runs.iter().map(measure).collect());
        let found = distance(a, b);
        assert!(found < APART, "{what}: {found}");
    }
    let outcomes = |runs: &[Ended]| {
        let mut found: BTreeMap<Outcome, f64> = BTreeMap::new();
        runs.iter().for_each(|run| *found.entry(run.outcome.clone()).or_default() += 1.0);
        found
    };
    let (steps, singles) = (outcomes(&steps), outcomes(&singles));
    for outcome in steps.keys().chain(singles.keys()) {
        let [a, b] = [&steps, &singles].map(|found| found.get(outcome).copied().unwrap_or(0.0));
        // Three and a half standard deviations of the difference.
        assert!((a - b).abs() <= 3.5 * (a + b).sqrt(), "{outcome:?}: {a} {b}");
    }
}

#[test]
fn a_borderline_candidate_ends_alike_in_steps_and_request_by_request() {
    let worse = Answers { error_rate: 0.02, wanted: 0.88, ..answers() };
    compare(SHORT, &Load { rate: 60.0, ..load(worse) }, 250);
}

#[test]
fn a_slow_candidate_with_errors_near_a_guardrail_ends_alike() {
    let latency = Law::LogNormal { median: 150_000.0, sigma: 0.45 };
    let worse = Answers { error_rate: 0.3, latency, ..answers() };
    compare(SHORT, &Load { rate: 60.0, ..load(worse) }, 250);
}

#[test]
fn an_incident_and_a_daily_rhythm_end_alike() {
    let (from, lasts) = (Duration::from_secs(20), Duration::from_secs(15));
    let incidents = vec![Incident { from, lasts, error_rate: 0.4 }];
    let rhythm = Rhythm::Diurnal(0.6);
    compare(SHORT, &Load { rate: 120.0, rhythm, incidents, ..load(answers()) }, 200);
}

#[test]
fn a_ratio_of_quantiles_over_every_bucket_ends_alike() {
    let lines = SHORT.replace("limit: 250ms", "margin: {ratio: 1.5}");
    let gamma = |mean| Answers { latency: Law::Gamma { mean, shape: 4.0 }, ..answers() };
    let incumbent = gamma(13_500.0);
    compare(&lines, &Load { rate: 60.0, incumbent, ..load(gamma(15_000.0)) }, 60);
}

/// The same with all that else is judged: values, answers, and a slice that enforces.
pub(super) const BESIDES: &str = "  analysis:\n    minUnits: 100\n    discard: 3s\n    slices: \
    [{key: \"header:client\", values: [mobile], enforce: true}]\n  checks:\n    \
    - {name: errorRate, kind: errors, margin: {ratio: 2.0, absolute: 0.02}, weight: 0.3}\n    \
    - {name: revenue, kind: kpi, metric: revenue, margin: {ratio: 0.8}, weight: 0.4}\n    \
    - {name: said, kind: drift, by: class, weight: 0.3}\n  \
    shadow: {minDuration: 2s, minRequests: 100}\n  \
    canary: {share: 20, minDuration: 6s, maxDuration: 300s}\n  \
    ramp: [{share: 50, minDuration: 6s, maxDuration: 300s}]\n  \
    standby: {keep: {duration: 5s, versions: 3}}\n  stability: {duration: 5s, holdback: 0}\n";

pub(super) fn besides(load: Load, lower: f64) -> Load {
    let incumbent = Law::LogNormal { median: 10.0, sigma: 0.8 };
    let candidate = incumbent.scaled(lower);
    let values = vec![load::Values { metric: "revenue".to_owned(), incumbent, candidate }];
    let parts = |cat: f64| vec![("cat".to_owned(), cat), ("dog".to_owned(), 1.0 - cat)];
    let (check, incumbent, candidate) = ("said".to_owned(), parts(0.5), parts(0.52));
    let classes = vec![load::Classes { check, incumbent, candidate }];
    let slice = load::Slice {
        column: "client".to_owned(),
        value: "mobile".to_owned(),
        part: 0.3,
        incumbent: load.incumbent.clone(),
        candidate: Answers { error_rate: 0.04, ..load.candidate.clone() },
        worth: 1.3,
        candidate_worth: None,
    };
    Load { values, classes, slices: vec![slice], ..load }
}

#[test]
fn values_answers_and_slices_end_alike() {
    let load = besides(Load { rate: 100.0, ..load(answers()) }, 0.93);
    compare(BESIDES, &load, 120);
}

/// With users looks come at the first step after their growth, and their windows close in steps: outcomes
/// are alike all the same.
#[test]
fn users_who_return_end_alike() {
    let keyed = "  routing: {key: [header:x-user]}\n";
    let lines = format!("{keyed}{SHORT}").replace("minUnits: 100", "minUnits: 100, unitWindow: 5s");
    let worse = Answers { error_rate: 0.03, wanted: 0.88, ..answers() };
    let users = Load { rate: 120.0, users: Some(20_000), ..load(worse) };
    compare(&lines, &users, 150);
}

/// Two failures in a row trip, which four rollouts in ten see at these rates: when, and what else a rollout
/// tells, is alike where only the time of the second one is drawn.
#[test]
fn a_rare_run_of_errors_ends_alike() {
    let lines = SHORT
        .replace("stability: {duration: 5s", "stability: {duration: 400s")
        .replace("  analysis:", "  guardrails: [{name: consecutiveErrors, limit: 2}]\n  analysis:");
    let load = Load { rate: 500.0, ..load(Answers { error_rate: 0.0014, ..answers() }) };
    let load = Load { incumbent: load.candidate.clone(), ..load };
    compare_where(&lines, &load, (100, 1e3));
}

/// Late answers near their guardrail's limit: the canary's are drawn one by one, those of the ramp at once.
#[test]
fn late_answers_near_a_guardrail_end_alike() {
    let check =
        "- {name: latencyP99, kind: latency, quantile: 0.99, limit: 250ms, weight: 0.3}\n    ";
    let latency = Law::LogNormal { median: 400_000.0, sigma: 0.5 };
    let load = Load { rate: 200.0, ..load(Answers { latency, ..answers() }) };
    let load = Load { incumbent: load.candidate.clone(), ..load };
    compare(&SHORT.replace(check, ""), &load, 150);
}
