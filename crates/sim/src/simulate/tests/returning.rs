//! Whole rollouts of few users who return often: in steps and request by request they end alike.
//!
//! Of eight hundred users some 160 are the candidate's, with a deviation of 11: what it answers scatters
//! by a fourteenth, and not as so many requests of strangers would.

use super::super::load::Values;
use super::equality::compare;
use super::*;

const KEYED: &str = "  routing: {key: [header:x-user]}\n  \
    analysis: {minUnits: 40, unitWindow: 3s}\n  shadow: {minDuration: 2s, minRequests: 100}\n  \
    canary: {share: 20, minDuration: 5s, maxDuration: 40s}\n  \
    ramp: [{share: 50, minDuration: 5s, maxDuration: 40s}]\n  \
    standby: {keep: {duration: 5s, versions: 3}}\n  stability: {duration: 5s, holdback: 0}\n";

fn few(users: u64, candidate: Answers) -> Load {
    Load { rate: 120.0, users: Some(users), ..load(candidate) }
}

fn checks(checks: &str) -> String {
    format!("{KEYED}  checks:\n    - {checks}\n")
}

#[test]
fn users_of_whom_any_label_counts_end_alike() {
    let lines = checks(
        "{name: bought, kind: feedback, metric: bought, margin: {absolute: 0.12}, perUnit: any, \
         lateBy: 1s}",
    );
    let of = |wanted: f64| Answers { wanted, ..answers() };
    let load = Load { incumbent: of(0.3), labelled: 0.8, ..few(800, of(0.27)) };
    compare(&lines, &load, 250);
}

#[test]
fn users_whose_mean_counts_end_alike() {
    let lines = checks(
        "{name: spent, kind: kpi, metric: spent, margin: {ratio: 0.8}, perUnit: mean, lateBy: 1s}",
    );
    let incumbent = Law::LogNormal { median: 10.0, sigma: 0.8 };
    let candidate = incumbent.scaled(0.8);
    let values = vec![Values { metric: "spent".to_owned(), incumbent, candidate }];
    compare(&lines, &Load { values, ..few(800, answers()) }, 250);
}

#[test]
fn users_whose_first_error_counts_end_alike() {
    let lines = checks("{name: errorRate, kind: errors, margin: {absolute: 0.02}}");
    compare(&lines, &few(800, Answers { error_rate: 0.015, ..answers() }), 250);
}

#[test]
fn users_whose_slowest_answer_counts_end_alike() {
    let lines = checks("{name: slow, kind: latency, quantile: 0.9, limit: 250ms}");
    let latency = Law::LogNormal { median: 120_000.0, sigma: 0.45 };
    compare(&lines, &few(800, Answers { latency, ..answers() }), 250);
}
